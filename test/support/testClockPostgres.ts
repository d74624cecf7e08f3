/** A store in PostgreSQL for tests that set the clock. */
import { Clock, Context, Effect, Layer } from "effect"
import * as PostgresStore from "../../adapters/postgres/PostgresStore.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { emptied, type Postgres } from "./postgres.ts"

const realClock = Effect.runSync(Effect.clockWith(Effect.succeed))

/** Calls a database by the real clock, because its pool waits and gives up by it. */
const byRealClock = <Part extends object>(part: Part): Part => {
  const by = (value: unknown): unknown =>
    Effect.isEffect(value) ? Effect.provideService(value, Clock.Clock, realClock) : value
  const members = Object.entries(part).map(([name, member]: [string, unknown]) => {
    if (Effect.isEffect(member)) return [name, by(member)]
    if (typeof member === "object" && member !== null) return [name, byRealClock(member)]
    if (typeof member !== "function") return [name, member]
    return [name, (...parameters: ReadonlyArray<unknown>) => by(member(...parameters))]
  })
  // The same members, of the same types.
  return Object.fromEntries(members) as Part
}

/** The store in a database of a started PostgreSQL; the database is emptied each time the store is opened. */
export const layer = (postgres: Postgres, database: string) =>
  Layer.effect(
    LedgerStore,
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const opened = yield* Layer.buildWithScope(PostgresStore.layer(database), scope)
      yield* Effect.promise(() => postgres.administer(emptied, new URL(database).pathname.slice(1)))
      return byRealClock(Context.get(opened, LedgerStore))
    }).pipe(Effect.provideService(Clock.Clock, realClock)),
  )
