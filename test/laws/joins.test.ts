/**
 * People that are joined by facts, and separated by other facts: on the pure core, with random facts about three
 * people. The same laws on a ledger that records and reads: `joinedLedger.test.ts`.
 */
import * as fc from "fast-check"
import { expect, test } from "vitest"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import * as Decision from "../../core/engine/Decision.ts"
import * as Heads from "../../core/engine/Heads.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import * as People from "../../core/model/People.ts"
import * as Terms from "../../core/engine/Terms.ts"
import { at, ends, event, instant, instants, type CompleteStory, story } from "../support/ledgers.ts"

const people = ["person-1", "person-2", "person-3", "person-4"]
const person = fc.constantFrom(...people)
const end = ends[1]

const fact = (id: string, dateCreated: Instant, member: string, survivor: string, join?: string): People.Fact => ({
  id,
  kind: join === undefined ? "joined" : "undone",
  dateCreated,
  member,
  survivor,
  submitter: "somebody",
  ...(join !== undefined && { join }),
})

/** A step: two people are joined, or one of the joins until then is undone. */
type Step = readonly [at: Instant, one: string, other: string, isUndoing: boolean]

const steps: fc.Arbitrary<ReadonlyArray<Step>> = fc
  .array(fc.tuple(instant, person, person, fc.constantFrom(false, false, true)), { maxLength: 8 })
  .map((some) => some.toSorted(([a], [b]) => a - b))

/** The joins of facts that nothing has undone yet. */
const standing = (facts: ReadonlyArray<People.Fact>): ReadonlyArray<People.Fact> =>
  facts.filter(({ id, kind }) => kind === "joined" && !facts.some(({ join }) => join === id))

/**
 * The survivor of a person, by following the joins in force: a second implementation, to check `joinedWith` against.
 */
const countedAs = (facts: ReadonlyArray<People.Fact>, who: string): string => {
  const join = standing(facts).find(({ member }) => member === who)
  return join === undefined ? who : countedAs(facts, join.survivor)
}

/**
 * The facts of the steps, as a ledger records them: only a person that is not a member yet is joined, and only with a
 * survivor.
 */
const record = (steps: ReadonlyArray<Step>): ReadonlyArray<People.Fact> => {
  const facts: Array<People.Fact> = []
  for (const [index, [at, one, other, isUndoing]] of steps.entries()) {
    const id = `fact-${index}`
    const survivor = countedAs(facts, other)
    const undone = standing(facts).find(({ member }) => member === one)
    if (isUndoing && undone !== undefined) facts.push(fact(id, at, undone.member, undone.survivor, undone.id))
    else if (!isUndoing && undone === undefined && survivor !== one) facts.push(fact(id, at, one, survivor))
  }
  return facts
}

const facts: fc.Arbitrary<ReadonlyArray<People.Fact>> = steps.map(record)

/** The events of all people for one type. */
const stories: fc.Arbitrary<CompleteStory> = fc
  .tuple(story, fc.uniqueArray(fc.tuple(event(), person), { maxLength: 12, selector: ([{ id }]) => id }))
  .map(([complete, events]) => ({
    ...complete,
    events: events.map(([each, concordId]) => ({ ...each, concordId, consentType: complete.type.id })),
  }))

const eventsOf = (events: ReadonlyArray<ConsentEvent>, members: ReadonlyArray<string>) =>
  events.filter(({ concordId }) => members.includes(concordId))

/** The answer about a person, from the events of all people that are joined with it. */
const answer = (
  complete: CompleteStory,
  known: ReadonlyArray<People.Fact>,
  who: string,
  at: Instant,
  knownAt: Instant,
) => {
  const { members } = People.joinedWith(known, who, knownAt)
  const { events, rules, type } = complete
  return Decision.decide(eventsOf(events, members), Terms.make(type, rules, knownAt), at)
}

// Kills: People.inForce keeps an undone join in force, or counts joins that are not known yet.
test("Join then undo gives back both people's answers.", () => {
  fc.assert(
    fc.property(stories, steps, person, person, instant, instant, at, (complete, before, one, other, a, b, at) => {
      const [joinedAt, undoneAt] = a < b ? [a, b] : [b, a]
      const others = record(before.filter(([at]) => at <= joinedAt))
      const member = countedAs(others, one)
      const survivor = countedAs(others, other)
      fc.pre(member !== survivor)
      const joined = fact("join", joinedAt, member, survivor)
      const facts = [...others, joined, fact("undoing", undoneAt, member, survivor, joined.id)]
      for (const who of people) {
        for (const knownAt of [joinedAt - 1, undoneAt, end]) {
          expect(answer(complete, facts, who, at, knownAt)).toEqual(answer(complete, others, who, at, knownAt))
        }
      }
    }),
    { numRuns: 1000 },
  )
})

test("When every join is undone, every person has the answers of one that was never joined.", () => {
  fc.assert(
    fc.property(stories, facts, at, (complete, facts, at) => {
      const undoings = standing(facts).map(({ id, member, survivor }, index) =>
        fact(`last-${index}`, end, member, survivor, id),
      )
      for (const who of people) {
        const never = answer(complete, [], who, at, end)
        expect(answer(complete, [...undoings, ...facts], who, at, end)).toEqual(never)
      }
    }),
    { numRuns: 1000 },
  )
})

// Kills: People.joinedWith takes the survivor of the last join.
test("The state of joined people is the merge of their states, whatever the order of the joins.", () => {
  fc.assert(
    fc.property(
      stories,
      facts.chain((facts) =>
        fc.tuple(fc.constant(facts), fc.shuffledSubarray([...facts], { minLength: facts.length })),
      ),
      ({ events }, [facts, shuffled]) => {
        for (const who of people) {
          const joined = People.joinedWith(facts, who, end)
          expect(People.joinedWith(shuffled, who, end)).toEqual(joined)
          const states = joined.members.map((member) => Heads.fold(eventsOf(events, [member])))
          const state = Heads.fold(eventsOf(events, joined.members))
          expect(states.reduce(Heads.merge, Heads.empty)).toEqual(state)
          expect(states.reduceRight(Heads.merge, Heads.empty)).toEqual(state)
        }
      },
    ),
    { numRuns: 1000 },
  )
})

// Kills: People.joinedWith answers a member under its own id.
test("People are one exactly while the joins between them stand, and are answered under the same id.", () => {
  fc.assert(
    fc.property(facts, (facts) => {
      for (const knownAt of [ends[0], ...instants, end]) {
        const known = facts.filter(({ dateCreated }) => dateCreated <= knownAt)
        for (const who of people) {
          const survivor = countedAs(known, who)
          const members = people.filter((each) => countedAs(known, each) === survivor)
          expect(People.joinedWith(facts, who, knownAt)).toEqual({ survivor, members })
        }
      }
    }),
    { numRuns: 1000 },
  )
})

// Kills: People.inForce counts undoings that are not known yet.
test("Reading as of (`at`, `knownAt`) equals reading a ledger that holds only the joins known then.", () => {
  fc.assert(
    fc.property(stories, facts, at, (complete, facts, at) => {
      for (const knownAt of [...instants, end]) {
        const known = facts.filter(({ dateCreated }) => dateCreated <= knownAt)
        for (const who of people) {
          expect(answer(complete, known, who, at, knownAt)).toEqual(answer(complete, facts, who, at, knownAt))
        }
      }
    }),
    { numRuns: 1000 },
  )
})

test("A chain of joins is one person, and breaks where a join of it is undone.", () => {
  const [first, second, third, fourth] = people as [string, string, string, string]
  const chain = [fact("a", 1, first, second), fact("b", 2, second, third), fact("c", 3, third, fourth)]
  const broken = [...chain, fact("d", 4, second, third, "b")]
  const memberships = [0, 1, 2, 3, 4].map((knownAt) => People.joinedWith(broken, first, knownAt))
  expect(memberships).toEqual([
    { survivor: first, members: [first] },
    { survivor: second, members: [first, second] },
    { survivor: third, members: [first, second, third] },
    { survivor: fourth, members: people },
    { survivor: second, members: [first, second] },
  ])
  expect(People.joinedWith(broken, fourth, 4)).toEqual({ survivor: fourth, members: [third, fourth] })
})
