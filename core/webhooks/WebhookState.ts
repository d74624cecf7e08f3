/**
 * How far a webhook has come, and how it fares: the state that is kept of it, as JSON.
 *
 * Changes are sent side by side, so they are not taken in the order of the lane. The place of a lane is before the
 * first change that is neither taken nor parked; what is done beyond it is listed.
 */
import type { Instant } from "../engine/Instant.ts"
import type { FeedPlace } from "../feed/ChangeCursor.ts"
import type { ItemKey } from "../ports/WebhookStore.ts"
import type { WebhookStart } from "../model/Catalog.ts"

/** How far a lane is done. */
export interface LaneProgress extends FeedPlace {
  /** The positions of events from the place on that are done. */
  readonly events: ReadonlyArray<number>
  /** The numbers of stored changes from the place on that are done. */
  readonly changes: ReadonlyArray<number>
}

/** A webhook that rests, because its receiver takes nothing. */
export interface Rest {
  readonly since: Instant
  /** Failed tries since then. */
  readonly tries: number
  readonly nextAt: Instant
}

/** How a webhook fares. */
export interface Health {
  readonly lastSuccessAt?: Instant
  /** Failed tries since the last that was taken. */
  readonly failures: number
  /** When the first of them failed. */
  readonly failingSince?: Instant
  readonly rest?: Rest
}

/** The state of a webhook. */
export interface LiveState {
  /** The number of the start that it began at. */
  readonly start: number
  /** Of every lane of the project, in order. */
  readonly lanes: ReadonlyArray<LaneProgress>
  readonly health: Health
  /** The number of the next try. */
  readonly nextTry: number
  /** The `dateUpdated` of the webhook that it was sent to last. */
  readonly updated?: Instant
}

/** The state of a replay: of a part of the feed, or of the dead letters. */
export type ReplayState =
  | { readonly kind: "part"; readonly lanes: ReadonlyArray<LaneProgress>; readonly to: ReadonlyArray<FeedPlace> }
  | { readonly kind: "dead"; readonly after?: ItemKey }

/** The name of the cursor of {@link LiveState}. */
export const live = "live"

/** The name of the cursor of a replay. */
export const replayName = (id: string): string => `replay ${id}`

/** Whether a cursor is that of a replay. */
export const isReplay = (name: string): boolean => name.startsWith("replay ")

type Lane = readonly [number, number, number, ReadonlyArray<number>?, ReadonlyArray<number>?]

const packLane = ({ changes, events, incarnation, number, position }: LaneProgress): Lane =>
  events.length + changes.length === 0
    ? [position, number, incarnation]
    : [position, number, incarnation, events, changes]

const openLane = ([position, number, incarnation, events = [], changes = []]: Lane, lane: number): LaneProgress => ({
  lane,
  position,
  number,
  incarnation,
  events,
  changes,
})

/** A lane from a place on, of which nothing is done. */
export const from = (place: FeedPlace): LaneProgress => ({ ...place, events: [], changes: [] })

/** The state of a webhook that has sent nothing since its start. */
export const begin = ({ number, places }: WebhookStart, before?: LiveState): LiveState => ({
  health: { failures: 0 },
  nextTry: 0,
  ...before,
  start: number,
  lanes: places.map(([position, number, incarnation], lane) => from({ lane, position, number, incarnation })),
})

/** The JSON of a state. */
export const writeLive = ({ lanes, ...state }: LiveState): string =>
  JSON.stringify({ ...state, lanes: lanes.map(packLane) })

/** A state from its JSON. */
export const readLive = (json: string): LiveState => {
  const { lanes, ...state } = JSON.parse(json)
  return { ...state, lanes: lanes.map(openLane) }
}

/** The JSON of the state of a replay. */
export const writeReplay = (state: ReplayState): string =>
  JSON.stringify(
    state.kind === "dead"
      ? state
      : { ...state, lanes: state.lanes.map(packLane), to: state.to.map((place) => packLane(from(place))) },
  )

/** The state of a replay from its JSON. */
export const readReplay = (json: string): ReplayState => {
  const state = JSON.parse(json)
  if (state.kind === "dead") return state
  const to = state.to.map((each: Lane, lane: number): FeedPlace => {
    const { changes: _changes, events: _events, ...place } = openLane(each, lane)
    return place
  })
  return { kind: "part", lanes: state.lanes.map(openLane), to }
}
