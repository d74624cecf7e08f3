import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as Decision from "../../core/engine/Decision.ts"
import * as Terms from "../../core/engine/Terms.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Ledgers from "../support/ledgers.ts"
import { times } from "../support/long.ts"
import * as Oracle from "../support/oracle.ts"

/**
 * Every instant worth asking at: those of the generator and every turn of the story, with the milliseconds around them.
 */
const worthAsking = (story: Oracle.Story, knownAt: Instant): ReadonlyArray<Instant> => [
  ...new Set([...Ledgers.probes, ...Ledgers.around(Oracle.turns(story, knownAt))]),
]

const isPermitted = ({ events, type, rules }: Ledgers.CompleteStory, at: Instant, knownAt: Instant): boolean =>
  Decision.decide(events, Terms.make(type, rules, knownAt), at).permitted

/** Expects that `less` permits at every instant at which `more` does. */
const expectNoMorePermitted = (less: Ledgers.CompleteStory, more: Ledgers.CompleteStory, knownAt: Instant): void => {
  for (const at of [...worthAsking(less, knownAt), ...worthAsking(more, knownAt)]) {
    if (isPermitted(more, at, knownAt)) expect(isPermitted(less, at, knownAt), new Date(at).toISOString()).toBe(true)
  }
}

// Kills: Order.isLater compares `dateCreated` before `consentDate`, or takes the earliest; Outcome.explicitChoice gives
// a tie to the yes; in Outcome, passive events older than the choice count, a refusal permits, `permits: implied` is
// read as `viewed`, or most-recent gives a tie to the weaker state; Lapse.at says live at the very instant;
// Lapse.expiresAt takes the later end; Lapse.recordedExpiration ignores `consentDuration`; Lapse.of takes the last
// grace in place of the first, or never invalidates views; Timeline.start ignores events at the very instant;
// Terms.make leaves re-acceptances unsorted, or has another default of `permits` or `recordedExpiration`.
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
    { numRuns: times(1000, 5000) },
  )
})

// Kills: Order.isLater compares `dateCreated` before `consentDate`, or takes the earliest; in Outcome, a refusal
// permits.
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

// Kills: Outcome.explicitFirst skips a lapsed refusal; Outcome.mostRecent skips a lapsed head.
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

/**
 * Ages that each state may be shortened to. Each part is at most the part it replaces, so that no month end reverses
 * the order.
 */
const shortened = (story: Ledgers.CompleteStory) =>
  fc
    .record({
      state: fc.constantFrom("accepted", "declined", "implied", "viewed"),
      factor: fc.constantFrom(0, 0.5),
      fresh: Ledgers.duration,
    })
    .map(({ state, factor, fresh }): Ledgers.CompleteStory => {
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

const expiringEarlier = (story: Ledgers.CompleteStory) =>
  fc.record({ index: fc.nat(), end: Ledgers.instant }).map(({ index, end }): Ledgers.CompleteStory => {
    const event = story.events[index % story.events.length]
    if (event === undefined) return story
    const until = Oracle.expirationOf(event, story.type) ?? Infinity
    const expirationDate = Math.min(until, end > event.consentDate ? end : event.consentDate + 1)
    return { ...story, events: story.events.map((other) => (other === event ? { ...event, expirationDate } : other)) }
  })

const withReacceptance = (story: Ledgers.CompleteStory) => {
  const numbers = [1, 2, 3, 4].filter((number) => story.type.versions.every(({ version }) => version !== number))
  return Ledgers.version(fc.constantFrom(...numbers)).map((version): Ledgers.CompleteStory => {
    const versions = [...story.type.versions, { ...version, requireReaccept: true }]
    return { ...story, type: { ...story.type, versions } }
  })
}

// Kills: Outcome.mostRecent skips a lapsed head; Outcome.explicitFirst skips a lapsed refusal; Lapse.expiresAt takes
// the later end; Lapse.of takes the last grace in place of the first; Terms.make leaves re-acceptances unsorted.
test("Shorter `maxAge`, an earlier `expirationDate`, or a `requireReaccept` version more, never permit more.", () => {
  for (const stricter of [shortened, expiringEarlier, withReacceptance]) {
    const both = Ledgers.story.chain((story) => fc.tuple(fc.constant(story), stricter(story)))
    fc.assert(
      fc.property(both, Ledgers.knownAt, ([story, strict], knownAt) => expectNoMorePermitted(story, strict, knownAt)),
      { numRuns: 1000 },
    )
  }
})
