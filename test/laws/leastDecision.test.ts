/** The decision that permits least over several people, against each person's own decision at every instant. */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import * as Decision from "../../core/engine/Decision.ts"
import * as LeastDecision from "../../core/engine/LeastDecision.ts"
import * as Outcome from "../../core/engine/Outcome.ts"
import * as Terms from "../../core/engine/Terms.ts"
import * as Ledgers from "../support/ledgers.ts"
import { times } from "../support/long.ts"

const people = fc.array(Ledgers.story, { minLength: 1, maxLength: 3 })

/** The events of each person under the rules and the type of the first one, earliest first, with the person's index. */
const inOrder = (stories: ReadonlyArray<{ readonly events: ReadonlyArray<ConsentEvent> }>) =>
  stories
    .flatMap(({ events }, person) => events.map((event) => ({ person, event })))
    .toSorted((a, b) => a.event.consentDate - b.event.consentDate)

describe("the decision that permits least", () => {
  // Kills: LeastDecision.compare without `permitted`, without the rank, or without `askAgain`; the last of several
  // people instead of the least; turns of the first person alone; a change decided before all events of its instant.
  test("is permitted only if each person's is, refused if one of them is, and changes exactly at nextChangeAt", () => {
    fc.assert(
      fc.property(people, Ledgers.at, Ledgers.knownAt, (stories, at, knownAt) => {
        const { type } = stories[0]!
        const terms = stories.map(({ rules }) => Terms.make(type, rules, knownAt))
        const making = LeastDecision.make(terms, at)
        for (const { event, person } of inOrder(stories)) if (!making.add(person, event)) break
        const { decision, person } = making.end()

        const each = stories.map(({ events }, index) => [...Decision.follow(events, terms[index]!, at)])
        const ownAt = (instant: number) => each.map((all) => all.findLast((one) => one.at <= instant)!)
        const own = ownAt(at)
        expect(decision.permitted).toBe(own.every(({ permitted }) => permitted))
        const refusals = own.filter(({ event }) => event?.consentState === "declined")
        if (refusals.length > 0) {
          expect(decision.event?.consentState).toBe("declined")
          expect(decision.askAgain).toBe(refusals.every(({ askAgain }) => askAgain))
        }
        const { nextChangeAt: _, ...least } = own[person]!
        expect(decision).toMatchObject(least)

        /** The least answer at a later instant, by sorting all of them. */
        const leastAt = (instant: number) => ownAt(instant).toSorted(LeastDecision.compare)[0]!
        const isSame = (instant: number) =>
          Outcome.isSame({ ...leastAt(instant), rule: "no-event" }, { ...decision, rule: "no-event" })
        const turns = each.flatMap((all) => all.map((one) => one.at)).filter((turn) => turn > at)
        const changes = turns.filter((turn) => !isSame(turn))
        expect(decision.nextChangeAt).toBe(changes.length === 0 ? undefined : Math.min(...changes))
      }),
      { numRuns: times(2000, 20_000) },
    )
  })

  test("of one person is that person's decision", () => {
    fc.assert(
      fc.property(Ledgers.story, Ledgers.at, Ledgers.knownAt, ({ events, rules, type }, at, knownAt) => {
        const terms = Terms.make(type, rules, knownAt)
        const making = LeastDecision.make([terms], at)
        for (const { event } of inOrder([{ events }])) if (!making.add(0, event)) break
        expect(making.end()).toEqual({ person: 0, decision: Decision.decide(events, terms, at) })
      }),
      { numRuns: times(1000, 5000) },
    )
  })

  test("ranks a standing refusal before a lapsed one, both before anything else, and no answer before a yes", () => {
    const order = [
      { status: "withdrawn", permitted: false, askAgain: false },
      { status: "refused", permitted: false, askAgain: true },
      { status: "invalidated", permitted: false, askAgain: true },
      { status: "expired", permitted: false, askAgain: true },
      { status: "requested", permitted: false, askAgain: true },
      { status: "implied", permitted: false, askAgain: false },
      { status: "unknown", permitted: false, askAgain: true },
      { status: "requested", permitted: true, askAgain: true },
      { status: "implied", permitted: true, askAgain: false },
      { status: "given", permitted: true, askAgain: false },
    ] as const
    expect(order.toReversed().toSorted(LeastDecision.compare)).toEqual(order)
    expect(Object.keys(LeastDecision.rank).toSorted()).toEqual([...Outcome.statuses].toSorted())
  })
})
