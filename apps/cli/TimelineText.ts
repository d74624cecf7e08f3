/**
 * Writes the timeline of a person for a terminal: for each consent type what counts and why, and then what happened, in
 * the order of time.
 */
import * as TimelineWords from "../../adapters/report/timeline/TimelineWords.ts"
import type { Decision } from "../../core/engine/Decision.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as EventRole from "../../core/people/EventRole.ts"
import type { PersonTimeline, TimelineEvent, TimelineVersion, TypeTimeline } from "../../core/people/PersonTimeline.ts"
import type { AskedBy } from "../../adapters/report/timeline/TimelinePage.ts"
import * as Table from "./Table.ts"

/** The most happenings of a type that are written: the last ones until then, and some after it. */
const happeningsMax = 40
const aheadMax = 5

const indent = "  "
const dateWidth = 19

/** Something that happened at an instant, in lines, and the answer from then on if it is another one. */
interface Happening {
  readonly at: Instant.Instant
  readonly lines: ReadonlyArray<string>
  readonly answer?: Decision
}

/** `2024-01-31 09:00:00`. */
const dateOf = (at: Instant.Instant): string => Instant.format(at).slice(0, dateWidth).replace("T", " ")

/** Breaks text into lines of at most `width` characters, between words. */
const wrap = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.replaceAll("\u00a0", " ").split(" ")) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

const ofEvent = (event: TimelineEvent, number: number, type: TypeTimeline, timeline: PersonTimeline): Happening => {
  const role = EventRole.of(event, type.decision)
  const numberOf = ({ id }: { readonly id: string }) => type.events.findIndex((each) => each.id === id) + 1 || undefined
  const recorded = TimelineWords.recordedLater(event)
  const laterText = TimelineWords.laterText(event, type)
  const from = timeline.members.length > 1 ? `, as ${event.concordId}` : ""
  const until = event.expirationDate === undefined ? "" : `, until ${dateOf(event.expirationDate)}`
  return {
    at: event.consentDate,
    lines: [
      `${number}. ${TimelineWords.deeds[event.consentState]} to version ${event.version}, ${TimelineWords.howOf(event)}${until}`,
      `by ${TimelineWords.submitterOf(event.submitter, timeline)}${from}${recorded === undefined ? "" : `; recorded ${dateOf(recorded)}`}`,
      ...(laterText === undefined ? [] : [sentence(laterText)]),
      `${TimelineWords.roleLabel(role)}: ${TimelineWords.roleReason(role, event, type.decision, numberOf)}`,
    ],
  }
}

const ofVersion = ({ cancelledAt, publishedAt, requireReaccept, version }: TimelineVersion): Happening => ({
  at: publishedAt,
  lines: [
    cancelledAt === undefined
      ? `Version ${version} of the text${requireReaccept ? ", which must be agreed to again" : ""}`
      : `Version ${version} of the text, cancelled on ${dateOf(cancelledAt)} before it was in force`,
  ],
})

/** What happened, earliest first; each change of the answer with the last event of its instant, or alone. */
const happenings = (type: TypeTimeline, timeline: PersonTimeline): ReadonlyArray<Happening> => {
  const events = type.events.map((event, index) => ofEvent(event, index + 1, type, timeline))
  const last = new Map(events.map((each, index) => [each.at, index]))
  const answers = new Map(type.changes.map((change) => [change.at, change]))
  const answered = events.map((each, index): Happening => {
    const answer = last.get(each.at) === index ? answers.get(each.at) : undefined
    return answer === undefined ? each : { ...each, answer }
  })
  const others = type.changes
    .filter(({ at }) => !last.has(at))
    .map((answer): Happening => ({ at: answer.at, lines: [sentence(TimelineWords.cause(answer))], answer }))
  return [...type.versions.map(ofVersion), ...answered, ...others].toSorted((a, b) => a.at - b.at)
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

const row = ({ answer, at, lines }: Happening, width: number): string => {
  const room = width - dateWidth - 2 * indent.length
  const [first = "", ...more] = lines.flatMap((line, index) =>
    wrap(line, room - (index === 0 ? 0 : 3)).map((part, place) => (index === 0 && place === 0 ? part : `   ${part}`)),
  )
  const blank = " ".repeat(indent.length + dateWidth)
  const then = answer === undefined ? [] : wrap(`→ ${TimelineWords.answer(answer)}`, room)
  return [
    `${indent}${dateOf(at)}${indent}${first}`,
    ...[...more, ...then].map((line) => `${blank}${indent}${line}`),
  ].join("\n")
}

/** The last happenings until the instant asked about, the first ones after it, and a line between them. */
const story = (type: TypeTimeline, timeline: PersonTimeline, width: number): ReadonlyArray<string> => {
  const all = happenings(type, timeline)
  const past = all.filter(({ at }) => at <= timeline.at)
  const ahead = all.filter(({ at }) => at > timeline.at)
  const left = Math.max(0, past.length - happeningsMax)
  const earlier = `${indent}… ${Table.count(left)} earlier, not shown here: --html has more`
  const line = `${indent}${dateOf(timeline.at)}${indent}── asked about ──`
  const further = Math.max(0, ahead.length - aheadMax)
  return [
    ...(left === 0 ? [] : [earlier]),
    ...past.slice(left).map((each) => row(each, width)),
    line,
    ...ahead.slice(0, aheadMax).map((each) => row(each, width)),
    ...(further === 0 ? [] : [`${indent}… and ${Table.count(further)} more after that`]),
  ]
}

const block = (type: TypeTimeline, timeline: PersonTimeline, width: number): string => {
  const name = TimelineWords.typeName(type)
  const paragraph = (text: string) => wrap(text, width - indent.length).map((line) => `${indent}${line}`)
  return [
    name,
    "─".repeat(Math.min(width, name.length)),
    ...paragraph(`${TimelineWords.answer(type.decision)}.`),
    ...paragraph(TimelineWords.because(type.decision)),
    ...paragraph(TimelineWords.next(type)),
    "",
    ...story(type, timeline, width),
  ].join("\n")
}

const head = (timeline: PersonTimeline, { kind, value }: AskedBy): string => {
  const { at, concordId, knownAt, members, project, region } = timeline
  const others = members.length > 1 ? `, joined with ${Table.count(members.length - 1)} more` : ""
  const shown = value === undefined ? "" : ` ${value}`
  const by = kind === "concordId" ? "" : ` (asked by ${TimelineWords.identifierName(kind)}${shown})`
  return [
    `${concordId ?? "no one"}${others}${by}`,
    `as of ${dateOf(at)} UTC, as known at ${dateOf(knownAt)} UTC${project === undefined ? "" : `, in ${project.name}`}`,
    ...(region === undefined ? [] : [`under the rules of the region ${region.name} (${region.id})`]),
  ].join("\n")
}

const identity = (timeline: PersonTimeline, width: number): ReadonlyArray<string> => {
  const { facts } = timeline
  if (facts.length === 0) return []
  const rows = facts.slice(-happeningsMax).map((fact) => {
    const by = `by ${TimelineWords.submitterOf(fact.submitter, timeline)}`
    return row({ at: fact.dateCreated, lines: [TimelineWords.factInWords(fact, facts), by] }, width)
  })
  const left = facts.length - rows.length
  const earlier = left === 0 ? [] : [`${indent}… ${Table.count(left)} earlier, not shown here`]
  return [["Who this is", "───────────", ...earlier, ...rows].join("\n")]
}

/**
 * Control characters and those that change the reading direction. They are replaced, because the name of a type must
 * not command the terminal.
 */
const commands = /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/gu

/** Writes a timeline in lines of at most `width` characters, with a line feed at the end. */
export const write = (timeline: PersonTimeline, askedBy: AskedBy, width: number): string => {
  const said = timeline.types.filter(({ changes, events }) => events.length > 0 || changes.length > 0)
  const silent = timeline.types.filter((type) => !said.includes(type)).map(TimelineWords.typeName)
  const erased = TimelineWords.erasedInWords(timeline)
  const isGone = timeline.erased !== undefined && timeline.erased.recordedAt <= timeline.knownAt
  const without = isGone ? "No longer answered, because the person was erased" : "Nothing is recorded about"
  const parts = [
    head(timeline, askedBy),
    ...(erased === undefined ? [] : [wrap(erased, width).join("\n")]),
    ...said.map((type) => block(type, timeline, width)),
    ...(silent.length === 0 ? [] : [wrap(`${without}: ${silent.join(", ")}`, width).join("\n")]),
    ...identity(timeline, width),
  ]
  return `${parts.join("\n\n").replaceAll(commands, "\ufffd")}\n`
}
