/**
 * The picture of one type's timeline: the versions of its text, a lane of marks for each state that was recorded, and
 * the answer as a band.
 *
 * It is drawn twice, for a wide page and for a phone, as the charts of a simulation are; to a screen reader it is one
 * image with a description, and everything in it is in the tables after it. Bands differ by their text and pattern, and
 * marks by their shape, because colour alone does not reach every reader or printer.
 */
import type { ConsentState } from "../../../core/engine/ConsentState.ts"
import * as ConsentStates from "../../../core/engine/ConsentState.ts"
import type { Instant } from "../../../core/engine/Instant.ts"
import * as Instants from "../../../core/engine/Instant.ts"
import type { Status } from "../../../core/engine/Outcome.ts"
import type { TimelineEvent, TypeTimeline } from "../../../core/people/PersonTimeline.ts"
import type { Html } from "../../../core/formats/Html.ts"
import { html } from "../../../core/formats/Html.ts"
import * as Statuses from "../Statuses.ts"
import * as Words from "../Words.ts"
import * as TimeAxis from "./TimeAxis.ts"
import * as TimelineWords from "./TimelineWords.ts"

/** The size of a drawing, in units of its view box. */
interface Layout {
  readonly name: "wide" | "narrow"
  readonly width: number
  /** Where time begins. */
  readonly left: number
  readonly ticks: number
}

const layouts: ReadonlyArray<Layout> = [
  { name: "wide", width: 830, left: 76, ticks: 8 },
  { name: "narrow", width: 350, left: 58, ticks: 3 },
]

/** A stretch of time with one answer; `mixed` if several are too short to be drawn. */
interface Band {
  readonly from: number
  readonly until: number
  readonly status: Status | "mixed"
}

/** Events of one lane whose marks would touch each other. */
interface Mark {
  readonly x: number
  readonly events: ReadonlyArray<TimelineEvent>
}

interface Span {
  readonly from: Instant
  readonly until: Instant
}

const day = 86_400_000
const right = 12
const laneHeight = 30
const bandHeight = 36
/** Answers that take less room than this, and marks that are closer, are drawn as one. */
const bandMin = 3
const markMin = 22
/** A next change that is further away is written and not drawn, because the past would be too small to see. */
const aheadMax = 30 * 365 * day

/** The stretch of time that is drawn; `undefined` if there is nothing to draw. */
const spanOf = ({ changes, decision, events }: TypeTimeline): Span | undefined => {
  const [first] = events
  if (first === undefined) return undefined
  const { at } = decision
  const later = changes.filter((change) => change.at > at && change.at - at < aheadMax)
  const from = Math.min(first.consentDate, at)
  const last = Math.max(at, events.at(-1)?.consentDate ?? at, later[0]?.at ?? at)
  // Further changes are drawn where they need little more room.
  const until = later.reduce((end, change) => (change.at - from < 1.5 * (last - from) ? change.at : end), last)
  const room = Math.max(until - from, day)
  return { from: from - 0.05 * room, until: until + 0.08 * room }
}

const placer =
  ({ from, until }: Span, { left, width }: Layout) =>
  (at: Instant): number =>
    left + Math.min(1, Math.max(0, (at - from) / (until - from))) * (width - right - left)

const bandsOf = ({ changes }: TypeTimeline, place: (at: Instant) => number, { from, until }: Span) => {
  const bands: Array<Band> = []
  const starts = [{ at: from, status: "unknown" as Status }, ...changes.filter(({ at }) => at < until)]
  for (const [index, { at, status }] of starts.entries()) {
    const band: Band = { from: place(at), until: place(starts[index + 1]?.at ?? until), status }
    const before = bands.at(-1)
    if (band.until - band.from <= 0) continue
    if (before?.status === status) bands[bands.length - 1] = { ...before, until: band.until }
    else if (before !== undefined && band.until - band.from < bandMin && before.until - before.from < bandMin) {
      bands[bands.length - 1] = { from: before.from, until: band.until, status: "mixed" }
    } else if (before?.status === "mixed" && band.until - band.from < bandMin) {
      bands[bands.length - 1] = { ...before, until: band.until }
    } else bands.push(band)
  }
  return bands
}

const marksOf = (events: ReadonlyArray<TimelineEvent>, place: (at: Instant) => number): ReadonlyArray<Mark> => {
  const marks: Array<{ x: number; events: Array<TimelineEvent> }> = []
  for (const event of events) {
    const x = place(event.consentDate)
    const last = marks.at(-1)
    if (last !== undefined && x - last.x < markMin) last.events.push(event)
    else marks.push({ x, events: [event] })
  }
  return marks
}

const n = (value: number): string => String(Math.round(value * 10) / 10)

/** The outline of a mark of each state around a point, and whether it is filled. */
const shapes: { readonly [State in ConsentState]: { readonly path: string; readonly isHollow?: true } } = {
  accepted: { path: "m-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z" },
  declined: { path: "m-5.5-5.5h11v11h-11z" },
  implied: { path: "m0-7l7 7-7 7-7-7z", isHollow: true },
  viewed: { path: "m-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0z", isHollow: true },
}

/** The outline of a mark that stands for several events, around its first one. */
const several = "m-6-8h12a6 6 0 0 1 6 6v4a6 6 0 0 1-6 6h-12a6 6 0 0 1-6-6v-4a6 6 0 0 1 6-6z"

const laneNames: { readonly [State in ConsentState]: string } = {
  accepted: "Yes",
  declined: "No",
  implied: "Implied",
  viewed: "Seen",
}

/** From when an event happened until it was recorded, where that is long enough to be seen. */
const recordedLine = ({ events: [event], x }: Mark, y: number, place: (at: Instant) => number): string => {
  const end = event === undefined ? x : place(event.dateCreated)
  return end - x < 14 ? "" : `M${n(x + 8)} ${y}H${n(end)}M${n(end)} ${y - 5}v10`
}

/** The marks of a lane, as one path of each kind, because a person may have very many. */
const drawMarks = (
  state: ConsentState,
  marks: ReadonlyArray<Mark>,
  y: number,
  place: (at: Instant) => number,
): Html => {
  const kind = Statuses.kind(stateStatus[state])
  const { isHollow, path } = shapes[state]
  const single = marks.filter(({ events }) => events.length < 2)
  const groups = marks.filter(({ events }) => events.length > 1)
  const at = (outline: string, some: ReadonlyArray<Mark>): string =>
    some.map(({ x }) => `M${n(x)} ${y}${outline}`).join("")
  const recorded = single.map((each) => recordedLine(each, y, place)).join("")
  const counts = groups.map(
    ({ events, x }) => html`<tspan x="${n(x)}">${events.length > 99 ? "99+" : events.length}</tspan>`,
  )
  return html`${recorded === "" ? undefined : html`<path class="recorded" d="${recorded}" />`}${
    single.length === 0
      ? undefined
      : html`<path class="mark ${kind}${isHollow === true ? " hollow" : ""}" d="${at(path, single)}" />`
  }${
    groups.length === 0
      ? undefined
      : html`<path class="mark ${kind}" d="${at(several, groups)}" /><text class="count" y="${y + 4}">${counts}</text>`
  }`
}

const stateStatus: { readonly [State in ConsentState]: Status } = {
  accepted: "given",
  declined: "refused",
  implied: "implied",
  viewed: "requested",
}

const lane = (state: ConsentState, type: TypeTimeline, y: number, place: (at: Instant) => number, layout: Layout) => {
  const marks = marksOf(
    type.events.filter(({ consentState }) => consentState === state),
    place,
  )
  return html`<path class="rail" d="M${layout.left} ${y}H${layout.width - right}" /><text
      class="name"
      x="0"
      y="${y + 4}"
    >
      ${laneNames[state]}</text
    >${drawMarks(state, marks, y, place)}`
}

const bandLabel = ({ from, until }: Band, status: Status, y: number): Html | undefined => {
  const label = Statuses.label(status)
  return until - from < label.length * 7.6 + 10
    ? undefined
    : html`<text
        class="label ${status === "unknown" ? status : Statuses.kind(status)}"
        x="${n((from + until) / 2)}"
        y="${n(y + bandHeight / 2 + 4.5)}"
        >${label}</text
      >`
}

/** How wide a column of a mixed band is, which shows the share of its time that was permitted. */
const columnWidth = 6

/** For each column of a mixed band the share of its time that was permitted, from 0 to 1. */
const shares = (each: Band, { changes }: TypeTimeline, place: (at: Instant) => number): ReadonlyArray<number> => {
  const columns = Array.from({ length: Math.max(1, Math.ceil((each.until - each.from) / columnWidth)) }, () => 0)
  for (const [index, { at, permitted }] of changes.entries()) {
    if (!permitted) continue
    const end = Math.min(each.until, place(changes[index + 1]?.at ?? Instants.max))
    let from = Math.max(each.from, place(at))
    while (from < end) {
      const column = Math.min(columns.length - 1, Math.floor((from - each.from) / columnWidth))
      const until = Math.min(end, each.from + (column + 1) * columnWidth)
      if (until <= from) break
      columns[column] = (columns[column] ?? 0) + (until - from) / columnWidth
      from = until
    }
  }
  return columns
}

const mixed = (each: Band, y: number, type: TypeTimeline, place: (at: Instant) => number): Html => {
  const inner = bandHeight - 3
  const columns = shares(each, type, place).map((share, index) => {
    const height = Math.min(1, share) * inner
    return `M${n(each.from + index * columnWidth + 1)} ${n(y + 1.5 + inner - height)}h${columnWidth - 2}v${n(height)}h${2 - columnWidth}z`
  })
  return html`<path class="share" d="${columns.join("")}" />`
}

const band = (each: Band, y: number, type: TypeTimeline, place: (at: Instant) => number): Html => {
  const box = html`x="${n(each.from)}" y="${y}" width="${n(each.until - each.from)}" height="${bandHeight}"`
  const inside =
    each.status === "mixed"
      ? mixed(each, y, type, place)
      : html`<rect class="over ${each.status}" ${box} />${bandLabel(each, each.status, y)}`
  return html`<rect class="band ${each.status}" ${box} />${inside}`
}

/** The versions as stretches between the instants of their publication, each with its number where there is room. */
const versions = (type: TypeTimeline, span: Span, bottom: number, place: (at: Instant) => number, layout: Layout) => {
  const inForce = type.versions.filter(({ cancelledAt }) => cancelledAt === undefined)
  const shown = inForce.filter(({ publishedAt }) => publishedAt < span.until)
  if (shown.length === 0) return undefined
  const ordered = shown.toSorted((a, b) => a.publishedAt - b.publishedAt || a.version - b.version)
  return html`<text class="name" x="0" y="${laneHeight / 2 + 4}">Text</text>${ordered.map((version, index) => {
      const from = place(version.publishedAt)
      const until = place(ordered[index + 1]?.publishedAt ?? span.until)
      const line =
        from <= layout.left
          ? undefined
          : html`<path class="${version.requireReaccept ? "anew" : "text"}" d="M${n(from)} 2V${bottom}" />`
      const label =
        until - from < 24
          ? undefined
          : html`<text class="version" x="${n(from + 5)}" y="${laneHeight / 2 + 4}">v${version.version}</text>`
      return html`${line}${label}`
    })}`
}

const ticks = (span: Span, y: number, place: (at: Instant) => number, layout: Layout): Html =>
  html`${TimeAxis.ticks(span.from, span.until, layout.ticks).map(({ at, label }) => {
    const x = place(at)
    const isLast = x > layout.width - 30
    return html`<path class="tick" d="M${n(x)} ${y}v5" /><text
        class="at ${isLast ? "end" : ""}"
        x="${n(isLast ? layout.width : x)}"
        y="${y + 18}"
      >
        ${label}</text
      >`
  })}`

/** A line through all lanes with a label below the axis. */
const instantLine = (kind: "now" | "next", label: string, x: number, y: number, layout: Layout) => {
  const isLate = x > layout.left + (layout.width - layout.left) / 2
  return html`<path class="${kind}" d="M${n(x)} 0V${n(y - 10)}" /><text
      class="${kind} ${isLate ? "end" : "start"}"
      x="${n(isLate ? x + 4 : x - 4)}"
      y="${y + 2}"
    >
      ${label}</text
    >`
}

const draw = (type: TypeTimeline, span: Span, id: string, words: string, layout: Layout): Html => {
  const place = placer(span, layout)
  const states = ConsentStates.all.filter((state) => type.events.some(({ consentState }) => consentState === state))
  const top = type.versions.length === 0 ? 4 : laneHeight
  const bandTop = top + states.length * laneHeight + 4
  const bottom = bandTop + bandHeight
  const next = TimelineWords.nextOf(type)
  const drawnNext = next !== undefined && next.at <= span.until ? next : undefined
  const height = bottom + 44 + (drawnNext === undefined ? 0 : 18)
  const { at } = type.decision
  const name = `${id}-${layout.name}`
  return html`<div class="${layout.name}">
    <svg
      class="swim"
      viewBox="0 0 ${layout.width} ${height}"
      role="img"
      aria-labelledby="${name}-title"
      aria-describedby="${name}-desc"
    >
      <title id="${name}-title">${TimelineWords.typeName(type)}: what was said, and the answer over time</title>
      <desc id="${name}-desc">${words}</desc>
      <rect class="ahead" x="${n(place(at))}" y="0" width="${n(layout.width - right - place(at))}" height="${bottom}" />
      ${versions(type, span, bottom, place, layout)}
      ${states.map((state, index) => lane(state, type, top + index * laneHeight + laneHeight / 2, place, layout))}
      <text class="name" x="0" y="${n(bandTop + bandHeight / 2 + 4.5)}">Answer</text>
      ${bandsOf(type, place, span).map((each) => band(each, bandTop, type, place))}
      ${instantLine("now", `asked about: ${Words.dayOf(at)}`, place(at), bottom + 38, layout)}
      ${
        drawnNext === undefined
          ? undefined
          : instantLine("next", `next change: ${Words.dayOf(drawnNext.at)}`, place(drawnNext.at), bottom + 56, layout)
      }
      ${ticks(span, bottom, place, layout)}
    </svg>
  </div>`
}

const swatch = (content: Html): Html =>
  html`<svg class="swatch" viewBox="0 0 28 18" aria-hidden="true">${content}</svg>`

const bandSwatch = (status: Status | "mixed"): Html => {
  const box = html`x="1" y="1" width="26" height="16"`
  const inside =
    status === "mixed"
      ? html`<path class="share" d="M3 16h4v-6h-4zM9 16h4v-12h-4zM15 16h4v-8h-4zM21 16h4v-3h-4z" />`
      : html`<rect class="over ${status}" ${box} />`
  return swatch(html`<rect class="band ${status}" ${box} />${inside}`)
}

const legend = (type: TypeTimeline, span: Span): Html => {
  const layout = layouts[0]!
  const place = placer(span, layout)
  const bands = bandsOf(type, place, span)
  const drawn = new Set(bands.map(({ status }) => status))
  const states = ConsentStates.all.filter((state) => type.events.some(({ consentState }) => consentState === state))
  const isLate = type.events.some((event) => place(event.dateCreated) - place(event.consentDate) >= 14)
  const isShown = ({ publishedAt }: { readonly publishedAt: Instant }) =>
    publishedAt > span.from && publishedAt < span.until
  const inForce = type.versions.filter(({ cancelledAt }) => cancelledAt === undefined).filter(isShown)
  const line = (kind: string): Html => swatch(html`<path class="${kind}" d="M14 0V18" />`)
  return html`<ul class="legend">
    ${states.map((state) => html`<li>${swatch(drawMarks(state, [{ x: 14, events: [] }], 9, () => 0))}${TimelineWords.deeds[state]}</li>`)}
    ${isLate ? html`<li>${swatch(html`<path class="recorded" d="M2 9H24M24 4v10" />`)}Recorded only later</li>` : undefined}
    ${inForce.some(({ requireReaccept }) => !requireReaccept) ? html`<li>${line("text")}New text</li>` : undefined}
    ${inForce.some(({ requireReaccept }) => requireReaccept) ? html`<li>${line("anew")}New text, to be agreed to again</li>` : undefined}
    ${[...Statuses.all, "mixed" as const]
      .filter((status) => drawn.has(status))
      .map(
        (status) =>
          html`<li>
            ${bandSwatch(status)}${status === "mixed" ? "Many answers: the height is the share of time that was permitted" : Statuses.label(status)}
          </li>`,
      )}
  </ul>`
}

/** The picture with its legend, if anything is recorded. `id` is unique in the document: letters and digits. */
export const figure = (type: TypeTimeline, id: string): Html | undefined => {
  const span = spanOf(type)
  if (span === undefined) return undefined
  const words = `${TimelineWords.answer(type.decision)}. ${TimelineWords.because(type.decision)} ${TimelineWords.next(type)}`
  return html`<figure>
    ${layouts.map((layout) => draw(type, span, id, words, layout))}
    <figcaption>
      ${legend(type, span)}Right of the line “asked about” is what follows if nothing more is recorded. A number stands
      for that many events at about the same time.
    </figcaption>
  </figure>`
}

/** The patterns of the bands, once for a document. */
export const patterns: Html = html`<svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false">
  <defs>
    <pattern id="p-implied" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <path class="yes" d="M0 0V7" />
    </pattern>
    <pattern id="p-requested" width="8" height="8" patternUnits="userSpaceOnUse">
      <circle class="open" cx="4" cy="4" r="1.1" />
    </pattern>
    <pattern id="p-expired" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
      <path class="open" d="M0 0V7" />
    </pattern>
    <pattern id="p-invalidated" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <path class="open" d="M0 0V8M0 0H8" />
    </pattern>
    <pattern id="p-withdrawn" width="6" height="6" patternUnits="userSpaceOnUse">
      <path class="no" d="M0 0H6" />
    </pattern>
  </defs>
</svg>`
