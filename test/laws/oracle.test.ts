import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as ConsentType from "../../core/engine/ConsentType.ts"
import * as Decision from "../../core/engine/Decision.ts"
import * as Heads from "../../core/engine/Heads.ts"
import * as Rules from "../../core/engine/Rules.ts"
import * as StreamedDecision from "../../core/engine/StreamedDecision.ts"
import * as Terms from "../../core/engine/Terms.ts"
import * as Ledgers from "../support/ledgers.ts"
import { times } from "../support/long.ts"
import * as Oracle from "../support/oracle.ts"

/** The parts of a decision that the oracle states, in its form. */
const stated = ({ event, because, ...decision }: Decision.Decision): Oracle.Answer => ({
  at: decision.at,
  status: decision.status,
  permitted: decision.permitted,
  askAgain: decision.askAgain,
  event: event?.id,
  expiresAt: decision.expiresAt,
  rule: because.rule,
  lapse: because.lapse,
  lost: because.lost.map((lost) => ({ event: lost.event.id, loss: lost.loss })),
})

describe("the engine and the specification stated a second time", () => {
  // Kills mutants that no law can see: Order.isLater without `dateCreated`; Lapse.of says invalidated for the same
  // instant, or a version invalidates its own answers; in Outcome, a passive event at the choice's instant counts, or a
  // lapsed `implied` decides before a live view; Terms.make ignores the grace, or names the higher of two versions;
  // Because omits events older than the choice; Period ignores the end of a month.
  test("give the same answers, explanations and changes, at any instant and from it to the end of time", () => {
    fc.assert(
      fc.property(Ledgers.story, Ledgers.at, Ledgers.knownAt, (story, at, knownAt) => {
        const terms = Terms.make(story.type, story.rules, knownAt)
        const expected = Oracle.timeline({ ...story, at, knownAt })
        const decision = Decision.decide(story.events, terms, at)
        expect(stated(decision)).toEqual(expected[0])
        expect(decision.nextChangeAt).toEqual(expected[1]?.at)
        expect(decision.knownAt).toBe(knownAt)
        expect([...Decision.follow(story.events, terms, at)].map(stated)).toEqual(expected)
      }),
      { numRuns: times(1000, 5000) },
    )
  })

  // Kills: StreamedDecision decides before all events of an instant are added, forgets the lapses between two events or
  // after the last one, or takes an event that is not known.
  test("give the same answer to events that arrive one by one, and say when no further event can change it", () => {
    fc.assert(
      fc.property(Ledgers.story, Ledgers.at, Ledgers.knownAt, (story, at, knownAt) => {
        const terms = Terms.make(story.type, story.rules, knownAt)
        const streamed = StreamedDecision.make(terms, at)
        const inOrder = story.events.toSorted((a, b) => a.consentDate - b.consentDate)
        const needed = inOrder.findIndex((event) => !streamed.add(event))
        const added = needed < 0 ? inOrder : inOrder.slice(0, needed + 1)
        const early = StreamedDecision.make(terms, at)
        for (const event of added) early.add(event)
        const expected = Decision.decide(story.events, terms, at)
        expect(streamed.end()).toEqual(expected)
        expect(early.end()).toEqual(expected)
      }),
      { numRuns: times(1000, 5000) },
    )
  })

  // Kills: Rules.override replaces `maxAge` as a whole; Rules.inForce reads the entries in reverse; Rules.matches skips
  // the label; Heads.foldPopulation forgets the first event of a pair.
  test("lay the same rules over each other, for every person and type of a ledger", () => {
    const types = fc.tuple(Ledgers.consentType("type-1"), Ledgers.consentType("type-2"))
    const question = fc.record({ at: Ledgers.at, knownAt: Ledgers.knownAt })
    fc.assert(
      fc.property(Ledgers.ledger, types, Ledgers.ruleSet, question, (ledger, types, ruleSet, { at, knownAt }) => {
        const population = Heads.foldPopulation(
          ledger.filter((event) => event.consentDate <= at && event.dateCreated <= knownAt),
        )
        for (const concordId of ["person-1", "person-2"]) {
          for (const type of types) {
            const events = ledger.filter((event) => event.concordId === concordId && event.consentType === type.id)
            const rules = Oracle.rulesInForce(type, ruleSet)
            expect(Rules.inForce(type.rules, type, ruleSet)).toEqual(rules)
            const terms = Terms.make(type, Rules.inForce(type.rules, type, ruleSet), knownAt)
            const heads = Object.values(population.get(concordId)?.get(type.id) ?? Heads.empty)
            const decision = Decision.decide(
              heads.filter((event) => event !== undefined),
              terms,
              at,
            )
            expect(stated(decision)).toEqual(Oracle.answer({ events, type, rules, at, knownAt }))
          }
        }
      }),
      { numRuns: 1000 },
    )
  })

  // Kills: ConsentType.versionAt takes the lower version of a tie, or ignores a version published at the very instant.
  test("take a version that was left out to be the same one", () => {
    fc.assert(
      fc.property(Ledgers.story, Ledgers.at, Ledgers.knownAt, ({ events, type, rules }, at, knownAt) => {
        const drafts: ReadonlyArray<Oracle.Draft> = events.map(({ version, ...draft }) =>
          version === 1 ? draft : { ...draft, version },
        )
        const completed = drafts.map((draft) => ({ version: ConsentType.versionAt(type, draft.consentDate), ...draft }))
        const decision = Decision.decide(completed, Terms.make(type, rules, knownAt), at)
        expect(stated(decision)).toEqual(Oracle.answer({ events: drafts, type, rules, at, knownAt }))
        expect(completed.map(({ version }) => version)).toEqual(drafts.map((draft) => Oracle.versionOf(draft, type)))
      }),
      { numRuns: 1000 },
    )
  })
})
