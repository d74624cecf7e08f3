/**
 * A server that can be killed: from then on its store answers no call, so that nothing which it was doing goes on. The
 * store itself keeps what was written.
 */
import { Deferred, Effect, Fiber } from "effect"

/** A server's own view of a store. */
export interface Mortal<Store> {
  readonly store: Store
  /** Kills the server: the call that is made now is done or not, and is never answered. */
  readonly kill: Effect.Effect<never>
  /** Runs something of the server, until it ends or the server is killed. */
  readonly run: (effect: Effect.Effect<unknown, unknown>) => Effect.Effect<"ended" | "killed">
}

/**
 * A mortal view of a store. `fatal` is asked before each write with its number, from 0: whether the server is killed
 * just before or just after it.
 */
export const over = <Store extends object>(
  store: Store,
  isWrite: (name: string) => boolean,
  fatal: (write: number) => "before" | "after" | undefined,
): Mortal<Store> => {
  const killed = Deferred.makeUnsafe<void>()
  let isDead = false
  let writes = 0
  const kill = Effect.suspend(() => {
    isDead = true
    Deferred.doneUnsafe(killed, Effect.void)
    return Effect.never
  })
  const by = (name: string, call: Effect.Effect<unknown, unknown>): Effect.Effect<unknown, unknown> =>
    Effect.suspend(() => {
      if (isDead) return Effect.never
      const when = isWrite(name) ? fatal(writes++) : undefined
      if (when === "before") return kill
      const answered = Effect.flatMap(call, (answer) => (isDead ? Effect.never : Effect.succeed(answer)))
      return when === "after" ? Effect.andThen(call, kill) : answered
    })
  const mortal = <Part extends object>(part: Part): Part => {
    const members = Object.entries(part).map(([name, member]: [string, unknown]) => {
      if (Effect.isEffect(member)) return [name, by(name, member as Effect.Effect<unknown, unknown>)]
      if (typeof member === "object" && member !== null) return [name, mortal(member)]
      if (typeof member !== "function") return [name, member]
      return [name, (...given: ReadonlyArray<unknown>) => by(name, member(...given))]
    })
    // The same members, of the same types.
    return Object.fromEntries(members) as Part
  }
  const run = (effect: Effect.Effect<unknown, unknown>) =>
    Effect.gen(function* () {
      // What was killed is not interrupted: that would run finalizers, which a killed process does not.
      const fiber = yield* Effect.forkDetach(effect)
      const ended = Effect.as(Fiber.join(fiber), "ended" as const)
      return yield* Effect.orDie(Effect.raceFirst(ended, Effect.as(Deferred.await(killed), "killed" as const)))
    })
  return { store: mortal(store), kill, run }
}
