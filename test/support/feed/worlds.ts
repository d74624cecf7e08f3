/**
 * Random worlds for the laws of the feed: few people, types, dates and periods, so that ties, month ends, late events,
 * joins and lapses of one instant happen. A world is a list of steps that ledgers over one store play.
 */
import * as fc from "fast-check"
import type { TypeChange } from "../../../core/catalog/ConsentTypes.ts"
import * as ConsentState from "../../../core/engine/ConsentState.ts"
import type { Period } from "../../../core/engine/Period.ts"

const hour = 3_600_000
const day = 24 * hour

const period = (months: number, days: number, millis: number): Period => ({ months, days, millis })
const oneHour = period(0, 0, hour)
const oneDay = period(0, 1, 0)
const oneMonth = period(1, 0, 0)
const thirtyDays = period(0, 30, 0)

/** A person: an account, or a visitor. */
export type Who = { readonly account: number } | { readonly guest: number }

/** A consent that is recorded. */
export interface Say {
  readonly kind: "say"
  readonly server: number
  readonly who: Who
  readonly type: number
  readonly state: ConsentState.ConsentState
  /** How long before the clock it is dated, in milliseconds; left out: it has no date of its own. */
  readonly ago: number | undefined
  /** How long after its date it expires, in milliseconds; left out: it has no expiration of its own. */
  readonly lasts: number | undefined
  /** The region of the session that a visitor says it in; left out: a server of the company says it. */
  readonly region?: number
}

/** A server's scheduler looks for what is due. */
export interface Tick {
  readonly kind: "tick"
  readonly server: number
  /** Its server dies at one of the writes, before or after it is made, and another one starts in its place. */
  readonly dies?: { readonly write: number; readonly isMade: boolean }
}

/** A step of a world. */
export type Step =
  | Say
  | Tick
  | { readonly kind: "identify"; readonly server: number; readonly guest: number; readonly account: number }
  | { readonly kind: "undo"; readonly server: number; readonly join: number }
  | { readonly kind: "erase"; readonly server: number; readonly who: Who }
  | {
      readonly kind: "change"
      readonly server: number
      readonly type: number
      readonly change: TypeChange
      readonly ahead: number | undefined
    }
  | { readonly kind: "cancel"; readonly server: number; readonly type: number }
  /** Regions are published, each with one of {@link regionRules}: the default one and then the others. */
  | { readonly kind: "publish"; readonly server: number; readonly rules: ReadonlyArray<number> }
  /** Two steps that are carried out concurrently. */
  | { readonly kind: "both"; readonly steps: readonly [Exclude<Step, { kind: "both" }>, Tick] }

/** The milliseconds that the clock goes on before each step, and the steps. */
export interface World {
  /** How far the clock of each of the two servers is ahead. */
  readonly ahead: readonly [number, number]
  readonly lanes: number
  /** The lead times of the project. */
  readonly leads: ReadonlyArray<Period>
  /** Whether visitors are in regions, so that the second type is one that regions have rules for. */
  readonly hasRegions?: boolean
  /** What the types are at the beginning. */
  readonly types: readonly [TypeChange, TypeChange]
  readonly steps: ReadonlyArray<readonly [wait: number, step: Step]>
}

const some = <A>(...values: ReadonlyArray<A>): fc.Arbitrary<A> => fc.constantFrom(...values)

/** Rules and durations by which answers lapse within the steps. */
const conditions: fc.Arbitrary<TypeChange> = some<TypeChange>(
  {},
  { rules: { maxAge: { accepted: oneDay } } },
  { rules: { maxAge: { accepted: oneMonth, declined: oneHour } } },
  { rules: { maxAge: { accepted: oneMonth, implied: oneDay, viewed: oneHour } } },
  { rules: { maxAge: { accepted: oneHour, declined: oneHour, implied: oneHour, viewed: oneHour } } },
  { rules: { precedence: "most-recent", maxAge: { accepted: oneDay, declined: thirtyDays } } },
  { rules: { recordedExpiration: "ignore", maxAge: { implied: oneMonth } } },
  { rules: { permits: "viewed", maxAge: { implied: oneDay } } },
  { rules: { permits: "accepted" } },
  { consentDuration: oneDay },
  { consentDuration: oneMonth, rules: { permits: "viewed" } },
  { consentDuration: thirtyDays, rules: { maxAge: { accepted: oneMonth } } },
  { consentDuration: null, rules: {} },
)

const server = some(0, 0, 1)
const guest = some(0, 0, 1)
const who: fc.Arbitrary<Who> = fc.oneof(fc.record({ account: some(0, 0, 1) }), fc.record({ guest }))
const type = some(0, 0, 1)

/** What a region may lay over the rules of types. */
export const regionRules = [
  { consentMode: "express", consentDuration: 1 },
  { consentMode: "implied", consentDuration: 1 },
  { consentMode: "express", consentDuration: 2 },
  { consentMode: "implied", consentDuration: 120 },
] as const

const regionRule = some(0, 1, 2, 3)

const sayInRegion: fc.Arbitrary<Say> = fc.record({
  kind: fc.constant("say"),
  server: some(0, 0, 1),
  who: fc.record({ guest: some(0, 0, 1) }),
  type: some(0, 1, 1),
  state: fc.constantFrom("accepted", ...ConsentState.all),
  ago: fc.constant(undefined),
  lasts: fc.constant(undefined),
  region: some(0, 0, 1, 2),
})

const say: fc.Arbitrary<Say> = fc.record({
  kind: fc.constant("say"),
  server,
  who,
  type,
  state: fc.constantFrom("accepted", ...ConsentState.all),
  ago: some(undefined, undefined, 0, 1, hour, day, 30 * day),
  lasts: some(undefined, undefined, undefined, hour, day, 31 * day),
})

const tick: fc.Arbitrary<Tick> = fc.record(
  {
    kind: fc.constant("tick"),
    server,
    dies: fc.record({ write: some(0, 0, 1, 2), isMade: fc.boolean() }),
  },
  { requiredKeys: ["kind", "server"] },
)

/** What worlds may have besides events and ticks. */
export interface Choices {
  readonly identities: boolean
  readonly erasures: boolean
  readonly changes: boolean
  /** Whether visitors are in regions, which are published. */
  readonly regions: boolean
  /** Whether two steps are carried out concurrently, and servers die. */
  readonly troubles: boolean
  /** Whether most steps come at one instant, many of them at the same time, and people are joined and parted often. */
  readonly isDense: boolean
}

const everything: Choices = {
  ...{ identities: true, erasures: true, changes: true, regions: false },
  ...{ troubles: true, isDense: false },
}

const quietTick: fc.Arbitrary<Tick> = fc.record({ kind: fc.constant("tick"), server })

const single = (choices: Choices): fc.Arbitrary<Exclude<Step, { kind: "both" }>> =>
  fc.oneof(
    { weight: 12, arbitrary: say },
    { weight: 8, arbitrary: choices.troubles ? tick : quietTick },
    {
      weight: choices.identities ? (choices.isDense ? 8 : 4) : 0,
      arbitrary: fc.record({ kind: fc.constant("identify" as const), server, guest, account: some(0, 0, 1) }),
    },
    {
      weight: choices.identities ? (choices.isDense ? 5 : 2) : 0,
      arbitrary: fc.record({ kind: fc.constant("undo" as const), server, join: some(0, 0, 1, 2) }),
    },
    { weight: choices.regions ? 12 : 0, arbitrary: sayInRegion },
    {
      weight: choices.regions ? 4 : 0,
      arbitrary: fc.record({
        kind: fc.constant("publish" as const),
        server,
        rules: fc.array(regionRule, { minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: choices.erasures ? 1 : 0,
      arbitrary: fc.record({ kind: fc.constant("erase" as const), server, who }),
    },
    {
      weight: choices.changes ? 4 : 0,
      arbitrary: fc.record({
        kind: fc.constant("change" as const),
        server,
        type,
        change: fc.oneof(
          conditions,
          some<TypeChange>(
            { requireReaccept: true },
            { requireReaccept: true, grace: oneHour },
            { requireReaccept: true, grace: oneMonth },
            { description: "other words" },
            { status: "archived" },
          ),
        ),
        ahead: some(undefined, undefined, 1, hour, day),
      }),
    },
    {
      weight: choices.changes ? 1 : 0,
      arbitrary: fc.record({ kind: fc.constant("cancel" as const), server, type }),
    },
  ) as fc.Arbitrary<Exclude<Step, { kind: "both" }>>

/** Worlds with regions begin with some. */
const firstPublication: World["steps"][number] = [0, { kind: "publish", server: 0, rules: [0, 1, 2] }]

const shortWait = some(0, 0, 0, 0, 1, 2, hour, day)
const wait = some(0, 0, 1, 1, hour - 1, hour, day, 29 * day, 30 * day)

/** A world. */
export const world = (maxLength: number, choices: Partial<Choices> = {}): fc.Arbitrary<World> => {
  const all = { ...everything, ...choices }
  const alone = single(all)
  const step: fc.Arbitrary<Step> = all.troubles
    ? fc.oneof(
        { weight: 6, arbitrary: alone as fc.Arbitrary<Step> },
        {
          weight: all.isDense ? 3 : 1,
          arbitrary: fc.record({ kind: fc.constant("both" as const), steps: fc.tuple(alone, tick) }),
        },
      )
    : alone
  return fc.record({
    ahead: all.troubles
      ? some<World["ahead"]>([0, 0], [0, 0], [0, 1], [0, 2000], [2000, 0], [0, hour])
      : fc.constant<World["ahead"]>([0, 0]),
    lanes: some(1, 2, 3),
    hasRegions: fc.constant(all.regions),
    leads: some<World["leads"]>([], [], [oneHour], [oneDay, oneMonth], [thirtyDays]),
    types: fc.tuple(conditions, conditions),
    steps: fc
      .array(fc.tuple(all.isDense ? shortWait : wait, step), { minLength: 2, maxLength, size: "max" })
      .map((steps): World["steps"] => (all.regions ? [firstPublication, ...steps] : steps)),
  })
}

/**
 * Whether one server makes all changes of identity and of the catalog, and announces: an answer about a person is later
 * than all of them for that server alone. Servers record events in any case.
 */
export const hasOneAuthority = ({ ahead, steps }: World): boolean =>
  ahead.every((each) => each === 0) &&
  steps.every(([, step]) =>
    (step.kind === "both" ? step.steps : [step]).every(({ kind, server }) => kind === "say" || server === 0),
  )

/** Late events, and the order in which they are recorded. */
export interface LateEvents {
  readonly world: World
  readonly says: ReadonlyArray<Say>
  /** The indexes of the events. */
  readonly order: ReadonlyArray<number>
}

/**
 * The world in which late events are recorded in an order: all at one instant, with ticks between them. `ago` of each
 * is another one, because of two events of one date the one recorded later counts.
 */
export const inOrder = ({ says, world }: LateEvents, order: ReadonlyArray<number>): World => ({
  ...world,
  steps: [
    [60 * day, { kind: "tick", server: 0 }],
    ...order.flatMap((index): World["steps"] => [
      [0, says[index]!],
      [0, { kind: "tick", server: 0 }],
    ]),
    ...world.steps,
  ],
})

/** Late events in two orders, followed by waits and ticks. */
export const lateEvents: fc.Arbitrary<LateEvents> = fc
  .uniqueArray(
    fc.record({
      kind: fc.constant("say" as const),
      server: fc.constant(0),
      who,
      type: fc.constant(0),
      state: fc.constantFrom(...ConsentState.all),
      ago: some(0, 1, hour, day - 1, day, 2 * day, 29 * day, 30 * day, 31 * day),
      lasts: some(undefined, undefined, day, 31 * day),
    }),
    { minLength: 2, maxLength: 5, size: "max", selector: ({ ago }) => ago },
  )
  .chain((says) =>
    fc.record({
      says: fc.constant(says),
      order: fc.shuffledSubarray(
        says.map((_, index) => index),
        { minLength: says.length },
      ),
      world: fc.record({
        ahead: fc.constant<World["ahead"]>([0, 0]),
        lanes: some(1, 2),
        leads: fc.constant([]),
        types: fc.tuple(conditions, conditions),
        steps: fc.array(fc.tuple(wait, quietTick), { maxLength: 3 }),
      }),
    }),
  )
