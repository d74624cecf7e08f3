import * as fc from "fast-check"
import { expect, test } from "vitest"
import type { ConsentType } from "../../core/engine/ConsentType.ts"
import * as Decision from "../../core/engine/Decision.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Rules } from "../../core/engine/Rules.ts"
import * as Comparison from "../../core/engine/Comparison.ts"
import * as Terms from "../../core/engine/Terms.ts"
import * as Ledgers from "../support/ledgers.ts"
import * as Oracle from "../support/oracle.ts"

/** A window between two of the instants worth asking at, in order or not. */
const window = fc.tuple(Ledgers.at, Ledgers.at).map(([from, until]) => ({ from, until }))

/** The rules of a candidate: anything, or a small change of what is in force. */
const candidate = (type: ConsentType): fc.Arbitrary<{ readonly type: ConsentType; readonly rules: Rules }> =>
  fc.record({
    rules: Ledgers.rules,
    type: fc.oneof(
      fc.constant(type),
      Ledgers.version(fc.constantFrom(4, 5)).map((version) => ({ ...type, versions: [...type.versions, version] })),
      fc.constant({ ...type, versions: type.versions.slice(0, -1) }),
      Ledgers.duration.map((consentDuration) => ({ ...type, consentDuration })),
    ),
  })

const question = Ledgers.story.chain((story) =>
  fc.record({ story: fc.constant(story), candidate: candidate(story.type), window, knownAt: Ledgers.knownAt }),
)

/** The parts of an answer that are compared. */
const said = ({ status, permitted, askAgain }: Pick<Oracle.Answer, "status" | "permitted" | "askAgain">) => ({
  status,
  permitted,
  askAgain,
})

interface Interval {
  readonly from: Instant
  readonly until: Instant
  readonly before: Oracle.Answer
  readonly after: Oracle.Answer
}

/** Law 11 by brute force: asks the oracle on both sides at every instant at which either could turn. */
const bruteForce = (
  before: Oracle.Story,
  after: Oracle.Story,
  { from, until }: Comparison.Window,
  knownAt: Instant,
): ReadonlyArray<Interval> => {
  const turns = [...Oracle.turns(before, knownAt), ...Oracle.turns(after, knownAt)].filter(
    (at) => at > from && at < until,
  )
  const cuts = [...new Set([...(from < until ? [from] : []), ...turns])].toSorted((a, b) => a - b)
  const stretches: Array<Interval> = []
  for (const at of cuts) {
    const next = {
      from: at,
      until,
      before: Oracle.answer({ ...before, at, knownAt }),
      after: Oracle.answer({ ...after, at, knownAt }),
    }
    const last = stretches.at(-1)
    if (last !== undefined && !Oracle.isChange(last.before, next.before) && !Oracle.isChange(last.after, next.after)) {
      continue
    }
    if (last !== undefined) stretches[stretches.length - 1] = { ...last, until: at }
    stretches.push(next)
  }
  return stretches.filter(({ before, after }) => JSON.stringify(said(before)) !== JSON.stringify(said(after)))
}

const told = ({ outcome, because }: Comparison.Side) => ({
  ...said(outcome),
  event: outcome.event?.id,
  rule: because.rule,
  lapse: because.lapse,
  lost: because.lost.map(({ event, loss }) => ({ event: event.id, loss })),
})

const expected = (answer: Oracle.Answer) => ({
  ...said(answer),
  event: answer.event,
  rule: answer.rule,
  lapse: answer.lapse,
  lost: answer.lost,
})

// Kills: Comparison.isDifferent ignores status, permission or asking, or finds everything different; Comparison.compare
// reads the candidate under the baseline's terms, or counts the end of the window in; Comparison.diff swaps the two
// sides.
test("A what-if with the rules in force is empty; publishing a candidate gives exactly what its what-if said.", () => {
  fc.assert(
    fc.property(question, ({ story, candidate, window, knownAt }) => {
      const inForce = { events: story.events, terms: Terms.make(story.type, story.rules, knownAt) }
      expect([...Comparison.diff(inForce, { ...inForce }, window)]).toEqual([])

      const published = { events: story.events, terms: Terms.make(candidate.type, candidate.rules, knownAt) }
      const foretold = [...Comparison.diff(inForce, published, window)]
      const after = { ...story, ...candidate }
      expect(
        foretold.map(({ before, after, ...rest }) => ({ ...rest, before: told(before), after: told(after) })),
      ).toEqual(
        bruteForce(story, after, window, knownAt).map(({ before, after, ...rest }) => ({
          ...rest,
          before: expected(before),
          after: expected(after),
        })),
      )

      // With the candidate in force, the answer at any instant of the window is the predicted one, or the same as
      // before.
      for (const at of Ledgers.around([
        ...Oracle.turns(story, knownAt),
        ...Oracle.turns(after, knownAt),
        window.from,
      ])) {
        if (at < window.from || at >= window.until) continue
        const was = Decision.decide(story.events, inForce.terms, at)
        const is = Decision.decide(story.events, published.terms, at)
        const interval = foretold.find(({ from, until }) => from <= at && at < until)
        expect(said(is)).toEqual(said(interval?.after.outcome ?? was))
        expect(said(was)).toEqual(said(interval?.before.outcome ?? was))
      }
    }),
    { numRuns: 1000 },
  )
})

// Kills: Comparison.compare takes the end of the left or right timeline for the window's, or moves both on when one
// turns.
test("The stretches of a what-if cover its window without a gap, and the answers are constant on each.", () => {
  fc.assert(
    fc.property(question, ({ story, candidate, window, knownAt }) => {
      const before = { events: story.events, terms: Terms.make(story.type, story.rules, knownAt) }
      const after = { events: story.events, terms: Terms.make(candidate.type, candidate.rules, knownAt) }
      const stretches = [...Comparison.compare(before, after, window)]
      expect(stretches.map(({ from }) => from)).toEqual(
        window.from < window.until ? [window.from, ...stretches.slice(0, -1).map(({ until }) => until)] : [],
      )
      expect(stretches.at(-1)?.until).toBe(window.from < window.until ? window.until : undefined)
      for (const stretch of stretches) {
        for (const at of [stretch.from, Math.floor((stretch.from + stretch.until) / 2), stretch.until - 1]) {
          const { events } = story
          expect(said(Decision.decide(events, before.terms, at))).toEqual(said(stretch.before.outcome))
          expect(said(Decision.decide(events, after.terms, at))).toEqual(said(stretch.after.outcome))
        }
      }
    }),
    { numRuns: 1000 },
  )
})
