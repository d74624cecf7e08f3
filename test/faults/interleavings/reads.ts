/**
 * Checks of answers to questions: the log as known at its `knownAt` explains every answer, it sees everything that was
 * acknowledged before the question, and it stays what it was.
 */
import { isDeepStrictEqual } from "node:util"
import { Effect } from "effect"
import type { DecisionLine } from "../../../core/formats/Exchange.ts"
import type { Instant } from "../../../core/engine/Instant.ts"
import type { Identifiers } from "../../../core/model/People.ts"
import type { StoredEvent } from "../../../core/ports/LedgerStore.ts"
import * as Oracle from "../../support/oracle.ts"
import { decisionsOf } from "./clients.ts"
import { acknowledged, isOneServer, type Played, type Read } from "./history.ts"
import { type Kept, oneWith, standing } from "./kept.ts"
import * as Named from "./named.ts"

interface Asked {
  readonly request: string
  readonly identifiers: Identifiers
  readonly instant: Instant | undefined
  readonly mentions: ReadonlyArray<Named.Mention>
  readonly invoked: number
  readonly ended: number
  readonly answer: Read
  readonly at: Instant
  readonly knownAt: Instant
  /** The people that the question named, as known at its instant. */
  readonly named: ReadonlyArray<string>
  /** All people in answers. */
  readonly people: ReadonlySet<string>
}

const readsOf = (played: Played, kept: Kept): ReadonlyArray<Asked> =>
  acknowledged(played, "ask").flatMap(({ answer, deed }) => {
    const [line] = answer.lines
    if (line === undefined) return []
    const [at, knownAt] = [Date.parse(line.at), Date.parse(line.knownAt)]
    const mentions = Named.mentionsOf(played, deed.asked.identifiers)
    const named = mentions.flatMap(
      ({ concordId, hash }) =>
        concordId ?? kept.named.find((each) => each.hash === hash && Named.isKnownAt(each, knownAt))?.concordId ?? [],
    )
    const people = isOneServer(played)
      ? named.flatMap((each) => [...oneWith(kept.facts, each, knownAt)])
      : answer.lines.flatMap((each) => each.concordId ?? [])
    return [{ ...deed, ...deed.asked, answer, at, knownAt, mentions, named, people: new Set(people) }]
  })

/** Whether the instant of a question was past when it was answered. */
const isPast = ({ clock }: Played, { ended, instant, invoked }: Asked): boolean => {
  if (instant === undefined) return true
  const shown = clock.filter(([turn], index) => turn <= ended && (clock[index + 1]?.[0] ?? Infinity) >= invoked)
  return shown.every(([, at]) => instant <= at)
}

/** Of several people, another one may change the answer earlier. */
const differs = (line: DecisionLine, expected: ReadonlyArray<Oracle.Answer>, isOfSeveral: boolean): boolean => {
  const [answer, next] = expected
  const instant = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text))
  const stated = [
    line.status,
    line.permitted,
    line.askAgain,
    line.event,
    instant(line.expiresAt),
    isOfSeveral ? undefined : instant(line.nextChangeAt),
  ]
  const { askAgain, event, expiresAt, permitted, status } = answer!
  return !isDeepStrictEqual(stated, [status, permitted, askAgain, event, expiresAt, isOfSeveral ? undefined : next?.at])
}

/** What the log says of people, in place of a line of an answer, and then at each instant at which that changes. */
const timelineOf = (
  { at, consentType, knownAt }: DecisionLine,
  { events, typeKnownAt }: Kept,
  people: ReadonlySet<string>,
) => {
  const ofType = events.filter((event) => event.consentType === consentType && people.has(event.concordId))
  const instants = { at: Date.parse(at), knownAt: Date.parse(knownAt) }
  const type = typeKnownAt(consentType, instants.knownAt)
  return Oracle.timeline({ type, rules: type.rules, events: ofType, ...instants })
}

const permits = (line: DecisionLine, kept: Kept, people: ReadonlySet<string>): boolean =>
  timelineOf(line, kept, people)[0]!.permitted

/** The differences of lines from what the log says of people, as known at an instant. */
export function* unexplained(
  lines: ReadonlyArray<DecisionLine>,
  kept: Kept,
  people: ReadonlySet<string>,
  isOfSeveral = false,
): Iterable<string> {
  for (const line of lines) {
    const type = kept.types.find(({ id }) => id === line.consentType)!
    const expected = timelineOf(line, kept, people)
    if (differs(line, expected, isOfSeveral))
      yield `answers ${line.status} for ${type.label} at ${line.at}, the log says ${expected[0]!.status}`
  }
}

function* explained(kept: Kept, read: Asked): Iterable<string> {
  const { answer, ended, knownAt, people, request } = read
  const joins = standing(kept.facts, knownAt)
  const groups = new Map<string | undefined, ReadonlySet<string>>()
  for (const each of read.named) {
    const group = oneWith(kept.facts, each, knownAt)
    groups.set(
      [...group].find((one) => !joins.some(({ member }) => member === one)),
      group,
    )
  }
  if (groups.size === 0) groups.set(undefined, new Set())
  for (const line of answer.lines) {
    const own = groups.get(line.concordId)
    if (own === undefined) {
      yield `${request} is answered about ${line.concordId}, not ${[...groups.keys()].join()}`
      continue
    }
    for (const each of unexplained([line], kept, own, groups.size > 1)) yield `${request} ${each}`
    if (line.permitted && [...groups.values()].some((group) => !permits(line, kept, group)))
      yield `${request} is permitted for ${line.consentType}, and not for everyone it names`
  }
  for (const { concordId, dateCreated, id } of kept.events) {
    const isLater = kept.commitOf.get(id)!.turn > ended
    if (isLater && people.has(concordId) && dateCreated <= knownAt)
      yield `${id} changed what was known at the answer to ${request}`
  }
}

/**
 * The events that a question should see and does not. An event that is older than a seen one of the same state changes
 * no answer. An event other than a refusal that is dated by the clock of another server may be later than this one's.
 */
const unseen = (
  some: ReadonlyArray<StoredEvent>,
  events: ReadonlyArray<StoredEvent>,
  { at, knownAt, people }: Asked,
): ReadonlyArray<StoredEvent> => {
  const isSeen = ({ consentDate, dateCreated }: StoredEvent) => dateCreated <= knownAt && consentDate <= at
  const seen = events.filter((event) => people.has(event.concordId) && isSeen(event))
  const isOutdone = ({ consentDate, consentState, consentType }: StoredEvent) =>
    seen.some(
      (other) =>
        other.consentType === consentType && other.consentState === consentState && other.consentDate > consentDate,
    )
  const isLater = ({ consentDate, consentState }: StoredEvent) => consentState !== "declined" && consentDate > at
  return some.filter((event) => people.has(event.concordId) && !isSeen(event) && !isOutdone(event) && !isLater(event))
}

/** A question about now sees everything that was acknowledged before it was asked. */
function* seen(played: Played, kept: Kept, read: Asked): Iterable<string> {
  const { answer, invoked, knownAt, people, request } = read
  const isBefore = (by: string) => (kept.acknowledged.get(by) ?? Infinity) <= invoked
  const before = kept.events.filter(({ id }) => isBefore(kept.commitOf.get(id)!.request))
  for (const { id } of unseen(before, kept.events, read)) {
    yield `${request} does not see ${id}, which was acknowledged before`
  }
  for (const commit of played.commits) {
    if (!isBefore(commit.request)) continue
    if (commit.kind === "people.change") {
      const joins = new Set(kept.facts.flatMap(({ id, kind }) => (kind === "joined" ? [id] : [])))
      for (const { dateCreated, id, join = id, member, survivor } of commit.change.facts) {
        // That an identifier was proven, or is not any more, is no part of an answer about a person.
        const isAbout = joins.has(join) && (people.has(member) || people.has(survivor))
        if (isAbout && dateCreated > knownAt)
          yield `${request} does not see the fact ${id}, which was acknowledged before`
      }
    }
    if (commit.kind === "catalog.change") {
      const types = commit.change.entries.consentTypes ?? []
      for (const { id, isRemoved, versions } of types) {
        const isListed = answer.lines.some(({ consentType }) => consentType === id)
        const isGone = isRemoved === true || kept.types.some((type) => type.id === id && type.isRemoved === true)
        if (!isListed && !isGone) yield `${request} does not see the type ${id}`
        if (versions.some(({ dateCreated }) => dateCreated > knownAt))
          yield `${request} does not see a version of ${id}`
      }
    }
  }
}

/** An identifier in an acknowledged request names its person from then on, until it is released. */
function* known(kept: Kept, { answer, ended, invoked, mentions, request }: Asked): Iterable<string> {
  for (const named of kept.named) {
    const isClaimed = (kept.acknowledged.get(named.request) ?? Infinity) <= invoked && named.to > ended
    const isAsked = mentions.some(({ hash }) => hash === named.hash)
    if (isClaimed && isAsked && answer.lines.some(({ concordId }) => concordId === undefined))
      yield `${request} does not know whom ${named.request} named`
  }
}

/** An acknowledged refusal counts by each identifier that was not released since, until a later yes (law 13). */
function* refused(played: Played, kept: Kept, read: Asked): Iterable<string> {
  const { answer, at, ended, invoked, mentions, request } = read
  const permitting = answer.lines.filter(({ permitted }) => permitted)
  for (const { answer: recorded, deed } of permitting.length === 0 ? [] : acknowledged(played, "record")) {
    if (recorded._tag !== "Recorded" || deed.ended > invoked) continue
    for (const [index, { consentDate, consentState, consentType, id }] of recorded.events.entries()) {
      const line = permitting.find((each) => each.consentType === consentType)
      if (consentState !== "declined" || line === undefined || consentDate > at) continue
      const since = Math.min(kept.invoked.get(deed.request)!, kept.commitOf.get(id)!.turn)
      const isNamed = Named.mentionsOf(played, deed.asked[index]!.person).some(
        ({ concordId, hash }) =>
          mentions.some((each) => each.hash === hash && each.concordId === concordId) &&
          !kept.named.some((each) => each.hash === hash && each.to >= since && each.to <= ended),
      )
      const decides = kept.events.find((event) => event.id === line.event)
      if (isNamed && decides!.consentDate <= consentDate)
        yield `${request} is permitted by ${line.event}, although ${deed.request} refused at or after it`
    }
  }
}

/** A question that is asked later sees no less. */
function* noLess(reads: ReadonlyArray<Asked>, kept: Kept, read: Asked): Iterable<string> {
  const later = reads.filter(({ instant, invoked }) => instant === undefined && invoked >= read.ended)
  const events = kept.events.filter(
    ({ concordId, dateCreated }) => read.people.has(concordId) && dateCreated <= read.knownAt,
  )
  for (const other of later) {
    for (const { id } of unseen(events, kept.events, other)) {
      yield `${other.request} does not see ${id}, which ${read.request} saw`
    }
  }
}

/** The same question has the same answer after the run. */
function* stays(
  { ledger, site: scope }: Played,
  { answer, at, identifiers, knownAt, request }: Asked,
): Iterable<string> {
  const { lines } = answer
  const again = Effect.runSync(decisionsOf(ledger, scope, identifiers, { at, knownAt }))
  for (const line of again.lines) {
    const before = lines.find(({ consentType }) => consentType === line.consentType)
    if (before !== undefined && !isDeepStrictEqual(line, before)) yield `the answer to ${request} is another one now`
  }
}

/** A list that is read page by page holds everything that was there at its first page, each once. */
function* lists(played: Played, kept: Kept): Iterable<string> {
  for (const { answer, deed } of acknowledged(played, "list")) {
    const ids = answer.events.map(({ id }) => id)
    const listed = new Set(ids)
    if (listed.size !== ids.length) yield `${deed.request} repeats events`
    if (answer.total !== ids.length) yield `${deed.request} tells of ${answer.total} events, and lists ${ids.length}`
    for (const { id } of kept.events) {
      const { request, turn } = kept.commitOf.get(id)!
      const isBefore = (kept.acknowledged.get(request) ?? Infinity) <= deed.invoked
      if (isBefore && !listed.has(id)) yield `${deed.request} skips ${id}, which was acknowledged before`
      if (turn > deed.ended && listed.has(id)) yield `${deed.request} lists ${id} before it is there`
    }
  }
}

/** All faults of answers to questions. */
export function* check(played: Played, kept: Kept): Iterable<string> {
  const reads = readsOf(played, kept)
  for (const read of reads) {
    if (read.instant === undefined) {
      yield* seen(played, kept, read)
      yield* known(kept, read)
      yield* refused(played, kept, read)
      yield* noLess(reads, kept, read)
    }
    if (!isOneServer(played) || !isPast(played, read)) continue
    yield* explained(kept, read)
    yield* stays(played, read)
  }
  yield* lists(played, kept)
}
