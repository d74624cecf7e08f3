import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as Decision from "../../core/engine/Decision.ts"
import * as Terms from "../../core/engine/Terms.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Ledgers from "../support/ledgers.ts"
import * as Oracle from "../support/oracle.ts"

/** Every instant worth asking at: the few of the generator and every turn of the story, with the milliseconds around. */
const worthAsking = (story: Oracle.Story, knownAt: Instant): ReadonlyArray<Instant> => [
  ...new Set([...Ledgers.probes, ...Ledgers.around(Oracle.turns(story, knownAt))]),
]

const isPermitted = ({ events, type, rules }: Ledgers.Told, at: Instant, knownAt: Instant): boolean =>
  Decision.decide(events, Terms.make(type, rules, knownAt), at).permitted

/** Wherever `more` permits, `less` must have permitted. */
const expectNoMorePermitted = (less: Ledgers.Told, more: Ledgers.Told, knownAt: Instant): void => {
  for (const at of [...worthAsking(less, knownAt), ...worthAsking(more, knownAt)]) {
    if (isPermitted(more, at, knownAt)) expect(isPermitted(less, at, knownAt), new Date(at).toISOString()).toBe(true)
  }
}

// Kills: Order.isLater, `dateCreated` before `consentDate`, or the earliest wins; Outcome.explicitChoice, the yes wins the tie;
// Outcome, passive events older than the choice count, a refusal permits, `permits: implied` read as `viewed`, most-recent gives
// the tie to the weaker; Lapse.at, live at the very instant; Lapse.expiresAt, the later end; Lapse.recordedExpiration, no
// `consentDuration`; Lapse.of, the last grace in place of the first, views never invalidated; Timeline.start, what happens at the
// very instant not seen; Terms.make, re-acceptances unsorted, the default `permits` or `recordedExpiration` another.
test("`permitted` implies a live `accepted` event (or, if allowed, a live passive one) with no refusal at or after it.", () => {
  fc.assert(
    fc.property(Ledgers.story, Ledgers.knownAt, (story, knownAt) => {
      const allowed = {
        accepted: ["accepted"],
        implied: ["accepted", "implied"],
        viewed: ["accepted", "implied", "viewed"],
      }
      const states = allowed[story.rules.permits ?? "implied"]
      for (const at of worthAsking(story, knownAt)) {
        if (!isPermitted(story, at, knownAt)) continue
        const question = { ...story, at, knownAt }
        const seen = Oracle.seen(question)
        const refusals = seen.filter((event) => event.consentState === "declined")
        const grounds = seen.filter(
          (event) =>
            states.includes(event.consentState) &&
            Oracle.isLive(question, event) &&
            !refusals.some((refusal) => refusal.consentDate >= event.consentDate),
        )
        expect(grounds, new Date(at).toISOString()).not.toEqual([])
      }
    }),
    { numRuns: 5000 },
  )
})

// Kills: Order.isLater, `dateCreated` before `consentDate`, or the earliest wins; Outcome, a refusal permits.
test("Adding a decline never makes anything more permitted, at any `at`, in any order.", () => {
  const decline = Ledgers.event(
    fc.constant("declined"),
    fc.constantFrom("0", "018d5c00-0000-7000-8000-000000000007a", "f"),
  )
  fc.assert(
    fc.property(Ledgers.story, decline, fc.nat(), Ledgers.knownAt, (story, decline, place, knownAt) => {
      const events = story.events.toSpliced(place % (story.events.length + 1), 0, decline)
      expectNoMorePermitted(story, { ...story, events }, knownAt)
    }),
    { numRuns: 1000 },
  )
})

// Kills: Outcome.explicitFirst, a lapsed refusal steps aside; Outcome.mostRecent, a lapsed head steps aside.
test("Time alone never grants: with no new events `permitted` never goes from false to true as `at` grows past the last event.", () => {
  fc.assert(
    fc.property(Ledgers.story, Ledgers.knownAt, (story, knownAt) => {
      const last = Math.max(...story.events.map((event) => event.consentDate))
      const permitted = worthAsking(story, knownAt)
        .filter((at) => at >= last)
        .toSorted((a, b) => a - b)
        .map((at) => isPermitted(story, at, knownAt))
      expect(permitted).toEqual(permitted.toSorted((a, b) => Number(b) - Number(a)))
    }),
    { numRuns: 1000 },
  )
})

/** Ages each state may shorten to; each part at most the part it stood for, so that no month end turns the order. */
const shortened = (story: Ledgers.Told) =>
  fc
    .record({
      state: fc.constantFrom("accepted", "declined", "implied", "viewed"),
      factor: fc.constantFrom(0, 0.5),
      fresh: Ledgers.duration,
    })
    .map(({ state, factor, fresh }): Ledgers.Told => {
      const age = story.rules.maxAge?.[state] ?? null
      const shorter =
        age === null
          ? fresh
          : {
              months: Math.floor(age.months * factor),
              days: Math.floor(age.days * factor),
              millis: Math.floor(age.millis * factor),
            }
      return { ...story, rules: { ...story.rules, maxAge: { ...story.rules.maxAge, [state]: shorter } } }
    })

const expiringEarlier = (story: Ledgers.Told) =>
  fc.record({ index: fc.nat(), end: Ledgers.instant }).map(({ index, end }): Ledgers.Told => {
    const event = story.events[index % story.events.length]
    if (event === undefined) return story
    const until = Oracle.expirationOf(event, story.type) ?? Infinity
    const expirationDate = Math.min(until, end > event.consentDate ? end : event.consentDate + 1)
    return { ...story, events: story.events.map((other) => (other === event ? { ...event, expirationDate } : other)) }
  })

const withReacceptance = (story: Ledgers.Told) => {
  const numbers = [1, 2, 3, 4].filter((number) => story.type.versions.every(({ version }) => version !== number))
  return Ledgers.version(fc.constantFrom(...numbers)).map((version): Ledgers.Told => {
    const versions = [...story.type.versions, { ...version, requireReaccept: true }]
    return { ...story, type: { ...story.type, versions } }
  })
}

// Kills: Outcome.mostRecent, a lapsed head steps aside; Outcome.explicitFirst, a lapsed refusal steps aside; Lapse.expiresAt, the
// later end; Lapse.of, the last grace in place of the first; Terms.make, re-acceptances unsorted.
test("Shorter `maxAge`, an earlier `expirationDate`, or a `requireReaccept` version more, never permit more.", () => {
  for (const stricter of [shortened, expiringEarlier, withReacceptance]) {
    const both = Ledgers.story.chain((story) => fc.tuple(fc.constant(story), stricter(story)))
    fc.assert(
      fc.property(both, Ledgers.knownAt, ([story, strict], knownAt) => expectNoMorePermitted(story, strict, knownAt)),
      { numRuns: 1000 },
    )
  }
})
