/**
 * Writes the timeline of a person as one HTML file, for an auditor or the person itself to read, print and keep.
 *
 * The file needs nothing else: it has no script, no font and no address to load from, and a policy in its head forbids
 * them. The same timeline gives the same bytes. Every text is escaped. It stays below a megabyte for any person,
 * because long lists are cut, which the page says.
 */
import * as Instant from "../../../core/engine/Instant.ts"
import type { IdentifierKind } from "../../../core/model/People.ts"
import type { PersonTimeline, TypeTimeline } from "../../../core/people/PersonTimeline.ts"
import type { Html } from "../../../core/formats/Html.ts"
import { html } from "../../../core/formats/Html.ts"
import * as Page from "../Page.ts"
import * as RulesInWords from "../RulesInWords.ts"
import * as Statuses from "../Statuses.ts"
import { style } from "../Style.ts"
import * as Table from "../Table.ts"
import * as Words from "../Words.ts"
import * as TimelinePeople from "./TimelinePeople.ts"
import * as TimelinePicture from "./TimelinePicture.ts"
import { timelineStyle } from "./TimelineStyle.ts"
import type { Room } from "./TimelineTables.ts"
import * as TimelineTables from "./TimelineTables.ts"
import * as TimelineWords from "./TimelineWords.ts"

/** The identifier that the person was asked by. */
export interface AskedBy {
  readonly kind: IdentifierKind
  /** Only if it is to be shown. */
  readonly value?: string
}

/** The most types with a section of their own, and the most that are named at all. */
const sectionsMax = 30
const typesMax = 300

/** How much of the long lists of each type fits, if all pages are to stay below a megabyte. */
const roomOf = (types: number): Room => ({
  rows: Math.max(4, Math.min(24, Math.floor(200 / Math.max(1, types)))),
  listed: Math.floor(680_000 / Math.max(1, types)),
  texts: Math.floor(100_000 / Math.max(1, types)),
})

/** The most bytes of all sections of types. The room of one type is less. */
const sectionsBytes = 840_000

/** The sections of the first types, until there is no more room. */
const sectionsOf = (timeline: PersonTimeline, said: ReadonlyArray<TypeTimeline>): ReadonlyArray<Html> => {
  const { shown } = Table.first(said, sectionsMax)
  const room = roomOf(shown.length)
  const sections: Array<Html> = []
  let bytes = 0
  for (const [index, type] of shown.entries()) {
    const section = typeSection(type, sectionId(index), timeline, room)
    bytes += Buffer.byteLength(section.html)
    if (bytes > sectionsBytes && index > 0) break
    sections.push(section)
  }
  return sections
}

const sectionId = (index: number): string => `type${index + 1}`

const row = (name: string, value: Html | string): Html =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`

const question = (timeline: PersonTimeline, { kind, value }: AskedBy): Html => {
  const { at, concordId, knownAt, members, project, region } = timeline
  const name = TimelineWords.identifierName(kind)
  const others =
    members.length < 2 ? "" : `, with ${Words.counted(members.length - 1, "person", "people")} joined with it`
  return html`<dl class="question">
    ${row("About", concordId === undefined ? "No one is known by this identifier" : html`<code>${concordId}</code>${others}`)}
    ${kind === "concordId" ? undefined : row("Asked by", value === undefined ? `Its ${name}, which is not shown here` : html`${name} <b>${value}</b>`)}
    ${project === undefined ? undefined : row("In", html`${project.name} <span class="detail">project ${project.id}</span>`)}
    ${region === undefined ? undefined : row("Under the rules of", html`${region.name} <span class="detail">region ${region.id}</span>`)}
    ${row("As of", Words.date(at))} ${row("As known at", Words.date(knownAt))}
  </dl>`
}

const isSaid = ({ changes, events }: TypeTimeline): boolean => events.length > 0 || changes.length > 0

const answerItem = (type: TypeTimeline, id: string | undefined): Html => {
  const { decision } = type
  const { above, own } = TimelineWords.typeNames(type)
  const { status } = decision
  return html`<li class="${Statuses.kind(status)}">
    <h3>
      ${id === undefined ? own : html`<a href="#${id}">${own}</a>`} <span class="type">${above.join(" / ")}</span>
    </h3>
    <p class="outcome"><b>${Statuses.label(status)}</b> ${TimelineWords.consequence(decision)}</p>
    <p class="detail">${TimelineWords.nextBrief(type)}</p>
  </li>`
}

const rules = ({ type }: TypeTimeline): Html | undefined => {
  const { consentDuration, rules } = type
  const sentences = [
    ...(consentDuration === undefined
      ? []
      : [`an answer without an end date counts for ${Words.duration(consentDuration)}`]),
    ...RulesInWords.describe(rules),
  ]
  return sentences.length === 0 ? undefined : html`<p class="aside">Rules: ${sentences.join("; ")}.</p>`
}

const typeSection = (type: TypeTimeline, id: string, timeline: PersonTimeline, room: Room): Html => {
  const { above, own } = TimelineWords.typeNames(type)
  return html`<section class="one" id="${id}" aria-labelledby="${id}-heading">
    <h2 id="${id}-heading">${own} <span class="type">${above.join(" / ")}</span></h2>
    <p>${TimelineWords.because(type.decision)} ${TimelineWords.next(type)}</p>
    ${rules(type)} ${TimelinePicture.figure(type, id)}
    <h3>What was said</h3>
    ${TimelineTables.events(type, timeline, room)}
    <h3>The answer over time</h3>
    ${TimelineTables.answers(type, room)}
    <h3>The text and its versions</h3>
    ${TimelineTables.versions(type, room)}
  </section> `
}

const silent = (types: ReadonlyArray<TypeTimeline>, isErased: boolean): Html | undefined => {
  if (types.length === 0) return undefined
  const { left, shown } = Table.first(types, typesMax)
  return html`<section aria-labelledby="silent">
    <h2 id="silent">${isErased ? "No longer answered" : "Never answered"}</h2>
    <p>
      ${isErased ? "The person was erased, so nothing is in force for" : "Nothing is recorded about"}
      ${Words.counted(types.length, "consent type", "consent types")}: not permitted.
    </p>
    <ul class="silent">
      ${shown.map((type) => html`<li>${TimelineWords.typeName(type)}</li>`)}
    </ul>
    ${Table.more(left, left === 1 ? "consent type" : "consent types")}
  </section>`
}

const flags: { readonly [Kind in IdentifierKind]?: string } = {
  userId: "--user-id",
  projectUserId: "--project-user-id",
  email: "--email",
  phoneNumber: "--phone-number",
}

/** The command that writes the page again; `undefined` for a ledger in files. */
const command = (timeline: PersonTimeline, { kind, value }: AskedBy): string | undefined => {
  const { askedRegion, at, concordId, knownAt, project } = timeline
  if (project === undefined) return undefined
  const flag = flags[kind]
  const person = flag === undefined ? `--concord-id ${concordId ?? "…"}` : `${flag} …`
  const shown = value === undefined ? "" : " --show-identifier"
  const instants = `--at ${Instant.format(at)} --known-at ${Instant.format(knownAt)}`
  const region = askedRegion === undefined ? "" : ` --region ${askedRegion}`
  return `assent timeline --project ${project.id} ${person} ${instants}${region}${shown} --html FILE`
}

const checking = (asked: string): Html =>
  html`<p class="aside">
    To check this page, ask the ledger again. <code>${asked}</code> writes the same bytes, unless the person was erased
    or an API key was revoked since. <code>assent verify</code> says whether the ledger is whole.
  </p>`

const proof = (timeline: PersonTimeline, askedBy: AskedBy): Html => {
  const asked = command(timeline, askedBy)
  return html`<section id="proof" class="inputs" aria-labelledby="proof-heading">
    <h2 id="proof-heading">What this was made of</h2>
    ${Table.table({
      caption: "Who asks the same ledger the same question gets inputs with these SHA-256 digests, and this page",
      columns: [{ heading: "Input" }, { heading: "SHA-256" }],
      rows: timeline.inputs.map(({ name, sha256 }) => [name, html`<code>${sha256}</code>`]),
    })}
    ${asked === undefined ? undefined : checking(asked)}
  </section>`
}

const overview = (timeline: PersonTimeline, said: ReadonlyArray<TypeTimeline>, sections: number): Html => {
  if (timeline.concordId === undefined) {
    return html`<p class="lead">No one was known by this identifier, so no one has said anything under it.</p>`
  }
  if (said.length === 0) return html`<p class="lead">Nothing that this person said is known.</p>`
  const { left, shown } = Table.first(said, typesMax)
  return html`<ul class="outcomes">
      ${shown.map((type, index) => answerItem(type, index < sections ? sectionId(index) : undefined))}
    </ul>
    ${Table.more(left, left === 1 ? "answer" : "answers")}`
}

const title = (timeline: PersonTimeline): string => `What this person said, as of ${Words.date(timeline.at)}`

/** Writes the page. It is a pure function. */
export const write = (timeline: PersonTimeline, askedBy: AskedBy): string => {
  const said = timeline.types.filter(isSaid)
  const sections = sectionsOf(timeline, said)
  const left = said.length - sections.length
  const erased = TimelineWords.erasedInWords(timeline)
  const people = TimelinePeople.section(timeline)
  const content = html`
    ${TimelinePicture.patterns}
    <a class="skip" href="#answer">Skip to the answer</a>
    <header>
      <p class="eyebrow">Assent · timeline of a person</p>
      <h1>What did this person say, and what counts?</h1>
      ${question(timeline, askedBy)}
    </header>
    <main>
      <section class="answer" id="answer" aria-labelledby="answer-heading">
        <h2 id="answer-heading">What counts on ${Words.date(timeline.at)}</h2>
        ${erased === undefined ? undefined : html`<p class="erased">${erased}</p>`}
        ${overview(timeline, said, sections.length)}
      </section>
      ${sections}
      ${
        left === 0
          ? undefined
          : html`<p class="aside">
              ${Words.counted(left, "more consent type has", "more consent types have")} an answer and no section of its
              own here, because the page would be too long.
            </p>`
      }
      ${silent(
        timeline.types.filter((type) => !isSaid(type)),
        timeline.erased !== undefined && timeline.erased.recordedAt <= timeline.knownAt,
      )}
      ${
        people === undefined
          ? undefined
          : html`<section id="people" aria-labelledby="people-heading">
              <h2 id="people-heading">Who this is</h2>
              ${people}
            </section>`
      }
      ${proof(timeline, askedBy)}
    </main>
    <footer>
      <p>
        Answered from the recorded events by the rules in force, exact to the millisecond. All times are UTC. This page
        is about a person: treat it as personal data. It describes what has been recorded; it is not legal advice.
      </p>
    </footer>
  `
  return Page.write({ title: title(timeline), styles: [style, timelineStyle], content })
}
