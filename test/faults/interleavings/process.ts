/**
 * A process that serves the real ledger over a store. It can be killed: all its work stops where it is, and requests
 * that wait for an answer get none.
 */
import { Cause, Clock, Context, Effect, Exit, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import * as Crypto from "../../../apps/Crypto.ts"
import * as Ledger from "../../../core/Ledger.ts"
import { LedgerStore, type StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
import type { Chance } from "./chance.ts"
import { type Commit, type KeptStep, make as faultyStore, Request, type Troubles } from "./faultyStore.ts"
import type { Reply } from "./history.ts"
import type { Process, Turns } from "./turns.ts"
import * as TestKeys from "../../support/keys.ts"

/** What all processes of a run share. */
export interface World {
  readonly chance: Chance
  readonly turns: Turns
  readonly clock: Clock.Clock
  readonly store: LedgerStore["Service"]
  readonly commits: Array<Commit>
  readonly steps: Array<KeptStep>
  readonly troubles: Troubles
  readonly hangsUp: number
  readonly trace: (line: string) => void
  readonly fail: (failure: string) => void
}

export type Use<A> = (ledger: Ledger.Ledger["Service"]) => Effect.Effect<A, StoreUnavailable>

export interface Running {
  /** Sends a request from another process, and waits for the result. */
  readonly call: <A>(from: Process, request: string, use: Use<A>) => Effect.Effect<Reply<A>>
  readonly kill: () => void
  /** The number of requests under way. */
  readonly underWay: () => number
}

/**
 * A ledger with ids and secrets from the seed. `atStart` is the store that it reads when it starts, which has no
 * troubles: a process whose start fails is started again.
 */
export const ledgerOver = (
  store: LedgerStore["Service"],
  clock: Clock.Clock,
  { bytes }: Chance,
  atStart = store,
): Ledger.Ledger["Service"] => {
  let isStarted = false
  const current = Effect.suspend(() => (isStarted ? store : atStart).catalog.current)
  const ledger = build({ ...store, catalog: { ...store.catalog, current } }, clock, bytes)
  isStarted = true
  return ledger
}

const build = (store: LedgerStore["Service"], clock: Clock.Clock, bytes: Chance["bytes"]) =>
  Effect.gen(function* () {
    return yield* Ledger.Ledger
  }).pipe(
    Effect.provide(
      Ledger.layer.pipe(
        Layer.provide(Layer.succeed(LedgerStore, store)),
        Layer.provide(Layer.succeed(SecureRandom.SecureRandom, SecureRandom.make(bytes))),
        Layer.provide([Crypto.layer, TestKeys.layer]),
      ),
    ),
    Effect.provideService(Clock.Clock, clock),
    Effect.runSync,
  )

const toReply = <A>(exit: Exit.Exit<A, StoreUnavailable>, fail: (failure: string) => void): Reply<A> => {
  if (Exit.isSuccess(exit)) return { _tag: "Answered", value: exit.value }
  if (Cause.hasDies(exit.cause)) fail(Cause.pretty(exit.cause))
  return Cause.hasFails(exit.cause) ? { _tag: "Unavailable" } : { _tag: "Lost" }
}

/** Starts a process. */
export const start = (process: Process, world: World): Running => {
  const { chance, clock, fail, trace, turns } = world
  const store = faultyStore(world.store, process, world.troubles, world.commits, world)
  const ledger = ledgerOver(store, clock, chance, world.store)
  const runFork = Effect.runForkWith(Context.make(Clock.Clock, clock))
  const waiting = new Set<() => void>()
  let isAlive = true

  const call = <A>(from: Process, request: string, use: Use<A>) =>
    Effect.callback<Reply<A>>((resume) => {
      const answer = (reply: Reply<A>): void => {
        if (waiting.delete(lose)) turns.later(from, 0, () => resume(Effect.succeed(reply)))
      }
      const lose = () => answer({ _tag: "Lost" })
      waiting.add(lose)
      if (!isAlive) return lose()
      turns.later(process, 0, () => {
        const carriedOut = Effect.provideService(
          Effect.suspend(() => use(ledger)),
          Request,
          request,
        )
        const fiber = runFork(carriedOut, { scheduler: turns.scheduler(process) })
        fiber.addObserver((exit) => answer(toReply(exit, fail)))
        if (!chance.happens(world.hangsUp)) return
        turns.later(process, chance.below(40), () => {
          trace(`${request} is not waited for`)
          lose()
          // A client that has lost the connection does not tell the server that it no longer waits.
          if (chance.happens(0.5)) fiber.interruptUnsafe()
        })
      })
    })

  return {
    call,
    kill: () => {
      trace(`${process.name} is killed`)
      isAlive = false
      turns.drop(process)
      for (const lose of waiting) lose()
    },
    underWay: () => waiting.size,
  }
}
