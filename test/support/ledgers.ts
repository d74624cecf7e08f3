/**
 * Random ledgers for the laws.
 *
 * They have few instants, versions and people on purpose: two events at the same instant, a lapse at the very instant
 * of another event, and an expiration at the end of a grace are the interesting cases, and with many instants they
 * would not occur.
 */
import * as fc from "fast-check"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import type { ConsentType, Version } from "../../core/engine/ConsentType.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Period } from "../../core/engine/Period.ts"
import type { Match, MaxAge, Rules, RuleSet } from "../../core/engine/Rules.ts"
import * as EventTable from "./eventTable.ts"
import type { Story } from "./oracle.ts"

/** The instants at which everything happens: an hour, a day, a month and a year apart, at month ends and leap days. */
export const instants: ReadonlyArray<Instant> = [
  "2023-02-28T00:00:00.000Z",
  "2024-01-31T00:00:00.000Z",
  "2024-01-31T01:00:00.000Z",
  "2024-02-01T00:00:00.000Z",
  "2024-02-29T00:00:00.000Z",
  "2024-03-31T00:00:00.000Z",
  "2025-01-31T00:00:00.000Z",
  "2025-02-28T00:00:00.000Z",
].map((text) => Date.parse(text))

/** The first and the last possible instant. */
export const ends: readonly [first: Instant, last: Instant] = [
  Date.parse("0001-01-01T00:00:00.000Z"),
  Date.parse("9999-12-31T23:59:59.999Z"),
]

/** The instants with the milliseconds before and after them. */
export const around = (some: Iterable<Instant>): ReadonlyArray<Instant> => [
  ...new Set([...some].flatMap((instant) => [instant - 1, instant, instant + 1]).filter((near) => near <= ends[1])),
]

/** Instants to ask at: the few instants, those just before and after them, and the first and last possible instant. */
export const probes: ReadonlyArray<Instant> = [ends[0], ...around(instants), ends[1]]

const period = (months: number, days: number, millis: number): Period => ({ months, days, millis })

/** Durations that lead from one of the few instants to another. */
const someTime: ReadonlyArray<Period> = [
  period(0, 0, 3_600_000),
  period(0, 1, 0),
  period(0, 29, 0),
  period(1, 0, 0),
  period(2, 0, 0),
  period(12, 0, 0),
  period(13, 0, 0),
  period(12, 0, 86_400_000),
]
const noTime = period(0, 0, 0)
const untilTheEnd = period(9999 * 12, 0, 0)

export const duration: fc.Arbitrary<Period> = fc.constantFrom(...someTime)
const durationOrNone: fc.Arbitrary<Period> = fc.constantFrom(noTime, untilTheEnd, ...someTime)

export const instant: fc.Arbitrary<Instant> = fc.constantFrom(...instants)

/** The instant of a question. */
export const at: fc.Arbitrary<Instant> = fc.constantFrom(...probes)

/** A `knownAt`: mostly one at which everything is known. */
export const knownAt: fc.Arbitrary<Instant> = fc.oneof(fc.constant(ends[1]), at)

const maxAge: fc.Arbitrary<MaxAge> = fc.record(
  {
    accepted: fc.option(durationOrNone),
    declined: fc.option(durationOrNone),
    implied: fc.option(durationOrNone),
    viewed: fc.option(durationOrNone),
  },
  { requiredKeys: [] },
)

export const rules: fc.Arbitrary<Rules> = fc.record(
  {
    precedence: fc.constantFrom("explicit-first", "most-recent"),
    maxAge,
    recordedExpiration: fc.constantFrom("honor", "ignore"),
    permits: fc.constantFrom("accepted", "implied", "viewed"),
  },
  { requiredKeys: [] },
)

const ordered = fc.tuple(instant, instant).map(([a, b]) => (a < b ? ([a, b] as const) : ([b, a] as const)))

/**
 * Most versions require re-acceptance, because only two such versions can end answers at the same instant, or in
 * another order than their numbers.
 */
const mostly = fc.constantFrom(true, true, true, false)

/** A version with one of some numbers. */
export const version = (numbers: fc.Arbitrary<number>): fc.Arbitrary<Version> =>
  fc
    .tuple(numbers, ordered, mostly, fc.option(durationOrNone, { freq: 2 }))
    .map(([version, [dateCreated, publishedAt], requireReaccept, grace]) => ({
      version,
      publishedAt,
      dateCreated,
      requireReaccept,
      ...(grace !== null && { grace }),
    }))

/** A consent type, named or without a label. */
export const consentType = (id: string): fc.Arbitrary<ConsentType> =>
  fc
    .record({
      label: fc.option(fc.constant("newsletter")),
      duration: fc.option(duration),
      rules,
      versions: fc.uniqueArray(version(fc.integer({ min: 1, max: 3 })), {
        maxLength: 3,
        selector: ({ version }) => version,
      }),
    })
    .map(({ label, duration, rules, versions }) => ({
      id,
      category: "marketing",
      subcategory: "email",
      ...(label !== null && { label }),
      ...(duration !== null && { consentDuration: duration }),
      rules,
      versions,
    }))

const match: fc.Arbitrary<Match> = fc.record(
  {
    consentType: fc.constantFrom("type-1", "type-2"),
    category: fc.constantFrom("marketing", "analytics"),
    subcategory: fc.constantFrom("email", "phone"),
    label: fc.constant("newsletter"),
  },
  { requiredKeys: [] },
)

export const ruleSet: fc.Arbitrary<RuleSet> = fc.array(fc.record({ match, rules }), { maxLength: 3 })

const states: ReadonlyArray<ConsentState> = ["accepted", "declined", "implied", "viewed"]

/** An event. The order of `id`s is not that of the dates, as after an import. */
export const event = (
  consentState: fc.Arbitrary<ConsentState> = fc.constantFrom(...states),
  id: fc.Arbitrary<string> = fc
    .integer({ min: 0, max: 15 })
    .map((n) => `018d5c00-0000-7000-8000-00000000000${n.toString(16)}`),
): fc.Arbitrary<ConsentEvent> =>
  fc
    .record({
      id,
      concordId: fc.constantFrom("person-1", "person-2"),
      consentType: fc.constantFrom("type-1", "type-2"),
      version: fc.constantFrom(1, 1, 2, 3),
      consentState,
      consentAction: fc.constantFrom("implied", "user_click", "import"),
      dates: ordered,
      expires: fc.option(fc.constantFrom(...instants, ends[1])),
    })
    .map(({ dates: [consentDate, dateCreated], expires, ...fields }) => ({
      ...fields,
      consentDate,
      dateCreated,
      ...(expires !== null && expires > consentDate && { expirationDate: expires }),
    }))

/** Events of two people and two types. */
export const ledger: fc.Arbitrary<ReadonlyArray<ConsentEvent>> = fc
  .uniqueArray(event(), { maxLength: 12, selector: ({ id }) => id })
  .map(EventTable.printed)

/** One person's events for one type, complete. */
export interface CompleteStory extends Story {
  readonly events: ReadonlyArray<ConsentEvent>
}

/** The events of one person for one type, in no order, with the type and the rules to read them under. */
export const story: fc.Arbitrary<CompleteStory> = fc
  .record({
    events: fc.uniqueArray(event(), { maxLength: 8, selector: ({ id }) => id }),
    type: consentType("type-1"),
    rules,
  })
  .map(({ events, type, rules }) => ({
    type,
    rules,
    events: EventTable.printed(events.map((event) => ({ ...event, concordId: "person-1", consentType: type.id }))),
  }))
