/**
 * The re-evaluations of a project that are not done, in the order in which they are worked off: the first one is under
 * way. Several changes that come while it is make one further re-evaluation for each cause.
 */
import type { Instant } from "../engine/Instant.ts"
import type { FeedStep } from "../ports/FeedStore.ts"
import * as FeedPlaces from "./FeedPlaces.ts"

/** Answers of types that are decided again, because they may differ from an instant on. */
export interface QueuedReevaluation {
  /** UUIDv7. */
  readonly id: string
  /** In ascending order. */
  readonly consentTypes: ReadonlyArray<string>
  readonly cause: "rules" | "version"
  /** The instant of the last change of terms. */
  readonly at: Instant
  /**
   * For each type, ascending instants; the last is that of its last change of terms. What was announced of an answer is
   * what it was right before one of them: the changes of terms that were not told to everybody yet, and the instant
   * until which lapses were announced. Left out of a type: only {@link at}.
   */
  readonly before?: Readonly<Record<string, ReadonlyArray<Instant>>>
  /** What was announced at or after a change of terms, before it was known. Left out: nothing. */
  readonly announced?: ReadonlyArray<AnnouncedRange>
}

/** Stored changes of a lane. */
export interface AnnouncedRange {
  /** From 0 in the project. */
  readonly lane: number
  /** The position of an event that is later than all of them. */
  readonly position: number
  /** The number of the first one. */
  readonly from: number
  /** The number that is not in it any more. */
  readonly to: number
}

/** A type to decide again. */
export interface ReevaluatedType {
  readonly id: string
  /** The instant of its last change of terms. */
  readonly at: Instant
  /** See {@link QueuedReevaluation.before}. */
  readonly before: ReadonlyArray<Instant>
}

/** A type of a re-evaluation; `undefined`: it is not decided again. */
export const typeOf = ({ at, before, consentTypes }: QueuedReevaluation, id: string): ReevaluatedType | undefined => {
  if (!consentTypes.includes(id)) return undefined
  const instants = before?.[id] ?? [at]
  return { id, at: instants.at(-1)!, before: instants }
}

/** The lane of its place. */
export const lane = 0

/** The name of its place. */
export const name = "reevaluation"

type Queue = ReadonlyArray<QueuedReevaluation>
type Move = FeedStep["places"][number]

/** The state of the place. */
export const stateOf = (places: FeedPlaces.FeedPlaces): string | undefined => places.get(FeedPlaces.keyOf(lane, name))

/** The queue; empty where it has no place. */
export const of = (places: FeedPlaces.FeedPlaces): Queue => {
  const state = stateOf(places)
  return state === undefined ? [] : (JSON.parse(state) as Queue)
}

/** The move to another queue. An empty one has no place. */
export const moveTo = (queue: Queue, places: FeedPlaces.FeedPlaces): Move => ({
  lane,
  name,
  before: stateOf(places),
  after: queue.length === 0 ? undefined : JSON.stringify(queue),
})

/** The ranges of two re-evaluations, one for each lane. */
const announcedIn = (
  { announced = [] }: QueuedReevaluation,
  added: QueuedReevaluation,
): Pick<QueuedReevaluation, "announced"> => {
  const all = Map.groupBy([...announced, ...(added.announced ?? [])], ({ lane }) => lane)
  if (all.size === 0) return {}
  const whole = [...all].map(([lane, ranges]) => ({
    lane,
    position: Math.max(...ranges.map(({ position }) => position)),
    from: Math.min(...ranges.map(({ from }) => from)),
    to: Math.max(...ranges.map(({ to }) => to)),
  }))
  return { announced: whole }
}

const merged = (waiting: QueuedReevaluation, added: QueuedReevaluation): QueuedReevaluation => ({
  ...waiting,
  consentTypes: [...new Set([...waiting.consentTypes, ...added.consentTypes])].toSorted(),
  at: Math.max(waiting.at, added.at),
  before: { ...waiting.before, ...added.before },
  ...announcedIn(waiting, added),
})

/** The instants of a type, with those of the re-evaluation that it is added to. */
const instantsOf = (
  waiting: QueuedReevaluation | undefined,
  { at }: QueuedReevaluation,
  told: Instant | undefined,
  id: string,
): ReadonlyArray<Instant> => {
  const known = waiting === undefined ? [] : (typeOf(waiting, id)?.before ?? [])
  const all = [...new Set([...known, ...(told !== undefined && told + 1 < at ? [told + 1] : []), at])].toSorted(
    (a, b) => a - b,
  )
  // What is between the first and the last ones matters only for what was recorded between them.
  return all.length <= mostInstants ? all : [...all.slice(0, 1), ...all.slice(1 - mostInstants)]
}

/**
 * The queue with another re-evaluation: together with the one of its cause that waits, or at its end. `told` is the
 * instant until which everything that lapsed of a type was announced, for one of the re-evaluations that begin with it;
 * `underWay` is how many have begun before.
 */
export const add = (
  queue: Queue,
  added: QueuedReevaluation,
  told: (id: string) => Instant | undefined,
  underWay: number,
): Queue => {
  const index = queue.findIndex(({ cause }, index) => index >= underWay && cause === added.cause)
  const waiting = queue[index]
  const before = Object.fromEntries(added.consentTypes.map((id) => [id, instantsOf(waiting, added, told(id), id)]))
  const whole = { ...added, before }
  if (waiting === undefined) return [...queue, whole]
  return queue.map((each, at) => (at === index ? merged(each, whole) : each))
}

/** How many instants are kept of a type whose terms change again and again. */
const mostInstants = 32
