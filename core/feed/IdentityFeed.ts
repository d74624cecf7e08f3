/**
 * Copies identity changes of an organization into the lanes of a project: joins, undoings, identifications and
 * erasures, and the answers that they changed.
 *
 * The place in the lane of the organization moves with what is written of it, so each change is announced exactly once.
 */
import { Effect } from "effect"
import * as Instants from "../engine/Instant.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Lane from "../model/Lane.ts"
import type { FeedStep, LaneEnd, NewChange, NotedIdentityChange } from "../ports/FeedStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as DueScan from "./DueScan.ts"
import * as FeedPerson from "./FeedPerson.ts"
import * as FeedPlaces from "./FeedPlaces.ts"
import * as FeedProgress from "./FeedProgress.ts"
import * as FeedScopes from "./FeedScope.ts"
import type { FeedScope } from "./FeedScope.ts"
import * as IdentityAnswers from "./IdentityAnswers.ts"
import * as IdentityHeads from "./IdentityHeads.ts"
import * as IdentityNews from "./IdentityNews.ts"
import * as ReevaluationQueue from "./ReevaluationQueue.ts"

/** How many identity changes are read at a time. */
const readChanges = 100

/** The name of the place in a lane of the organization, which is from 0. */
export const placeName = ({ organization }: FeedScope, lane: number): string =>
  `people ${Lane.range(organization)[0] + lane}`

/** The lane of the project, from 0, that keeps the place in a lane of the organization. */
export const placeLane = ({ project }: FeedScope, lane: number): number => lane % project.lanes

/** The place before the identity change with a number. */
export const stateOf = (position: number): string => JSON.stringify({ position })

/** The number of the next identity change to tell; `undefined` for a state that is not there. */
export const positionOf = (state: string | undefined): number | undefined =>
  state === undefined ? undefined : (JSON.parse(state) as { readonly position: number }).position

/**
 * How much later than it was read a step may be recorded, in milliseconds, because a lane that is written to all the
 * time moves on until the step is written. What the people do meanwhile is recorded after that.
 */
const slackMillis = 100

/**
 * How long before the last complete tick answers may have changed that were not announced of everyone, in milliseconds:
 * while a tick looks for what is due, people may be parted.
 */
const doubtMillis = 60_000

/** The change that tells of the identity change itself; none of another region, which changes answers alone. */
const personChanges = (
  { id, kind, member, recordedAt, survivor }: NotedIdentityChange,
  people: ReadonlyArray<string>,
  concordId: string,
): ReadonlyArray<Omit<NewChange, "lane">> => {
  if (kind === "region") return []
  const body = kind === "erased" ? { members: people, erasure: id } : { member, survivor, fact: id }
  return [{ at: recordedAt, type: `person.${kind}`, concordId, body: JSON.stringify(body) }]
}

/** Changes to write, with everyone that they are about as it was read. */
interface Prepared {
  readonly changes: ReadonlyArray<NewChange>
  readonly seen: FeedStep["seen"]
  readonly recordedAt: Instant
  /** Whether the project has events of their people. */
  readonly isAnswered: boolean
}

const nothing: Prepared = { changes: [], seen: [], recordedAt: Instants.min, isAnswered: false }

const laneOf = ({ project }: FeedScope, concordId: string): number =>
  Lane.of(project, concordId) - Lane.range(project)[0]

/**
 * The people of a part, grouped as they are one now: those that were parted since are announced apart, because a reader
 * knows each by its own id.
 */
const announcedOf = Effect.fnUntraced(function* (
  { organization }: FeedScope,
  part: IdentityNews.IdentityPart,
  context: LedgerContext,
) {
  const announced: Array<IdentityAnswers.Announced> = []
  const rest = new Set(part.of.members)
  for (const concordId of rest) {
    const person = yield* FeedPerson.of(organization, concordId, context)
    const members = part.of.members.filter((each) => person.members.includes(each))
    for (const member of members) rest.delete(member)
    announced.push({ part, members, person })
  }
  return announced
})

/**
 * The changes that one identity change makes in the project. It tells joins and undoings even if the project has no
 * events of their people yet, because a follower must know of them once there is one. Then it tells nothing else.
 */
const prepare = Effect.fnUntraced(function* (
  scope: FeedScope,
  noted: NotedIdentityChange,
  { now, recordedUntil, since }: { readonly now: Instant; readonly recordedUntil: Instant; readonly since: Instant },
  context: LedgerContext,
): Effect.fn.Return<Prepared, StoreUnavailable> {
  const { project } = scope
  const { people, parts } = yield* IdentityNews.of(scope, noted, context)
  const isJoining = noted.kind === "joined" || noted.kind === "undone"
  if (!isJoining && (yield* IdentityHeads.read(scope, people, context)).size === 0) return nothing
  const raise = (ids: Iterable<string>, at: Instant) =>
    Effect.forEach(ids, (id) => context.answerHorizon.raise(id, at + slackMillis), { discard: true })
  const earliest = Math.max(now, recordedUntil, noted.recordedAt, FeedScopes.learntOf(scope))
  yield* raise([project.id, ...people], earliest)
  const announced = (yield* Effect.forEach(parts, (part) => announcedOf(scope, part, context))).flat()
  const knownAt = announced.reduce((latest, { person }) => Math.max(latest, person.learnt), earliest)
  const members = [...new Set([...people, ...announced.flatMap(({ person }) => person.members)])]
  yield* raise([project.id, ...members], knownAt)
  const heads = yield* IdentityHeads.read(scope, members, context)
  const at = noted.recordedAt
  const before = [...new Set(parts.flatMap((part) => part.before))]
  const past = yield* IdentityHeads.before(scope, before, heads, at, context)
  const places = yield* FeedPlaces.of(project, context)
  const hasRegions = scope.publications.length > 0
  const facts = hasRegions ? yield* Joins.facts(scope.organization, noted.member, context) : []
  const view = {
    ...{ scope, places, at, knownAt, since: Math.min(since, at) - doubtMillis, heads, past, facts },
    recordedUntil: Math.max(at, recordedUntil),
  }
  const changes = announced.flatMap((each) => IdentityAnswers.changesOf(view, each))
  const id =
    noted.kind === "erased" ? IdentityAnswers.idOf({ part: parts[0]!, members: people }, heads) : noted.survivor
  const lasting = changes.map(({ until = Infinity, ...change }) => ({
    ...change,
    until: Math.min(until, knownAt + slackMillis + 1),
  }))
  return {
    changes: [...personChanges(noted, people, id), ...lasting].map((change) => ({
      ...change,
      lane: laneOf(scope, change.concordId!),
    })),
    seen: announced.flatMap(({ person }) => person.seen),
    recordedAt: knownAt,
    isAnswered: heads.size > 0,
  }
})

/** The step that tells of what was prepared, and moves the place. */
const stepOf = (
  scope: FeedScope,
  prepared: ReadonlyArray<Prepared>,
  place: FeedStep["places"][number],
  ends: ReadonlyArray<LaneEnd>,
): FeedStep => {
  const { organization, project, revision } = scope
  const changes = prepared.flatMap((each) => each.changes)
  const seen = new Map(prepared.flatMap((each) => each.seen).map((each) => [each.concordId, each]))
  const people = [...seen.keys()].map((concordId) => laneOf(scope, concordId))
  const lanes = new Set([place.lane, ...people, ...changes.map(({ lane }) => lane)])
  return {
    organization,
    project,
    ...(changes.length > 0 && { catalog: revision }),
    seen: [...seen.values()],
    lanes: [...lanes].toSorted((a, b) => a - b).map((lane) => ({ lane, position: ends[lane]!.position })),
    recordedAt: Math.max(...prepared.map(({ recordedAt }) => recordedAt)),
    changes,
    places: [place],
  }
}

/** The earliest instant right before which answers were announced that a re-evaluation is still to decide again. */
const reevaluatedSince = (places: FeedPlaces.FeedPlaces): Instant =>
  ReevaluationQueue.of(places)
    .flatMap((job) => job.consentTypes.flatMap((id) => ReevaluationQueue.typeOf(job, id)?.before ?? []))
    .reduce((first, at) => Math.min(first, at - 1), Instants.max)

/**
 * Tells of the next identity changes in a lane of the organization, from 0: up to the first that is about people with
 * events in the project, and all that were recorded at its number. `toldUntil`: everything that time changed until then
 * was announced; `undefined`: not known.
 */
export const step = Effect.fnUntraced(function* (
  scope: FeedScope,
  lane: number,
  { now, toldUntil }: { readonly now: Instant; readonly toldUntil: Instant | undefined },
  context: LedgerContext,
): Effect.fn.Return<FeedProgress.FeedProgress, StoreUnavailable> {
  const { organization, project } = scope
  const { store } = context
  const place = { lane: placeLane(scope, lane), name: placeName(scope, lane) }
  const places = yield* FeedPlaces.of(project, context)
  const before = places.get(FeedPlaces.keyOf(place.lane, place.name))
  const position = positionOf(before)
  if (position === undefined) return FeedProgress.idle
  const noted = yield* store.feed.identityChanges(organization, lane, position, readChanges)
  if (noted.length === 0) return FeedProgress.idle
  const ends = yield* store.feed.ends(project)
  const recordedUntil = ends.reduce((latest, { lastRecordedAt }) => Math.max(latest, lastRecordedAt), Instants.min)
  const told = toldUntil ?? (yield* DueScan.toldUntil(scope, now, context))
  const known = { now, recordedUntil, since: Math.min(told, reevaluatedSince(places)) }
  const prepared: Array<Prepared> = []
  let next = position
  for (const [at, together] of Map.groupBy(noted, (each) => each.position)) {
    next = at + 1
    prepared.push(...(yield* Effect.forEach(together, (each) => prepare(scope, each, known, context))))
    if (prepared.some(({ isAnswered }) => isAnswered)) break
  }
  const step = stepOf(scope, prepared, { ...place, before, after: stateOf(next) }, ends)
  return FeedProgress.of(step, yield* FeedPlaces.write(step, context))
})
