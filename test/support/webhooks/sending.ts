/**
 * A ledger with a webhook whose receiver answers as a test wants, on a clock that the test moves. The receiver is an
 * implementation of the port `Outbound`, so that tries take no socket and no time.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Clock, Duration, Effect, Fiber, Layer, Option } from "effect"
import * as MemoryStore from "../../../adapters/memory/MemoryStore.ts"
import * as Signature from "../../../adapters/webhooks/Signature.ts"
import * as Lease from "../../../core/ledger/Lease.ts"
import * as Ledger from "../../../core/Ledger.ts"
import type { ProjectScope, Webhook } from "../../../core/model/Catalog.ts"
import * as Lane from "../../../core/model/Lane.ts"
import { LedgerStore } from "../../../core/ports/LedgerStore.ts"
import { Outbound, type OutboundAnswer, type OutboundRequest } from "../../../core/ports/Outbound.ts"
import * as Webhooks from "../../../core/webhooks/Webhooks.ts"
import * as WebhookDefaults from "../../../core/model/WebhookDefaults.ts"
import * as TestKeys from "../keys.ts"

export const start = Date.UTC(2024, 0, 31)

/** One try, as the receiver saw it. */
export interface Tried {
  readonly at: number
  readonly id: string
  readonly type: string
  /** The person of the change, if it is about one. */
  readonly person: string | undefined
  readonly request: OutboundRequest
  /** `undefined` while it is under way, or after it was cut off. */
  outcome?: Outcome
  /** When it had its outcome. */
  endedAt?: number
}

/** A status, a status with a pause that is asked for, or a failure. */
export type Outcome = number | { readonly status: number; readonly retryAfterMillis: number } | "timeout" | "reset"

/** What the receiver does with a try, given all tries before it, and how long it takes, in milliseconds. */
export type Behaviour = (tried: Tried, before: ReadonlyArray<Tried>) => { outcome: Outcome; takes?: number }

const answerOf = (outcome: Outcome, millis: number): OutboundAnswer => {
  if (typeof outcome === "string") return { _tag: "Failed", failure: outcome, millis }
  if (typeof outcome === "number") return { _tag: "Answered", status: outcome, millis }
  return { _tag: "Answered", millis, ...outcome }
}

/** A receiver that remembers every try. */
export const receiver = (behave: Behaviour) => {
  const tries: Array<Tried> = []
  const state = { behave }
  const send = Effect.fnUntraced(function* (request: OutboundRequest) {
    const at = yield* Clock.currentTimeMillis
    const { data, type } = JSON.parse(request.body)
    const tried: Tried = { at, id: request.headers["webhook-id"]!, type, person: data.concordId, request }
    const { outcome, takes = 0 } = state.behave(tried, tries)
    tries.push(tried)
    if (takes > 0) yield* Effect.sleep(takes)
    tried.outcome = outcome
    tried.endedAt = yield* Clock.currentTimeMillis
    return answerOf(outcome, takes)
  })
  const outbound: Outbound["Service"] = {
    urlFault: () => undefined,
    sign: (keys, id, timestamp, body) => Signature.sign(keys, { id, timestamp, body }),
    publicKey: Signature.publicKeyOf,
    send,
  }
  return { outbound, tries, state }
}

/**
 * A clock that jumps: sleepers whose time has come wake at once, and those that sleep again before the instant that it
 * jumped to sleep on from there. So days take no longer than seconds, although a sender looks about every second.
 */
export interface JumpingClock extends Clock.Clock {
  readonly jump: (millis: number) => void
}

const makeClock = (): JumpingClock => {
  const real = Effect.runSync(Effect.clockWith(Effect.succeed))
  const sleepers = new Map<() => void, number>()
  let now = start
  const nanos = () => BigInt(now) * 1_000_000n
  return {
    ...real,
    currentTimeMillisUnsafe: () => now,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: (duration) =>
      Effect.callback<void>((resume) => {
        const wake = () => resume(Effect.void)
        const millis = Duration.toMillis(duration)
        if (millis <= 0) return wake()
        sleepers.set(wake, now + millis)
        return Effect.sync(() => void sleepers.delete(wake))
      }),
    jump: (millis) => {
      now += millis
      const woken = [...sleepers].filter(([, until]) => until <= now)
      for (const [wake] of woken) sleepers.delete(wake)
      for (const [wake] of woken) wake()
    },
  }
}

/** A ledger with a project, at {@link start}, over a store in memory unless another is given. */
export const layer = (store: Layer.Layer<LedgerStore> = MemoryStore.layer) =>
  Ledger.layer.pipe(
    Layer.provideMerge(store),
    Layer.provide(Layer.mergeAll(TestKeys.layer, NodeCrypto.layer)),
    Layer.provideMerge(Layer.sync(Clock.Clock, makeClock)),
  )

/** The project of a new ledger. */
export const project = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  const { project } = Option.getOrThrow(yield* ledger.found)
  return Option.getOrThrow(yield* ledger.projectScope(project.id))
})

/** Records an event of a user, of the type with a number. */
export const record = Effect.fnUntraced(function* (scope: ProjectScope, userId: string, type = 0) {
  const ledger = yield* Ledger.Ledger
  const outcome = yield* ledger.record({
    ...scope,
    submitter: "test",
    items: [
      {
        person: { userId },
        consentType: scope.types.all[type]!.id,
        consentState: "accepted",
        consentAction: "import",
        consentDate: start - 1000,
      },
    ],
  })
  if (outcome._tag !== "Recorded") return yield* Effect.die(new Error(outcome._tag))
  return outcome.events[0]!
})

const written = JSON.stringify

/** Creates a webhook. */
export const create = Effect.fnUntraced(function* (
  scope: ProjectScope,
  outbound: Outbound["Service"],
  over: Partial<Webhooks.NewWebhook> = {},
) {
  const { webhooks } = yield* Ledger.Ledger
  const { status: _status, ...defaults } = WebhookDefaults.defaults
  const fields = { ...defaults, url: "https://receiver.example/", scheme: "hmac", after: "now", ...over } as const
  const outcome = yield* webhooks.create(scope, fields, outbound, { answer: written })
  if (outcome._tag !== "Changed") return yield* Effect.die(new Error(JSON.stringify(outcome)))
  return outcome.value
})

/** Lets everything run that does not wait for the clock. */
export const settle = Effect.repeat(
  Effect.promise(() => new Promise((resolve) => setImmediate(resolve))),
  { times: 8 },
)

/** Moves the clock, in steps. */
export const pass = Effect.fnUntraced(function* (millis: number, step = millis) {
  const clock = (yield* Clock.Clock) as JumpingClock
  for (let passed = 0; passed < millis; passed += step) {
    yield* settle
    clock.jump(Math.min(step, millis - passed))
  }
  yield* settle
})

/** A server that sends, until it is killed. */
export const serve = Effect.fnUntraced(function* (outbound: Outbound["Service"]) {
  const { webhooks } = yield* Ledger.Ledger
  return yield* Effect.forkDetach(webhooks.run({ outbound }), { startImmediately: true })
})

/** Ends a server. Tries that are under way are waited for. */
export const end = (server: Fiber.Fiber<unknown, unknown>) =>
  Effect.gen(function* () {
    const ending = yield* Effect.forkDetach(Fiber.interrupt(server), { startImmediately: true })
    yield* pass(6000, 1000)
    yield* Fiber.join(ending)
  })

/** The state of a webhook as its owner reads it. */
export const healthOf = Effect.fnUntraced(function* (scope: ProjectScope, webhook: Webhook) {
  const { webhooks } = yield* Ledger.Ledger
  return (yield* webhooks.health(scope, [webhook]))[0]!.health
})

/** The webhook as it is now. */
export const current = Effect.fnUntraced(function* ({ id, project }: Webhook) {
  const { catalog } = yield* LedgerStore
  return (yield* catalog.current).webhooks.get(project)?.find((webhook) => webhook.id === id)
})

/** Has a server take the lease of a webhook, and kills it. Its clock is `ahead` milliseconds ahead. */
export const leased = Effect.fnUntraced(function* ({ project }: ProjectScope, { id }: Webhook, ahead: number) {
  const { feed } = yield* LedgerStore
  const lane = Lane.of(project, id) - Lane.range(project)[0]
  const now = start + ahead
  return yield* feed.lease({ owner: project, lane }, `webhook ${id}`, "killed", now, now + Lease.millis)
})
