/**
 * A store that counts what it is asked: its calls and the rows that they return, for tests of what a use case costs.
 */
import { Effect } from "effect"
import type { LedgerStore } from "../../core/ports/LedgerStore.ts"

type Store = LedgerStore["Service"]

/** What was asked since the last reset. */
export interface Count {
  /** The number of calls, each of which is one statement or one transaction. */
  calls: number
  /** The number of events, facts and positions that were returned. */
  rows: number
  /** How often each member was called. */
  readonly byName: Map<string, number>
  /** What each member was called with the last time. */
  readonly given: Map<string, unknown>
}

/** The rows of a result: of each list and map in it, one level deep. */
const rowsOf = (result: unknown): number => {
  if (Array.isArray(result)) return result.length
  if (result instanceof Map) return result.size
  if (typeof result !== "object" || result === null || "consentTypes" in result) return 0
  return Object.values(result).reduce(
    (sum: number, value) => sum + (Array.isArray(value) || value instanceof Map ? rowsOf(value) : 0),
    0,
  )
}

/**
 * Decorates a store. The catalog is not counted, because it is read from memory where it has not changed; compliance
 * requests and mails are where that is asked for.
 */
export const over = (
  store: Store,
  { areRequestsCounted = false }: { readonly areRequestsCounted?: boolean } = {},
): { readonly store: Store; readonly count: Count; readonly reset: () => void } => {
  const count: Count = { calls: 0, rows: 0, byName: new Map(), given: new Map() }
  const note = (name: string) => (result: unknown) =>
    Effect.sync(() => {
      count.calls++
      count.rows += rowsOf(result)
      count.byName.set(name, (count.byName.get(name) ?? 0) + 1)
    })
  const counted = <Part extends object>(name: string, part: Part): Part =>
    new Proxy(part, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key)
        if (typeof member !== "function") return member
        return (...given: ReadonlyArray<unknown>) => {
          count.given.set(`${name}.${String(key)}`, given[0])
          const result: Effect.Effect<unknown, unknown> = Reflect.apply(member, target, given)
          return Effect.tap(result, note(`${name}.${String(key)}`))
        }
      },
    })
  return {
    store: {
      ...store,
      events: counted("events", store.events),
      people: counted("people", store.people),
      personal: counted("personal", store.personal),
      sessions: counted("sessions", store.sessions),
      ...(areRequestsCounted && {
        compliance: counted("compliance", store.compliance),
        outbox: counted("outbox", store.outbox),
      }),
    },
    count,
    reset: () => {
      count.calls = 0
      count.rows = 0
      count.byName.clear()
      count.given.clear()
    },
  }
}
