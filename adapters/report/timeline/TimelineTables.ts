/**
 * The tables of one type's timeline: every event and why it decides or not, the answer over time, and the versions of
 * the text.
 *
 * A long list is shown in part, with all of it in a closed part of the page, as far as {@link Room} allows: the page
 * must stay small enough to be sent by mail.
 */
import type { Decision } from "../../../core/engine/Decision.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import * as EventRole from "../../../core/people/EventRole.ts"
import type {
  PersonTimeline,
  TimelineEvent,
  TimelineVersion,
  TypeTimeline,
} from "../../../core/people/PersonTimeline.ts"
import type { Html } from "../../../core/formats/Html.ts"
import { escape, html, trusted } from "../../../core/formats/Html.ts"
import * as Statuses from "../Statuses.ts"
import * as Table from "../Table.ts"
import * as Words from "../Words.ts"
import * as TimelineWords from "./TimelineWords.ts"

/** How much of long lists a type may show. */
export interface Room {
  /** The most events, and the most answers, that are shown at once. */
  readonly rows: number
  /** The most bytes of the closed list of all events. */
  readonly listed: number
  /** The most bytes of the texts of versions. */
  readonly texts: number
}

/** The texts of a row. */
interface Row {
  readonly number: number
  readonly event: TimelineEvent
  readonly role: EventRole.EventRole
}

const rowsOf = ({ decision, events }: TypeTimeline): ReadonlyArray<Row> =>
  events.map((event, index) => ({ number: index + 1, event, role: EventRole.of(event, decision) }))

const reasonOf = ({ event, role }: Row, type: TypeTimeline, numbers: ReadonlyMap<string, number>): string =>
  TimelineWords.roleReason(role, event, type.decision, ({ id }) => numbers.get(id))

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

const eventRow = (
  row: Row,
  type: TypeTimeline,
  numbers: ReadonlyMap<string, number>,
  timeline: PersonTimeline,
): Html => {
  const { event, number, role } = row
  const { consentDate, consentState, dateCreated, expirationDate, id, version } = event
  const laterText = TimelineWords.laterText(event, type)
  const who = timeline.members.length > 1 ? html`, as ${event.concordId}` : undefined
  return html`<tr class="${role.kind}">
    <th scope="row">${number}</th>
    <td class="date">
      ${Words.briefDate(consentDate)}<span class="detail">recorded ${Words.briefDate(dateCreated)}</span>
    </td>
    <td>
      <b class="${Statuses.kind(statusOf[consentState])}">${TimelineWords.deeds[consentState]}</b> to version ${version}
      <span class="detail"
        >${TimelineWords.howOf(event)} ·
        ${TimelineWords.submitterOf(event.submitter, timeline)}${who}${
          expirationDate === undefined ? undefined : ` · until ${Words.briefDate(expirationDate)}`
        }</span
      >${laterText === undefined ? undefined : html`<span class="detail">${sentence(laterText)}</span>`}<code
        >${id}</code
      >
    </td>
    <td><b class="role">${TimelineWords.roleLabel(role)}</b> ${sentence(reasonOf(row, type, numbers))}.</td>
  </tr> `
}

const statusOf = { accepted: "given", declined: "refused", implied: "implied", viewed: "requested" } as const

const head = (names: ReadonlyArray<string>): Html =>
  html`<thead>
    <tr>
      ${names.map((name) => html`<th scope="col">${name}</th>`)}
    </tr>
  </thead>`

/** The events that say most: those that decide or lost, and the last ones. In the order of their numbers. */
const chosen = (rows: ReadonlyArray<Row>, max: number): ReadonlyArray<Row> => {
  if (rows.length <= max) return rows
  const said = rows.filter(({ role }) => role.kind === "decides" || role.kind === "lost")
  const others = rows.filter((row) => !said.includes(row)).slice(said.length - Math.max(5, Math.ceil(max / 2)))
  return [...said, ...others].toSorted((a, b) => a.number - b.number)
}

/**
 * A row of the closed list: the same, as short as it can be. Its end tags are left out, which HTML allows (HTML
 * Standard, 13.1.2.4).
 */
const listedRow = (
  row: Row,
  type: TypeTimeline,
  numbers: ReadonlyMap<string, number>,
  timeline: PersonTimeline,
): Html => {
  const { consentAction, consentDate, consentState, dateCreated, id, submitter, version } = row.event
  const texts = [
    String(row.number),
    Instant.format(consentDate),
    Instant.format(dateCreated),
    consentState,
    consentAction,
    String(version),
    TimelineWords.submitterOf(submitter, timeline),
    id,
    TimelineWords.roleBrief(row.role, row.event, type.decision, ({ id }) => numbers.get(id)),
  ]
  return trusted(`<tr>${texts.map((text) => `<td>${escape(text)}`).join("")}`)
}

/** Parts of markup, the last ones first, until there is no room; and how many were left out. */
const fitting = <Item>(items: ReadonlyArray<Item>, room: number, write: (item: Item) => Html) => {
  const parts: Array<Html> = []
  let length = 0
  for (const item of items.toReversed()) {
    const part = write(item)
    length += Buffer.byteLength(part.html)
    if (length > room) break
    parts.push(part)
  }
  return { parts: parts.toReversed(), left: items.length - parts.length }
}

const everyEvent = (
  rows: ReadonlyArray<Row>,
  type: TypeTimeline,
  numbers: ReadonlyMap<string, number>,
  timeline: PersonTimeline,
  room: Room,
): Html => {
  const { left, parts } = fitting(rows, room.listed, (row) => listedRow(row, type, numbers, timeline))
  const caption = `All events about ${TimelineWords.typeName(type)}`
  const cutOff =
    left === 0
      ? undefined
      : html`<p class="aside">
          The ${Words.count(left)} earliest events are left out here, because the page would be too long; the digest at
          its end is that of all. “assent people data” writes them.
        </p>`
  return html`<details class="behind">
      <summary>
        ${left === 0 ? `Show all ${Words.count(rows.length)} events` : `Show the last ${Words.count(parts.length)} of ${Words.count(rows.length)} events`}
      </summary>
      <div class="scroll" role="region" tabindex="0" aria-label="${caption}">
        <table class="all">
          <caption>
            ${caption}
          </caption>
          ${head(["No.", "consentDate", "dateCreated", "State", "Action", "Version", "Submitter", "Event", "Why"])}
          <tbody>
            ${parts}
          </tbody>
        </table>
      </div>
    </details>
    <p class="aside on-paper">The list of all events is left out on paper; it is in the file.</p>
    ${cutOff}`
}

/** Every event, and why it decides or not. */
export const events = (type: TypeTimeline, timeline: PersonTimeline, room: Room): Html => {
  const rows = rowsOf(type)
  const numbers = new Map(rows.map(({ event, number }) => [event.id, number]))
  const shown = chosen(rows, room.rows)
  const isPart = shown.length < rows.length
  const caption = isPart
    ? `${Words.count(shown.length)} of ${Words.count(rows.length)} events: those that decide or could have, and the last ones`
    : Words.counted(rows.length, "event", "events")
  return html`<table class="events">
      <caption>
        ${caption}, as seen on ${Words.date(type.decision.at)}
      </caption>
      ${head(["No.", "Happened", "What was said", "Why it decides, or does not"])}
      <tbody>
        ${shown.map((row) => eventRow(row, type, numbers, timeline))}
      </tbody>
    </table>
    ${isPart ? everyEvent(rows, type, numbers, timeline, room) : undefined}`
}

const answerRow = (decision: Decision, at: Instant.Instant, numbers: ReadonlyMap<string, number>): Html => {
  const { event, nextChangeAt, status } = decision
  const isNow = decision.at <= at && (nextChangeAt === undefined || nextChangeAt > at)
  const number = event === undefined ? undefined : numbers.get(event.id)
  return html`<tr class="${isNow ? "current" : decision.at > at ? "ahead" : ""}">
    <th scope="row">
      ${Words.briefDate(decision.at)}<span class="detail"
        >${isNow ? "asked about" : decision.at > at ? "if nothing more is recorded" : ""}</span
      >
    </th>
    <td><b class="status ${Statuses.kind(status)}">${Statuses.label(status)}</b></td>
    <td>${sentence(TimelineWords.consequence(decision))}</td>
    <td>${sentence(TimelineWords.cause(decision))}${number === undefined ? "" : `; decided by no. ${number}`}</td>
  </tr> `
}

/** The answers over time: those around the instant asked about, if there are too many. */
export const answers = (type: TypeTimeline, room: Room): Html => {
  const { changes, decision } = type
  const numbers = new Map(type.events.map(({ id }, index) => [id, index + 1]))
  const ahead = changes.findIndex(({ at }) => at > decision.at)
  const last = ahead === -1 ? changes.length : ahead
  const max = changes.length <= room.rows ? room.rows : Math.ceil(room.rows / 2)
  const end = Math.min(changes.length, Math.max(last + Math.ceil(max / 4), max))
  const shown = changes.slice(Math.max(0, end - max), end)
  const left = changes.length - shown.length
  return html`<table class="answers">
      <caption>
        The answer from each instant on; before the first it is unknown
      </caption>
      ${head(["From", "Answer", "What it means", "Why then"])}
      <tbody>
        ${shown.map((change) => answerRow(change, decision.at, numbers))}
      </tbody>
    </table>
    ${
      left === 0
        ? undefined
        : html`<p class="aside">
            And ${Words.counted(left, "more change", "more changes")} of the answer, not shown here; “assent timeline
            --json” writes them all.
          </p>`
    }`
}

/** The beginning of a text that takes at most `max` bytes of markup. */
const cut = (text: string, max: number): string => {
  let shown = text
  for (let size = Infinity; (size = Buffer.byteLength(escape(shown))) > max;) {
    shown = shown.slice(0, Math.floor((shown.length * max) / size))
  }
  return shown
}

/** The texts of a version, each in a third of the bytes that there is room for. */
const texts = ({ description, document, isDocumentLong, name, url }: TimelineVersion, room: number): Html => {
  const [named, described, long, linked] = [name, description, document, url].map((text) => cut(text ?? "", room / 3))
  const isCut = isDocumentLong === true || long !== (document ?? "") || described !== (description ?? "")
  const paragraph = (text: string | undefined, kind: string, before = ""): Html | undefined =>
    text === undefined || text === "" ? undefined : html`<p class="${kind}">${before}${text}</p>`
  const parts = [
    paragraph(named, "named"),
    paragraph(described, "described"),
    paragraph(linked, "detail", "Link that was shown: "),
    paragraph(long, "document"),
    isCut
      ? html`<p class="detail">The text is longer than what is shown here; the ledger keeps all of it.</p>`
      : undefined,
  ].filter((part) => part !== undefined)
  return parts.length === 0 ? html`<p class="detail">No text is kept here.</p>` : html`${parts}`
}

const version = (each: TimelineVersion, room: number): Html => {
  const grace = each.grace === undefined ? "" : `, within ${Words.duration(each.grace)}`
  const asks = each.requireReaccept ? `must be agreed to again${grace}` : "earlier answers go on counting"
  const state =
    each.cancelledAt === undefined ? asks : `cancelled on ${Words.briefDate(each.cancelledAt)}, never in force`
  return html`<div>
    <dt>Version ${each.version}<span class="detail">from ${Words.briefDate(each.publishedAt)}; ${state}</span></dt>
    <dd>${texts(each, room)}</dd>
  </div>`
}

/** Every version of the text. */
export const versions = ({ versions: all }: TypeTimeline, room: Room): Html => {
  if (all.length === 0) {
    return html`<p class="aside">Nothing is known of the versions of this text; answers are to version 1.</p>`
  }
  const { left, shown } = Table.first(all.toReversed(), Math.max(room.rows, 4))
  return html`<dl class="versions">${shown.toReversed().map((each) => version(each, room.texts / shown.length))}</dl>
    ${Table.more(left, left === 1 ? "earlier version" : "earlier versions")}`
}
