/**
 * The events of a run, made from its seed: the requests of several concurrent clients, and the faults.
 *
 * There are few people, types, keys and external ids, because the interesting cases are clients that want the same one.
 */
import * as fc from "fast-check"
import type { ConsentState } from "../../../core/engine/ConsentState.ts"
import type { Troubles } from "./faultyStore.ts"

const hour = 3_600_000

/** A person as a request names it: identifiers that a company knows, or a visitor of a page. */
export interface Who {
  readonly user?: number
  /** The account of one project. */
  readonly account?: number
  readonly email?: number
  readonly visitor?: number
}

/** A consent that is to be recorded. */
export interface Saying {
  readonly who: Who
  readonly type: number
  readonly consentState: ConsentState
  /** How long before now, in milliseconds; left out: now. An instant a little after the clock counts as now, too. */
  readonly ago: number | undefined
  readonly lasts: number | undefined
  readonly version: number | undefined
  readonly externalId: number | undefined
}

/** The idempotency key of a request: none, its own, or one that other requests use as well. */
export type Key = "own" | number | undefined

export type Action =
  | { readonly kind: "record"; readonly sayings: ReadonlyArray<Saying>; readonly leavesOut: boolean; readonly key: Key }
  | { readonly kind: "visit"; readonly browser: number | undefined; readonly key: Key }
  | {
      readonly kind: "identify"
      readonly visitor: number
      readonly user: number
      readonly proof: "own" | number
      readonly key: Key
    }
  | { readonly kind: "undo"; readonly who: Who; readonly join: number }
  | { readonly kind: "release"; readonly identifier: Who; readonly key: Key }
  | { readonly kind: "rename"; readonly from: number; readonly to: number; readonly key: Key }
  | {
      readonly kind: "publish"
      readonly type: number
      readonly requireReaccept: boolean
      readonly ahead: number | undefined
      readonly graceMillis: number | undefined
      readonly isToCurrent: boolean
    }
  | { readonly kind: "cancel"; readonly type: number }
  | { readonly kind: "archive"; readonly type: number; readonly isBack: boolean }
  | { readonly kind: "create"; readonly label: number; readonly key: Key }
  | { readonly kind: "remove"; readonly type: number }
  | { readonly kind: "ask"; readonly who: Who; readonly ago: number | undefined }
  | { readonly kind: "list"; readonly limit: number }
  /** The scheduler of a process looks for what is due. */
  | { readonly kind: "tick" }
  /** Reads the next page of the change feed. */
  | { readonly kind: "follow"; readonly limit: number }

export interface Story {
  /** The requests of each client, one after the other. */
  readonly clients: ReadonlyArray<ReadonlyArray<Action>>
  /** The number of lanes of the project and of the organization. */
  readonly lanes: number
  /** The number of processes that serve the ledger, over one store. */
  readonly processes: number
  readonly troubles: Troubles
  /** Probability that a client does not wait for an answer. */
  readonly hangsUp: number
  /** The turns at which a process is killed, each counted from the previous one. */
  readonly crashes: ReadonlyArray<number>
  /** Probability that the clock advances, or is set back, between two turns. */
  readonly clock: number
  /** The seed of all random decisions during the run. */
  readonly chance: number
  /** The requests of clients that make the scheduler tick and follow the change feed. */
  readonly feed: ReadonlyArray<ReadonlyArray<Action>>
}

const some = <A>(...values: ReadonlyArray<A>): fc.Arbitrary<A> => fc.constantFrom(...values)

const visitor = fc.nat({ max: 3 })
const one = some(0, 0, 1)
const user = some(0, 0, 0, 1, 1, 2)
const who: fc.Arbitrary<Who> = fc.oneof(
  fc.record({ user }),
  fc.record({ user }),
  fc.record({ email: one }),
  fc.record({ email: one }),
  fc.record({ account: one }),
  fc.record({ user, email: one }),
  fc.record({ user, email: one }),
  fc.record({ user, email: one }),
  fc.record({ account: one, email: one }),
  fc.record({ account: one, email: one }),
  fc.record({ user, account: one }),
  fc.record({ visitor }),
  fc.record({ visitor }),
  fc.record({ visitor }),
  fc.record({ visitor, email: one }),
  fc.record({ visitor, user }),
)
const key: fc.Arbitrary<Key> = some<Key>(undefined, "own", "own", "own", 0, 1)

const saying: fc.Arbitrary<Saying> = fc.record({
  who,
  type: some(0, 0, 1, 2),
  consentState: some("accepted", "declined", "implied", "viewed"),
  ago: some(undefined, undefined, 0, 1, hour, 2 * hour, -60_000),
  lasts: some(undefined, undefined, 1, hour, 3 * hour),
  version: some(undefined, undefined, undefined, undefined, undefined, undefined, 1, 2),
  externalId: some(undefined, undefined, undefined, undefined, 0, 1, 2),
})

const action: fc.Arbitrary<Action> = fc.oneof<fc.WeightedArbitrary<Action>[]>(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("record"),
      sayings: fc.array(saying, { minLength: 1, maxLength: 3 }),
      leavesOut: some(false, false, false, true),
      key,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("visit"), browser: some(undefined, 0, 1), key }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("identify"),
      visitor,
      user: one,
      proof: some<"own" | number>("own", "own", 0),
      key,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("undo"), who, join: fc.nat({ max: 2 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("release"),
      identifier: fc.oneof(fc.record({ user }), fc.record({ email: one }), fc.record({ account: one })),
      key,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rename"), from: user, to: user, key }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("publish"),
      type: some(0, 0, 1),
      requireReaccept: fc.boolean(),
      ahead: some(undefined, undefined, 1, hour),
      graceMillis: some(undefined, undefined, hour),
      isToCurrent: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel"), type: some(0, 0, 1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("archive"), type: some(0, 1, 2), isBack: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("create"), label: one, key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove"), type: some(2, 2, 3) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("ask"), who, ago: some(undefined, undefined, 0, 1, hour) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("list"), limit: some(1, 2, 3) }) },
)

const feedAction: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant("tick" as const) }),
  fc.record({ kind: fc.constant("follow" as const), limit: some(1, 2, 100) }),
)

export const story: fc.Arbitrary<Story> = fc.record({
  clients: fc.array(fc.array(action, { minLength: 1, maxLength: 7, size: "max" }), {
    minLength: 2,
    maxLength: 4,
    size: "max",
  }),
  lanes: some(1, 2),
  processes: some(1, 1, 1, 2),
  troubles: fc.record({ failsBefore: some(0, 0.02), failsAfter: some(0, 0.02, 0.1), slowness: some(0, 3, 30) }),
  hangsUp: some(0, 0, 0.05, 0.3),
  crashes: fc.array(fc.nat({ max: 300 }), { maxLength: 3 }),
  clock: some(0, 0.02, 0.2),
  chance: fc.nat(),
  // The last of all, so that a seed gives the rest of a story that it gave before.
  feed: fc.array(fc.array(feedAction, { minLength: 1, maxLength: 8, size: "max" }), { maxLength: 2, size: "max" }),
})
