/** Clauses of the contract: how a store keeps the state of webhooks. */
import { deepStrictEqual, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import { type DeadLetter, type ItemKey, ofEvent, type ParkedChange } from "../../core/ports/WebhookStore.ts"
import { type LoggedTry, triesKept, type WebhookStep } from "../../core/ports/WebhookStore.ts"
import { type Clause, clause, project, type Store, t0, uuid } from "./samples.ts"

const webhook = uuid(0xe1)
const second = uuid(0xe2)
const other = { ...project, number: project.number + 1 }

/** A step that only moves the cursor `live`, from a revision. */
const step = (before: number, over: Partial<WebhookStep> = {}): WebhookStep => ({
  project,
  webhook,
  cursors: [{ name: "live", before, state: `{"before":${before}}` }],
  park: [],
  unpark: [],
  bury: [],
  unbury: [],
  tries: [],
  ...over,
})

const parked = (person: string, key: Partial<ItemKey>, over: Partial<ParkedChange> = {}): ParkedChange => ({
  lane: 0,
  position: 0,
  number: ofEvent,
  ...key,
  person,
  tries: 1,
  nextAt: t0,
  ...over,
})

const dead = (key: Partial<ItemKey>, over: Partial<DeadLetter> = {}): DeadLetter => ({
  lane: 0,
  position: 0,
  number: ofEvent,
  ...key,
  person: uuid(5),
  at: t0,
  tries: 11,
  outcome: "500",
  ...over,
})

const logged = (n: number, over: Partial<LoggedTry> = {}): LoggedTry => ({
  n,
  change: `e4096-${n}`,
  type: "consent.recorded",
  attempt: 1,
  at: t0 + n,
  millis: 7,
  outcome: "200",
  isReplay: false,
  ...over,
})

const [a, b] = [uuid(5), uuid(6)]

export const webhookClauses: ReadonlyArray<Clause> = [
  clause(
    "a cursor of a webhook moves from the revision that it has, and from no other",
    Effect.fnUntraced(function* ({ webhooks }: Store) {
      deepStrictEqual(yield* webhooks.cursors(project), [])
      strictEqual(yield* webhooks.write(step(1)), "stale")
      strictEqual(yield* webhooks.write(step(0)), "written")
      // With another state, because a store that loses its connection takes a step with the same state for its own.
      const another = { name: "live", before: 0, state: '{"another":0}' }
      strictEqual(yield* webhooks.write(step(0, { cursors: [another] })), "stale")
      strictEqual(yield* webhooks.write(step(1)), "written")
      const live = { webhook, name: "live", revision: 2, state: '{"before":1}' }
      deepStrictEqual(yield* webhooks.cursors(project), [live])
      deepStrictEqual(yield* webhooks.cursors(project, webhook), [live])
      deepStrictEqual(yield* webhooks.cursors(project, second), [])
      deepStrictEqual(yield* webhooks.cursors(other), [])
    }),
  ),
  clause(
    "a step with a stale cursor writes nothing of itself",
    Effect.fnUntraced(function* ({ webhooks }: Store) {
      strictEqual(yield* webhooks.write(step(0)), "written")
      const cursors = [
        { name: "live", before: 1, state: "{}" },
        { name: `replay ${uuid(0xd1)}`, before: 1, state: "{}" },
      ]
      const full = { park: [parked(a, {})], bury: [dead({})], tries: [logged(0)] }
      strictEqual(yield* webhooks.write(step(1, { cursors, ...full })), "stale")
      deepStrictEqual(yield* webhooks.parkedPeople(project, webhook), [])
      deepStrictEqual(yield* webhooks.deadLetters(project, webhook, undefined, 10), [])
      deepStrictEqual(yield* webhooks.tries(project, webhook, undefined, undefined, 10), [])
      strictEqual((yield* webhooks.cursors(project))[0]?.revision, 1)
    }),
  ),
  clause(
    "a cursor that was removed begins again, and cursors come by webhook and name",
    Effect.fnUntraced(function* ({ webhooks }: Store) {
      const replay = `replay ${uuid(0xd1)}`
      const both = [
        { name: replay, before: 0, state: "{}" },
        { name: "live", before: 0, state: "{}" },
      ]
      yield* webhooks.write(step(0, { webhook: second, cursors: both }))
      yield* webhooks.write(step(0, { cursors: both }))
      const names = Effect.map(webhooks.cursors(project), (all) => all.map(({ name, webhook }) => [webhook, name]))
      deepStrictEqual(
        yield* names,
        [webhook, second].flatMap((id) => [
          [id, "live"],
          [id, replay],
        ]),
      )
      strictEqual(yield* webhooks.write(step(1, { cursors: [{ name: replay, before: 1 }] })), "written")
      deepStrictEqual(yield* names, [
        [webhook, "live"],
        [second, "live"],
        [second, replay],
      ])
      strictEqual(yield* webhooks.write(step(0, { cursors: [{ name: replay, before: 0, state: "{}" }] })), "written")
    }),
  ),
  clause(
    "the first parked change of each person comes in the order of lane, position and number",
    Effect.fnUntraced(function* ({ webhooks }: Store) {
      const rows = [
        parked(a, { lane: 1, position: 3 }, { tries: 2, nextAt: t0 + 5 }),
        parked(a, { lane: 1, position: 3, number: 0 }),
        parked(a, { lane: 1, position: 4 }),
        parked(b, { lane: 0, position: 9 }),
        parked("", { lane: 0, position: 9, number: 1 }, { nextAt: t0 - 1 }),
      ]
      yield* webhooks.write(step(0, { park: rows }))
      yield* webhooks.write(step(0, { webhook: second, park: [parked(b, { lane: 0, position: 1 })] }))
      deepStrictEqual(yield* webhooks.parkedPeople(project, webhook), [rows[4], rows[3], rows[1]])
      deepStrictEqual(yield* webhooks.parkedOf(project, webhook, a, 2), [rows[1], rows[0]])
      deepStrictEqual(yield* webhooks.parkedOf(project, webhook, uuid(7), 2), [])
      yield* webhooks.write(step(1, { unpark: [rows[1]!, rows[2]!, rows[4]!, parked(a, { position: 77 })] }))
      deepStrictEqual(yield* webhooks.parkedPeople(project, webhook), [rows[3], rows[0]])
      const again = { ...rows[0]!, tries: 3, nextAt: t0 + 9 }
      yield* webhooks.write(step(2, { unpark: [rows[0]!], park: [again] }))
      yield* webhooks.write(step(3, { park: [{ ...rows[3]!, tries: 4 }] }))
      deepStrictEqual(yield* webhooks.parkedPeople(project, webhook), [{ ...rows[3], tries: 4 }, again])
    }),
  ),
  clause(
    "dead letters come in pages, and are counted with the people that are parked",
    Effect.fnUntraced(function* ({ webhooks }: Store) {
      const rows = [
        dead({ position: 1, number: 0 }),
        dead({ position: 1 }),
        dead({ lane: 1, number: 7 }, { person: "" }),
        dead({ lane: 1 }, { outcome: "timeout", tries: 12, at: t0 + 1 }),
      ]
      yield* webhooks.write(step(0, { bury: rows.toReversed(), park: [parked(a, {}), parked(a, { position: 1 })] }))
      yield* webhooks.write(step(0, { webhook: second }))
      deepStrictEqual(yield* webhooks.deadLetters(project, webhook, undefined, 3), rows.slice(0, 3))
      deepStrictEqual(yield* webhooks.deadLetters(project, webhook, rows[2], 3), rows.slice(3))
      deepStrictEqual(yield* webhooks.counts(project), [{ webhook, parked: 1, dead: 4 }])
      yield* webhooks.write(step(1, { unbury: [rows[0]!, rows[2]!], bury: [{ ...rows[1]!, tries: 20 }] }))
      deepStrictEqual(yield* webhooks.deadLetters(project, webhook, undefined, 3), [
        { ...rows[1]!, tries: 20 },
        rows[3],
      ])
      deepStrictEqual(yield* webhooks.counts(other), [])
    }),
  ),
  clause(
    "the log has the latest tries, in pages and by outcome",
    Effect.fnUntraced(function* ({ webhooks }: Store) {
      const rows = Array.from({ length: triesKept + 3 }, (_, n) =>
        logged(n, n % 100 === 2 ? { outcome: "timeout", isReplay: true, type: "decision.changed", attempt: 3 } : {}),
      )
      for (let from = 0; from < rows.length; from += 400) {
        yield* webhooks.write(step(from / 400, { tries: rows.slice(from, from + 400) }))
      }
      const read = (outcomes: ReadonlyArray<string> | undefined, before: number | undefined, limit: number) =>
        webhooks.tries(project, webhook, outcomes, before, limit)
      deepStrictEqual(yield* read(undefined, undefined, 2), [rows[triesKept + 2], rows[triesKept + 1]])
      deepStrictEqual(yield* read(undefined, triesKept, 1), [rows[triesKept - 1]])
      deepStrictEqual(yield* read(["timeout", "reset"], triesKept, 2), [rows[902], rows[802]])
      deepStrictEqual(yield* read(undefined, 5, 10), [rows[4], rows[3]])
      deepStrictEqual(yield* read([], undefined, 10), [])
    }),
  ),
  clause(
    "a webhook is removed with everything that is kept of it, and no other",
    Effect.fnUntraced(function* ({ webhooks }: Store) {
      const full = { park: [parked(a, {})], bury: [dead({})], tries: [logged(0)] }
      yield* webhooks.write(step(0, full))
      yield* webhooks.write(step(0, { webhook: second, ...full }))
      yield* webhooks.remove(project, webhook)
      yield* webhooks.remove(project, uuid(0xe3))
      for (const [id, count] of [
        [webhook, 0],
        [second, 1],
      ] as const) {
        strictEqual((yield* webhooks.cursors(project, id)).length, count)
        strictEqual((yield* webhooks.parkedPeople(project, id)).length, count)
        strictEqual((yield* webhooks.deadLetters(project, id, undefined, 10)).length, count)
        strictEqual((yield* webhooks.tries(project, id, undefined, undefined, 10)).length, count)
      }
      strictEqual(yield* webhooks.write(step(0)), "written")
    }),
  ),
]
