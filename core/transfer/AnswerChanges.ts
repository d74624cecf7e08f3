/**
 * What a block of an import would make of answers: those that change, and the refusals that would no longer stand,
 * each compared with the answer before the import began.
 *
 * An answer is that about a person, or all people joined with it, and one consent type, at the time of the import.
 */
import { Clock, Effect } from "effect"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as Heads from "../engine/Heads.ts"
import * as Instant from "../engine/Instant.ts"
import * as Outcome from "../engine/Outcome.ts"
import * as Terms from "../engine/Terms.ts"
import type { ListedType, ProjectScope } from "../model/Catalog.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as PersonEvents from "../ledger/PersonEvents.ts"
import { type IdentifiedItem, toEvent } from "../ledger/Recording.ts"
import type { ImportRun } from "./ImportRun.ts"
import { isBefore } from "./KnownRows.ts"

/** The row with which a refusal becomes permission. */
export interface Overturning {
  /** Its line, from 1. */
  readonly line: number
  /** The id of the consent type. */
  readonly consentType: string
}

/** The answers that an import changes. */
export interface AnswerCounts {
  /** How many answers have another status than before, or permit where they did not, or no longer do. */
  changed: number
  /** How many of them were a refusal and no longer are. */
  overturned: number
  /** Some of these, by person and consent type. */
  readonly examples: Map<string, Overturning>
}

/** How many examples are kept. Some of them may be taken back by a later row. */
const maxExamples = 100

type Answer = Pick<Outcome.Outcome, "status" | "permitted">

/** The answer about a person and a consent type: before the import, and as the block finds it. */
interface Standing {
  readonly type: ListedType
  readonly before: Answer
  readonly heads: Heads.Heads
}

/** The standings of a block, by survivor and consent type. */
interface Standings {
  readonly now: Instant.Instant
  readonly byKey: ReadonlyMap<string, Standing>
  readonly keyOf: (item: IdentifiedItem) => string
}

/** The answer from heads. Refusals may be dated later than now where a clock was ahead; they count at once. */
const answerOf = (heads: Heads.Heads, terms: Terms.Terms, now: Instant.Instant): Answer => {
  const dates = Object.values(heads).map((head) => head?.consentDate ?? now)
  return Outcome.decide(heads, terms, Math.max(now, ...dates))
}

const termsOf = (type: ListedType): Terms.Terms => Terms.of(type, [], Instant.max)

const isRefusal = ({ status }: Answer): boolean => status === "refused" || status === "withdrawn"

const isOverturned = (before: Answer, now: Answer): boolean => isRefusal(before) && !isRefusal(now)

const isChanged = (before: Answer, now: Answer): boolean =>
  before.status !== now.status || before.permitted !== now.permitted

/** The survivor of each person, and the members of each survivor. */
const groupsOf = Effect.fnUntraced(function* (
  people: ReadonlyArray<string>,
  run: ImportRun,
  { organization }: ProjectScope,
  context: LedgerContext,
) {
  const survivors = new Map<string, string>()
  const members = new Map<string, ReadonlyArray<string>>()
  const alone = (concordId: string) => {
    survivors.set(concordId, concordId)
    members.set(concordId, [concordId])
  }
  const read = Effect.fnUntraced(function* (concordId: string) {
    const { isJoined, survivor } = yield* Joins.counted(organization, concordId, context)
    if (!isJoined) return alone(concordId)
    survivors.set(concordId, survivor)
    if (!members.has(survivor)) {
      members.set(survivor, (yield* Joins.current(organization, survivor, context)).members)
    }
  })
  for (const concordId of people) if (!isBefore(concordId, run)) alone(concordId)
  yield* Effect.forEach(
    people.filter((concordId) => isBefore(concordId, run)),
    read,
    { concurrency: 16, discard: true },
  )
  return { survivors, members }
})

/** The most people whose heads are read at once: fewer where the heads of all their types are read. */
const maxPeople = { ofTypes: 100, ofAll: 10 }

/** The most consent types by which heads are read. */
const maxTypes = 16

/** The heads of people, of at least these types. */
const headsOf = Effect.fnUntraced(function* (
  people: ReadonlyArray<string>,
  types: ReadonlySet<string>,
  { project }: ProjectScope,
  { store }: LedgerContext,
) {
  const isOfTypes = types.size <= maxTypes
  const size = isOfTypes ? maxPeople.ofTypes : maxPeople.ofAll
  const events: Array<ConsentEvent> = []
  for (let first = 0; first < people.length; first += size) {
    const part = people.slice(first, first + size)
    const seen = yield* store.events.heads(project, part, isOfTypes ? [...types] : undefined)
    for (const event of seen.events) if (types.has(event.consentType)) events.push(event)
    yield* Effect.yieldNow
  }
  return events
})

/** Whether an event of before the run may be hidden by a later head of the same state. */
const mayHide = (heads: ReadonlyArray<ConsentEvent>, run: ImportRun): boolean =>
  heads.some(
    ({ consentState, id }) =>
      !isBefore(id, run) && !heads.some((each) => each.consentState === consentState && isBefore(each.id, run)),
  )

/** The events of people and a type of before the run. */
const eventsBefore = Effect.fnUntraced(function* (
  members: ReadonlyArray<string>,
  type: ListedType,
  run: ImportRun,
  { project }: ProjectScope,
  context: LedgerContext,
) {
  let heads = Heads.empty
  const take = (event: ConsentEvent): boolean => {
    if (event.consentType === type.id && isBefore(event.id, run)) heads = Heads.add(heads, event)
    return true
  }
  yield* PersonEvents.forEach(project, members, take, context)
  return heads
})

/** A block, by an id: the people that it makes have later ids. */
export type BlockBegin = Pick<ImportRun, "since">

/** Reads the standings of the items of a block. */
const read = Effect.fnUntraced(function* (
  items: ReadonlyArray<IdentifiedItem>,
  block: BlockBegin,
  run: ImportRun,
  scope: ProjectScope,
  context: LedgerContext,
) {
  const now = yield* Clock.currentTimeMillis
  const { members, survivors } = yield* groupsOf(
    [...new Set(items.map(({ concordId }) => concordId))],
    run,
    scope,
    context,
  )
  const keyOf = ({ concordId, event }: IdentifiedItem) => `${survivors.get(concordId)} ${event.type.id}`
  const survivorOf = new Map([...members].flatMap(([survivor, some]) => some.map((each) => [each, survivor] as const)))
  const types = new Set(items.map(({ event }) => event.type.id))
  // No other process records into a scratch store, so people that this block makes have no events there.
  const known = [...survivorOf.keys()].filter((concordId) => isBefore(concordId, block))
  const heads = yield* headsOf(known, types, scope, context)
  const headsByKey = Map.groupBy(heads, ({ concordId, consentType }) => `${survivorOf.get(concordId)} ${consentType}`)
  const byKey = new Map<string, Standing>()
  for (const item of items) {
    const key = keyOf(item)
    if (byKey.has(key)) continue
    const { type } = item.event
    const ofKey = headsByKey.get(key) ?? []
    const survivor = survivors.get(item.concordId)!
    const before =
      isBefore(survivor, run) && mayHide(ofKey, run)
        ? yield* eventsBefore(members.get(survivor)!, type, run, scope, context)
        : Heads.fold(ofKey.filter(({ id }) => isBefore(id, run)))
    byKey.set(key, { type, before: answerOf(before, termsOf(type), now), heads: Heads.fold(ofKey) })
  }
  return { now, byKey, keyOf } satisfies Standings as Standings
})

/** The state of the items' answers while they are recorded one after the other. */
const follow = ({ byKey, keyOf, now }: Standings) => {
  const heads = new Map([...byKey].map(([key, standing]) => [key, standing.heads]))
  return {
    /** Adds an item, unless `isAdded` refuses the answers before the import, before the item, and after it. */
    add: (item: IdentifiedItem, isAdded: (before: Answer, standing: Answer, after: Answer) => boolean): boolean => {
      const key = keyOf(item)
      const { before, type } = byKey.get(key)!
      const terms = termsOf(type)
      const next = Heads.add(heads.get(key)!, toEvent(item.event, item.id, item.concordId, now))
      const answers = [answerOf(heads.get(key)!, terms, now), answerOf(next, terms, now)] as const
      if (!isAdded(before, ...answers)) return false
      heads.set(key, next)
      return true
    },
  }
}

/**
 * The items that would end a refusal of before the import, one after the other: an item that is left
 * out changes nothing for those after it.
 */
export const overturning = Effect.fnUntraced(function* (
  admitted: ReadonlyArray<IdentifiedItem>,
  block: BlockBegin,
  run: ImportRun,
  scope: ProjectScope,
  context: LedgerContext,
) {
  const items = context.isDryRun ? admitted : admitted.filter(({ concordId }) => isBefore(concordId, run))
  if (items.every(({ event }) => event.consentState === "declined")) return []
  const following = follow(yield* read(items, block, run, scope, context))
  return items.filter(
    (item) => !following.add(item, (before, standing, after) => standing.permitted || !isOverturned(before, after)),
  )
})

/** How the items of a block change answers: what to add to the counts, once the block is recorded. */
export const changes = Effect.fnUntraced(function* (
  items: ReadonlyArray<IdentifiedItem>,
  lineOf: (item: IdentifiedItem) => number,
  block: BlockBegin,
  run: ImportRun,
  scope: ProjectScope,
  context: LedgerContext,
) {
  const standings = yield* read(items, block, run, scope, context)
  const following = follow(standings)
  return (counts: AnswerCounts): void => {
    for (const item of items) {
      following.add(item, (before, standing, after) => {
        counts.changed += Number(isChanged(before, after)) - Number(isChanged(before, standing))
        const [was, is] = [isOverturned(before, standing), isOverturned(before, after)]
        counts.overturned += Number(is) - Number(was)
        const key = standings.keyOf(item)
        if (was && !is) counts.examples.delete(key)
        if (is && !was && counts.examples.size < maxExamples) {
          counts.examples.set(key, { line: lineOf(item), consentType: item.event.type.id })
        }
        return true
      })
    }
  }
})
