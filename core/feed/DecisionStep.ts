/**
 * A step of the feed that tells how answers of people changed, or will: what may be announced is judged from the merged
 * heads of each person's group, and written together with the place that it was found from.
 */
import { Effect } from "effect"
import type { Heads } from "../engine/Heads.ts"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { FeedStep, FeedWritten, NewChange } from "../ports/FeedStore.ts"
import type { RegionHistory } from "../model/RegionFacts.ts"
import * as DueGroups from "./DueGroups.ts"
import * as FeedPerson from "./FeedPerson.ts"
import * as FeedPlaces from "./FeedPlaces.ts"
import type { FeedScope } from "./FeedScope.ts"

/** A change without what follows from its person. */
export type JudgedChange = Omit<NewChange, "concordId" | "consentType" | "lane">

/** A person and type that may have something to tell. */
export interface Candidate {
  /** The stored person. */
  readonly concordId: string
  readonly consentType: string
  /**
   * What is announced of it, from the merged heads of its group as known at an instant; `undefined`: nothing.
   * `survivor` is the person that the group is counted as; left out: it is joined with no one. `regions` are those
   * that the group was in.
   */
  readonly judge: (
    heads: Heads,
    knownAt: Instant,
    survivor: string | undefined,
    regions: RegionHistory,
  ) => JudgedChange | undefined
}

/** What a step moves, and when it is written. */
export interface DecisionStep {
  readonly candidates: ReadonlyArray<Candidate>
  /** The place that moves with it, if it tells of a number of changes. */
  readonly place: (changes: number) => FeedStep["places"][number]
  readonly now: Instant
  /** In milliseconds: see {@link DueGroups.read}. */
  readonly slack: number
}

const changesOf = (
  { project }: FeedScope,
  candidates: ReadonlyArray<Candidate>,
  groups: DueGroups.DueGroups,
): ReadonlyArray<NewChange> =>
  candidates.flatMap(({ concordId, consentType, judge }) => {
    const group = groups.byPerson.get(concordId)!
    const heads = group.heads.get(consentType)
    if (heads === undefined || group.isErased) return []
    const change = judge(heads, groups.knownAt, group.isJoined ? group.survivor : undefined, group.regions)
    if (change === undefined) return []
    const until = Math.min(change.until ?? Infinity, groups.raisedTo + 1)
    return [{ ...change, concordId, consentType, lane: DueGroups.laneOf(project, concordId), until }]
  })

/** Everyone that changes are about: joined people with all that are joined with them. `undefined`: a group changed. */
const everyone = Effect.fnUntraced(function* (
  { organization }: FeedScope,
  changes: ReadonlyArray<NewChange>,
  groups: DueGroups.DueGroups,
  context: LedgerContext,
) {
  const seen = new Map<string, number>()
  const survivors = new Set<string>()
  for (const { concordId } of changes) {
    const group = groups.byPerson.get(concordId!)!
    for (const each of group.seen) seen.set(each.concordId, each.revision)
    if (group.isJoined) survivors.add(group.survivor)
  }
  for (const survivor of survivors) {
    const person = yield* FeedPerson.of(organization, survivor, context)
    for (const { concordId, revision } of person.seen) {
      if ((seen.get(concordId) ?? revision) !== revision) return undefined
      seen.set(concordId, revision)
    }
  }
  return [...seen].map(([concordId, revision]) => ({ concordId, revision }))
})

const write = (
  scope: FeedScope,
  place: FeedStep["places"][number],
  step: Pick<FeedStep, "changes" | "lanes" | "recordedAt" | "seen">,
  context: LedgerContext,
) => {
  const { organization, project, revision } = scope
  return FeedPlaces.write({ ...step, organization, project, catalog: revision, places: [place] }, context)
}

/** A step that was written, and how many changes it has. */
export interface StepOutcome {
  readonly written: FeedWritten
  readonly changes: number
}

const stale: StepOutcome = { written: { _tag: "Stale" }, changes: 0 }

/** Moves a place without a change. */
export const moveOnly = Effect.fnUntraced(function* (
  scope: FeedScope,
  place: FeedStep["places"][number],
  now: Instant,
  context: LedgerContext,
) {
  const lanes = [{ lane: place.lane, position: 0 }]
  const written = yield* write(scope, place, { changes: [], seen: [], lanes, recordedAt: now }, context)
  return { written, changes: 0 } satisfies StepOutcome as StepOutcome
})

/**
 * Tells of what candidates have to tell, and moves the place: all of it or, if something has changed meanwhile,
 * nothing.
 */
export const run = Effect.fnUntraced(function* (scope: FeedScope, step: DecisionStep, context: LedgerContext) {
  const { candidates, now, slack } = step
  const place = step.place(0)
  if (candidates.length === 0) return yield* moveOnly(scope, place, now, context)
  const people = candidates.map(({ concordId }) => concordId)
  const types = new Set(candidates.map(({ consentType }) => consentType))
  const groups = yield* DueGroups.read(scope, people, [...types], { now, slack }, context)
  const changes = changesOf(scope, candidates, groups)
  if (changes.length === 0) return yield* moveOnly(scope, place, now, context)
  const seen = yield* everyone(scope, changes, groups, context)
  if (seen === undefined) return stale
  const lanes = new Set([place.lane, ...seen.map(({ concordId }) => DueGroups.laneOf(scope.project, concordId))])
  const ends = [...lanes].toSorted((a, b) => a - b).map((lane) => groups.ends[lane]!)
  const moved = step.place(changes.length)
  const written = yield* write(scope, moved, { changes, lanes: ends, recordedAt: groups.knownAt, seen }, context)
  return { written, changes: changes.length } satisfies StepOutcome as StepOutcome
})
