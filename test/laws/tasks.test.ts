/**
 * Law 11 for tasks: over any schedule of crashes and answers of a data system, each task that was to be handed over is
 * handed over at least once, or fails. Its bytes and id are the same every time, and it is signed with the secret of
 * the connector. Without a crash it is taken exactly once. A request whose identity was not shown hands nothing over,
 * and one that was denied hands over nothing more.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Logger, Option } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { Webhook } from "standardwebhooks"
import { describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Signature from "../../adapters/webhooks/Signature.ts"
import * as Connectors from "../../core/connectors/Connectors.ts"
import * as DataSystems from "../../core/catalog/DataSystems.ts"
import * as ComplianceReading from "../../core/compliance-requests/ComplianceReading.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as LedgerContext from "../../core/ledger/LedgerContext.ts"
import * as TaskSender from "../../core/outbox/TaskSender.ts"
import type { Outbound, OutboundAnswer, OutboundRequest } from "../../core/ports/Outbound.ts"
import * as Mortal from "../support/compliance/mortal.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"
import * as Surface from "../support/people/surface.ts"
import { threeStores } from "../support/threeStores.ts"

const stores = threeStores(MemoryStore.layer, {
  memory: times(40, 500),
  sqlite: times(3, 30),
  postgres: times(2, 15),
})

const start = Date.UTC(2026, 10, 30)
const minute = 60_000

const answers: ReadonlyArray<OutboundAnswer> = [
  { _tag: "Answered", status: 204, millis: 1 },
  { _tag: "Answered", status: 201, millis: 1 },
  { _tag: "Answered", status: 500, millis: 1 },
  { _tag: "Answered", status: 404, millis: 1 },
  { _tag: "Failed", failure: "refused_address", millis: 1 },
]

/** What happens to a task that is handed over: an answer; or the server is killed when it was taken, or before. */
const anyHandover = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...answers) },
  { weight: 1, arbitrary: fc.constantFrom("killed before" as const, "killed after" as const) },
)

const anyStep = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("open" as const), isShown: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), minutes: fc.constantFrom(0, 1, 7, 90) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("rotate" as const, "deny" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      handovers: fc.array(anyHandover, { maxLength: 4 }),
      fatal: fc.option(fc.record({ write: fc.nat(4), when: fc.constantFrom("before" as const, "after" as const) }), {
        nil: undefined,
      }),
    }),
  },
)

type Step = typeof anyStep extends fc.Arbitrary<infer S> ? S : never

/** A data system's view: everything that was handed over, and what it answered. */
interface Handed {
  readonly request: OutboundRequest
  readonly secret: string
  readonly answer: OutboundAnswer | "killed"
}

const writes = new Set(["claim", "postpone", "write"])

const connector = {
  url: "https://crm.example.com/tasks",
  profile: "assent",
  identities: [{ type: "email", format: "raw" }],
  isActive: true,
} as const

const answering = { answer: () => "" }

/** One server hands over what is due, until that is done or it is killed. */
const send = Effect.fnUntraced(function* (
  { fatal, handovers }: Extract<Step, { readonly do: "send" }>,
  secret: string,
  handed: Array<Handed>,
  context: LedgerContext.LedgerContext,
) {
  const mortal = Mortal.over(
    context.store,
    (name) => writes.has(name),
    (write) => (write === fatal?.write ? fatal.when : undefined),
  )
  const script = [...handovers]
  const outbound: Outbound["Service"] = {
    urlFault: () => undefined,
    publicKey: () => "",
    sign: (keys, id, timestamp, body) => Signature.sign(keys, { id, timestamp, body }),
    send: (request) =>
      Effect.suspend((): Effect.Effect<OutboundAnswer> => {
        const next = script.shift() ?? answers[0]!
        if (next === "killed before") return mortal.kill
        handed.push({ request, secret, answer: next === "killed after" ? "killed" : next })
        return next === "killed after" ? mortal.kill : Effect.succeed(next)
      }),
  }
  return yield* mortal.run(TaskSender.pass({ outbound }, { ...context, store: mortal.store }))
})

const key = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" } as const

/** Plays the steps, and then hands over until nothing waits. */
const play = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>) {
  const started = yield* Plays.make
  const { scope } = started
  const { organization } = scope
  const context = yield* LedgerContext.make
  const outbound = { urlFault: () => undefined } as unknown as Outbound["Service"]
  const fields = { name: "CRM", status: "active" } as const
  const made = yield* Surface.expected(yield* DataSystems.create(organization, fields, answering, context), "Changed")
  const { id } = made.value
  yield* Connectors.set(organization, id, connector, outbound, answering, context)
  let generation = 1
  const secretOf = Effect.map(
    Effect.suspend(() => Connectors.keyOf(organization, { id }, generation, context)),
    Connectors.secretText,
  )
  const handed: Array<Handed> = []
  const opened: Array<{ readonly id: string; readonly isShown: boolean }> = []
  /** How much had been handed over when a request was denied. */
  const denied = new Map<string, number>()
  let isKilled = false
  for (const step of steps) {
    if (step.do === "wait") yield* TestClock.adjust(step.minutes * minute)
    if (step.do === "rotate") {
      yield* Connectors.rotate(organization, id, answering, context)
      generation += 1
    }
    if (step.do === "open") {
      const asked = { request: "view", user: { email: "jo@example.org" }, isPreverified: step.isShown } as const
      const [request] = (yield* Surface.expected(yield* Plays.open(started, asked, key), "Opened")).requests
      opened.push({ id: request!.id, isShown: step.isShown })
    }
    if (step.do === "deny" && opened.length > 0) {
      const last = opened.at(-1)!
      const change = { status: "resolved", resolutionStatus: "denied", denialGround: "other" } as const
      yield* started.ledger.compliance.change(scope, last.id, change, { keyId: key.id })
      if (!denied.has(last.id)) denied.set(last.id, handed.length)
    }
    if (step.do === "send" && (yield* send(step, yield* secretOf, handed, context)) === "killed") isKilled = true
  }
  for (let day = 0; day < 10; day++) {
    yield* TestClock.adjust(24 * 60 * minute)
    yield* send({ do: "send", handovers: [], fatal: undefined }, yield* secretOf, handed, context)
  }
  const rows = yield* context.store.outbox.list([scope.project], {}, undefined, 1000)
  const requests = yield* Effect.forEach(opened, (each) =>
    Effect.map(ComplianceReading.find(scope, each.id, context), (found) => ({
      ...each,
      state: Option.getOrThrow(found).state,
    })),
  )
  return { handed, requests, isKilled, rows: rows.filter(({ template }) => template === "task"), denied, system: id }
})

type Played = Effect.Success<ReturnType<typeof play>>

const isTaken = ({ answer }: Handed): boolean =>
  answer !== "killed" && answer._tag === "Answered" && answer.status < 300

const check = ({ handed, isKilled, requests, rows, system, denied }: Played): void => {
  const byId = Map.groupBy(handed, ({ request }) => request.headers["webhook-id"]!)
  expect([...byId.keys()].filter((id) => !rows.some((row) => row.id === id))).toEqual([])
  expect(rows).toHaveLength(requests.filter(({ isShown }) => isShown).length)
  for (const row of rows) {
    const own = byId.get(row.id) ?? []
    const taken = own.filter(isTaken)
    const { state } = requests.find(({ id }) => id === row.request)!
    expect(new Set(own.map(({ request }) => request.body)).size).toBeLessThanOrEqual(1)
    for (const each of own) expect(handed.indexOf(each)).toBeLessThan(denied.get(row.request) ?? Infinity)
    if (row.state === "sent") expect(taken.length).toBeGreaterThan(0)
    if (!isKilled) expect(taken.length).toBe(row.state === "sent" ? 1 : 0)
    if (row.state === "cancelled") expect(denied.has(row.request)).toBe(true)
    else {
      expect(["sent", "failed"]).toContain(row.state)
      expect(state.tasks.find(({ dataSystem }) => dataSystem === system)?.sending).toBe(row.state)
    }
  }
  for (const { request, secret } of handed) {
    const { headers } = request
    // The library compares the timestamp with the clock of the machine, which is not the clock of the world.
    const timestamp = Number(headers["webhook-timestamp"])
    const signature = new Webhook(secret).sign(headers["webhook-id"]!, new Date(timestamp * 1000), request.body)
    expect(headers["webhook-signature"]!.split(" ")[0]).toBe(signature)
  }
}

describe.each(stores)("over %s", (_name, store, runs) => {
  test("law 11: each task that was to be handed over is taken or fails, the same every time, and no other is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 4, maxLength: 14 }), async (steps) => {
        const played = await play(steps).pipe(
          Effect.provide(
            Ledger.layer.pipe(
              Layer.provideMerge(TestKeys.layer),
              Layer.provideMerge(store()),
              Layer.provideMerge(NodeCrypto.layer),
              Layer.provideMerge(Logger.layer([])),
            ),
          ),
          (all) => Effect.andThen(TestClock.setTime(start), all),
          Effect.provide(TestClock.layer()),
          Effect.runPromise,
        )
        check(played)
      }),
      { numRuns: runs, endOnFailure: false },
    )
  })
})
