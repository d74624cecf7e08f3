import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as Decision from "../../core/engine/Decision.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Terms from "../../core/engine/Terms.ts"
import * as Ledgers from "../support/ledgers.ts"
import * as Oracle from "../support/oracle.ts"

// Kills: Timeline.next takes the last turn in place of the first, overlooks a refusal's lapse, or forgets all later
// events but one; Timeline.start leaves later events unsorted, or counts those of the very instant among them;
// Outcome.isSame ignores status, asking or event; Outcome asks one instant too late; Lapse.at says live at the very
// instant; Decision.follow gives `nextChangeAt` its own `at`.
test("The answer is constant on [`at`, `nextChangeAt`) and differs at `nextChangeAt`.", () => {
  fc.assert(
    fc.property(Ledgers.story, Ledgers.at, Ledgers.knownAt, (story, at, knownAt) => {
      const terms = Terms.make(story.type, story.rules, knownAt)
      const told = (at: number) => {
        const { status, permitted, askAgain, event } = Decision.decide(story.events, terms, at)
        return { status, permitted, askAgain, event: event?.id }
      }
      const { nextChangeAt } = Decision.decide(story.events, terms, at)
      const before = told(at)
      const end = nextChangeAt ?? Instant.max + 1
      expect(end).toBeGreaterThan(at)
      const turns = Ledgers.around(Oracle.turns(story, knownAt))
      for (const inside of [...Ledgers.probes, ...turns, Math.floor((at + end) / 2), end - 1]) {
        if (inside >= at && inside < end) expect(told(inside), Instant.format(inside)).toEqual(before)
      }
      if (nextChangeAt !== undefined) expect(told(nextChangeAt)).not.toEqual(before)
      const timeline = [...Decision.follow(story.events, terms, at)]
      expect(timeline.map((decision) => decision.nextChangeAt)).toEqual([
        ...timeline.slice(1).map((decision) => decision.at),
        undefined,
      ])
    }),
    { numRuns: 1000 },
  )
})
