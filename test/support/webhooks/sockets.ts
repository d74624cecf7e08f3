/**
 * Ledgers that send to real receivers over real sockets, on a clock that jumps, and that can be killed.
 *
 * The clock jumps only when every try that is under way waits for it: because its receiver hangs on purpose.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Clock, Effect, Exit, Layer, Option, Scope } from "effect"
import * as Allowance from "../../../adapters/webhooks/Allowance.ts"
import * as HttpsOutbound from "../../../adapters/webhooks/HttpsOutbound.ts"
import * as Ledger from "../../../core/Ledger.ts"
import { LedgerStore } from "../../../core/ports/LedgerStore.ts"
import { Outbound } from "../../../core/ports/Outbound.ts"
import type { FeedStore } from "../../../core/ports/FeedStore.ts"
import type { WebhookStore } from "../../../core/ports/WebhookStore.ts"
import * as TestKeys from "../keys.ts"
import type { Behaviour, Received, Receiver } from "../receiver.ts"
import * as Sending from "./sending.ts"

/** What is reached: receivers on this machine, without TLS. */
export const allowance = (...receivers: ReadonlyArray<Receiver>): Allowance.Allowance =>
  Option.getOrThrow(Allowance.parse(receivers.map(({ url }) => url).join(" ")))

/** A request, the person of its change, and what became of it. */
export interface Receipt extends Received {
  readonly person: string
  /** `undefined` while it is not answered. */
  answered: Behaviour | undefined
}

/** Whether a change was taken: its try had a status from 200 to 299. */
export const isTaken = ({ answered }: Receipt): boolean =>
  typeof answered === "object"
    ? answered.status >= 200 && answered.status < 300
    : answered === "endless body" || answered === "huge body"

/** Notes every request to a receiver, and answers each with the next behaviour, then as a receiver that takes all. */
export const note = (receiver: Receiver, behave: (receipt: Receipt, n: number) => Behaviour) => {
  const receipts: Array<Receipt> = []
  receiver.behave((received) => {
    const receipt: Receipt = { ...received, person: JSON.parse(received.body).data.concordId, answered: undefined }
    receipts.push(receipt)
    receipt.answered = behave(receipt, receipts.length - 1)
    return receipt.answered
  })
  return {
    receipts,
    /** How many tries wait for the clock: their connections are open, and nothing more is sent to them. */
    waiting: () => receiver.connections().held,
  }
}

/** Where a process is killed: at a write of the state of webhooks, from 0, before or after it is done. */
export interface Kill {
  readonly write: number
  readonly isDone: boolean
}

/**
 * A process: a ledger over the store, which sends until it is killed or its scope ends. Killed, it does nothing any
 * more, and its sockets are closed.
 */
export const start = Effect.fnUntraced(function* (given: Allowance.Allowance, kill?: Kill) {
  const store = yield* LedgerStore
  const scope = yield* Scope.make()
  const state = { isKilled: false, underWay: 0, writes: 0 }
  const die = Effect.suspend(() => {
    state.isKilled = true
    return Effect.andThen(Effect.forkDetach(Scope.close(scope, Exit.void)), Effect.never)
  })
  yield* Effect.addFinalizer(() => Effect.forkDetach(die))
  const write: WebhookStore["write"] = (step) =>
    Effect.suspend(() => {
      if (state.isKilled) return Effect.never
      if (state.writes++ !== kill?.write) return store.webhooks.write(step)
      return kill.isDone ? Effect.andThen(store.webhooks.write(step), die) : die
    })
  const lease: FeedStore["lease"] = (...given) =>
    Effect.suspend(() => (state.isKilled ? Effect.never : store.feed.lease(...given)))
  const own = { ...store, feed: { ...store.feed, lease }, webhooks: { ...store.webhooks, write } }
  const outbound = yield* HttpsOutbound.layer({ allowance: given }).pipe(
    Layer.buildWithScope(scope),
    Effect.map((context) => Effect.provideContext(Outbound, context)),
    Effect.flatten,
  )
  const counted: Outbound["Service"] = {
    ...outbound,
    send: (request) =>
      Effect.suspend(() => {
        if (state.isKilled) return Effect.never
        state.underWay += 1
        return Effect.ensuring(
          outbound.send(request),
          Effect.sync(() => (state.underWay -= 1)),
        )
      }),
  }
  const ledger = Ledger.layer.pipe(
    Layer.provide([Layer.succeed(LedgerStore, own), TestKeys.layer, NodeCrypto.layer]),
    Layer.fresh,
  )
  const context = yield* Layer.buildWithScope(ledger, scope)
  yield* Effect.provideContext(Sending.serve(counted), context)
  return { state, kill: Effect.asVoid(Effect.forkDetach(die)), outbound: counted, ledger: context }
})

/** A running process. */
export type Process = Effect.Success<ReturnType<typeof start>>

/** Waits until nothing happens any more unless the clock moves. */
export const quiet = Effect.fnUntraced(function* (
  processes: ReadonlyArray<Process>,
  receivers: ReadonlyArray<{ readonly waiting: () => number }>,
) {
  const isQuiet = () => {
    const underWay = processes.reduce((sum, { state }) => sum + (state.isKilled ? 0 : state.underWay), 0)
    return underWay <= receivers.reduce((sum, { waiting }) => sum + waiting(), 0)
  }
  for (let calm = 0; calm < 2; calm = isQuiet() ? calm + 1 : 0) yield* Sending.settle
})

/** How often a process looks for what others have recorded, in milliseconds. */
const pollMillis = 250

/** Moves the clock in steps, each when all is quiet; the first second in steps in which processes learn of others. */
export const pass = Effect.fnUntraced(function* (millis: number, step: number, ...of: Parameters<typeof quiet>) {
  const clock = (yield* Clock.Clock) as Sending.JumpingClock
  for (let passed = 0; passed < millis;) {
    yield* quiet(...of)
    const next = passed < 1000 ? pollMillis : step
    clock.jump(next)
    passed += next
  }
  yield* quiet(...of)
})
