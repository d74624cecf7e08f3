/**
 * Which waiting appends form a group of the PostgreSQL store, and which groups and steps of the change feed are written
 * at the same time: random sequences of what GroupCommit.ts does with its queue, without a database. And which
 * predictions of lanes are wrong.
 *
 * It is here and not with the laws, which are about the core, because the mutants of the PostgreSQL store run the tests
 * of this folder.
 */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as LanePrediction from "../../adapters/postgres/LanePrediction.ts"
import type { LaneHead, LaneHeads } from "../../adapters/postgres/Lanes.ts"
import * as LaneQueue from "../../adapters/postgres/LaneQueue.ts"
import type { Append, PersonKey, StoredEvent } from "../../core/ports/LedgerStore.ts"

const limits: LaneQueue.Limits = { maxWaiting: 12, maxGroups: 3, maxGroupEvents: 4 }

/** A person of a lane. */
interface Person {
  readonly lane: number
  readonly name: string
}

const event = ({ lane, name }: Person): StoredEvent => ({
  id: "",
  concordId: `${lane} ${name}`,
  consentType: "",
  version: 1,
  consentState: "accepted",
  consentAction: "import",
  consentDate: 0,
  dateCreated: 0,
  submitter: "",
  body: "",
})

const owner = { number: 0, lanes: 16 }

const entryOf = (people: ReadonlyArray<Person>, more: Partial<Append> = {}): LaneQueue.QueuedAppend => ({
  request: { project: owner, organization: owner, recordedAt: 0, events: people.map(event), claims: [], ...more },
  lanes: [...new Set(people.map(({ lane }) => lane))],
})

/** A step of the change feed in lanes. */
const stepOf = (lanes: ReadonlyArray<number>): LaneQueue.QueuedStep => ({
  step: { organization: owner, project: owner, seen: [], lanes: [], recordedAt: 0, changes: [], places: [] },
  lanes,
})

const appendsOf = (entries: ReadonlyArray<LaneQueue.Queued>) =>
  entries.flatMap((entry) => ("step" in entry ? [] : [entry]))

const eventsOf = (entries: ReadonlyArray<LaneQueue.Queued>): number =>
  appendsOf(entries).reduce((sum, { request }) => sum + request.events.length, 0)

/** Every person and identifier whose rows a group writes before its lanes are locked. */
const subjectsOf = ({ entries }: LaneQueue.Group<LaneQueue.Queued>): ReadonlySet<string> =>
  new Set(
    appendsOf(entries).flatMap(({ request: { claims, events, personal, seen = [] } }) => [
      ...[...events, ...seen, ...(personal?.keys ?? [])].map(({ concordId }) => concordId),
      ...claims.flatMap(({ concordId, hash }) => [concordId, hash]),
    ]),
  )

const overlap = <A>(one: ReadonlySet<A>, other: ReadonlySet<A>): boolean => [...one].some((each) => other.has(each))

/** What happens to the queue; a number chooses one of those that there are. */
type Step =
  | {
      readonly _tag: "Add"
      readonly people: ReadonlyArray<Person>
      readonly hash: string | undefined
      readonly seen: string | undefined
      readonly keyOf: string | undefined
      /** Whether compliance requests change with the events. */
      readonly hasCompliance: boolean
    }
  | { readonly _tag: "AddStep"; readonly lanes: ReadonlyArray<number> }
  | { readonly _tag: "Remove"; readonly of: number }
  | { readonly _tag: "Next" }
  | { readonly _tag: "Sent"; readonly of: number }
  | { readonly _tag: "End"; readonly of: number }

const person = fc.record({
  lane: fc.integer({ min: 0, max: 3 }),
  name: fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h"),
})
const index = fc.nat({ max: 20 })
/** An identifier that appends of any lanes claim. */
const hash = fc.option(fc.constantFrom("x", "y"), { nil: undefined, freq: 2 })
/** A person that appends of any lanes are prepared against. */
const seen = fc.option(fc.constantFrom("s", "t"), { nil: undefined, freq: 2 })
/** A person whose key appends of any lanes bring. */
const keyOf = fc.option(fc.constantFrom("k", "l"), { nil: undefined, freq: 2 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      _tag: fc.constant("Add"),
      people: fc.array(person, { maxLength: 5, size: "max" }),
      hash,
      seen,
      keyOf,
      hasCompliance: fc.nat({ max: 6 }).map((n) => n === 6),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      _tag: fc.constant("AddStep"),
      lanes: fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Remove"), of: index }) },
  { weight: 5, arbitrary: fc.record({ _tag: fc.constant("Next") }) },
  { weight: 3, arbitrary: fc.record({ _tag: fc.constant("Sent"), of: index }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("End"), of: index }) },
)

/** Lane 3 is also written by another process: where it ends is never predicted. */
const isPredicted = (lane: number): boolean => lane !== 3

const keyOfPerson = (concordId: string): PersonKey => ({ concordId, epoch: 1, wrapped: new Uint8Array(40) })

/** A queue, with a list of what waits and what is being written that is kept apart from it. */
const makeRun = () => {
  const queue = LaneQueue.make<LaneQueue.Queued>(limits, isPredicted)
  const waiting: Array<LaneQueue.Queued> = []
  const groups: Array<LaneQueue.Group<LaneQueue.Queued>> = []

  /** Forms the next group; `check` sees what was there before it. */
  const next = (check: (group: LaneQueue.Group<LaneQueue.Queued>) => void): boolean => {
    const group = queue.next()
    if (group === undefined) return false
    check(group)
    for (const entry of group.entries) waiting.splice(waiting.indexOf(entry), 1)
    groups.push(group)
    return true
  }
  const run = (step: Step, check: (group: LaneQueue.Group<LaneQueue.Queued>) => void): void => {
    switch (step._tag) {
      case "Add": {
        const { hasCompliance, hash, keyOf, people, seen } = step
        const claims =
          hash === undefined
            ? []
            : [{ kind: "email", hash, concordId: hash, normalization: 1, dateCreated: 0 } as const]
        const entry = entryOf(people, {
          claims,
          ...(seen !== undefined && { seen: [{ concordId: seen, revision: 0 }] }),
          ...(keyOf !== undefined && { personal: { keys: [keyOfPerson(keyOf)], parts: [] } }),
          ...(hasCompliance && { compliance: { requests: [] } }),
        })
        if (queue.isFull) return
        queue.add(entry)
        return void waiting.push(entry)
      }
      case "AddStep": {
        if (queue.isFull) return
        const entry = stepOf(step.lanes)
        queue.add(entry)
        return void waiting.push(entry)
      }
      case "Remove": {
        const [entry] = waiting.splice(step.of, 1)
        return entry && queue.remove(entry)
      }
      case "Next":
        return void next(check)
      case "Sent": {
        const group = groups[step.of % groups.length]
        if (group !== undefined) group.isPredictable = true
        return
      }
      case "End": {
        const [group] = groups.splice(step.of % Math.max(1, groups.length), 1)
        return group && queue.end(group)
      }
    }
  }
  return { queue, waiting, groups, next, run }
}

type Run = ReturnType<typeof makeRun>

/** Runs random steps; `check` is called with every group that is formed, and with what was there before it. */
const always = (
  check: (group: LaneQueue.Group<LaneQueue.Queued>, run: Run) => void,
  after?: (run: Run) => void,
): void =>
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: "max" }), (steps) => {
      const run = makeRun()
      for (const each of steps) run.run(each, (group) => check(group, run))
      after?.(run)
    }),
    { numRuns: 1_000 },
  )

describe("A prediction of where a lane ends is wrong if another process", () => {
  const left: LaneHead = { lane: 0, next_position: 2, last_recorded_at: 10, has_joined: false, has_erased: false }
  const heads = (head: LaneHead): LaneHeads => new Map([[head.lane, head]])

  test.each([
    ["appended to it", { next_position: 3 }],
    ["recorded at a later time", { last_recorded_at: 11 }],
    ["joined people of the lane", { has_joined: true }],
    ["erased people of the lane", { has_erased: true }],
  ])("%s", (_, change) => {
    const found = { ...left, ...change }
    expect(LanePrediction.areSame(heads(left), heads({ ...left }))).toBe(true)
    expect(LanePrediction.areSame(heads(left), heads(found))).toBe(false)
    const prediction = LanePrediction.make()
    prediction.record(heads({ ...left, next_position: 1 }), heads(left))
    expect(prediction.predict([0])).toBeUndefined()
    prediction.record(heads(found), heads(left))
    expect(prediction.predict([0])).toBeUndefined()
    prediction.record(heads(left), heads(left))
    expect(prediction.predict([0])).toEqual(heads(left))
  })
})

describe("The queue of appends to lanes", () => {
  test("never lets an append overtake an earlier one with which it shares a lane", () => {
    always(({ entries }, { waiting }) => {
      for (const [index, entry] of waiting.entries()) {
        if (entries.includes(entry)) continue
        const later = entries.filter((each) => waiting.indexOf(each) > index)
        expect(later.filter(({ lanes }) => lanes.some((lane) => entry.lanes.includes(lane)))).toEqual([])
      }
    })
  })

  test("forms groups of at most a number of events, unless a single append has more", () => {
    always(({ entries }) => {
      expect(entries.length).toBeGreaterThan(0)
      if (entries.length > 1) expect(eventsOf(entries)).toBeLessThanOrEqual(limits.maxGroupEvents)
    })
  })

  // Mutants: a step joins the appends before it; a step is written while its lanes are.
  test.each([
    ["a step of the feed", (entry: LaneQueue.Queued) => "step" in entry],
    [
      "an append that changes compliance requests",
      (entry: LaneQueue.Queued) => "request" in entry && entry.request.compliance !== undefined,
    ],
  ])("writes %s alone, and only to lanes that nothing else writes to", (_, is) => {
    let count = 0
    always(({ entries, lanes, predecessors }, { groups }) => {
      if (!entries.some(is)) return
      count++
      expect([entries.length, predecessors.size]).toEqual([1, 0])
      expect(groups.filter((each) => overlap(each.lanes, lanes))).toEqual([])
    })
    expect(count).toBeGreaterThan(100)
  })

  test("writes at most a number of groups at a time", () => {
    always((_, { groups }) => expect(groups.length).toBeLessThan(limits.maxGroups))
  })

  test("has at most two groups write to a lane", () => {
    always(({ lanes }, { groups }) => {
      for (const lane of lanes) expect(groups.filter((each) => each.lanes.has(lane)).length).toBeLessThan(2)
    })
  })

  test("writes a group concurrently with others on its lanes only if it is full and all of its lanes are predicted", () => {
    always((group, { groups, waiting }) => {
      const busy = groups.filter((each) => overlap(each.lanes, group.lanes))
      expect([...group.predecessors]).toEqual(expect.arrayContaining(busy))
      expect(group.predecessors.size).toBe(busy.length)
      if (busy.length === 0) return
      expect(eventsOf(waiting)).toBeGreaterThanOrEqual(limits.maxGroupEvents)
      expect([...group.lanes].filter((lane) => !isPredicted(lane))).toEqual([])
      expect(busy.filter(({ isPredictable }) => !isPredictable)).toEqual([])
    })
  })

  test("writes a group concurrently with others on its lanes only if no other group is about the same people or identifiers", () => {
    always((group, { groups }) => {
      if (group.predecessors.size === 0) return
      const subjects = subjectsOf(group)
      expect(groups.filter((each) => overlap(subjectsOf(each), subjects))).toEqual([])
    })
  })

  test("forms a group whenever an append waits for idle lanes only, and leaves none behind", () => {
    always(
      () => {},
      ({ groups, next, queue, waiting }) => {
        expect(queue.size).toBe(waiting.length)
        expect(queue.isFull).toBe(waiting.length === limits.maxWaiting)
        for (const group of groups.splice(0)) queue.end(group)
        while (waiting.length > 0) {
          expect(next(() => {})).toBe(true)
          for (const group of groups.splice(0)) queue.end(group)
        }
        expect(queue.size).toBe(0)
        expect(queue.next()).toBeUndefined()
      },
    )
  })

  test("treats an append that names the event it comes after as a full group", () => {
    const queue = LaneQueue.make<LaneQueue.Queued>(limits, isPredicted)
    queue.add(entryOf([{ lane: 0, name: "a" }]))
    expect(queue.hasFullGroup).toBe(false)
    queue.add(entryOf([{ lane: 0, name: "b" }], { after: { concordId: "0 a", id: "1" } }))
    expect(queue.hasFullGroup).toBe(true)
  })
})
