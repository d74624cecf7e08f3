/**
 * The store that a URL names.
 */
import { existsSync } from "node:fs"
import { Effect, Layer, Schema } from "effect"
import * as ReplicaStore from "../core/ledger/ReplicaStore.ts"
import type { LedgerRows } from "../core/ports/LedgerRows.ts"
import { type LedgerStore, StoreUnavailable } from "../core/ports/LedgerStore.ts"

/** Where the ledger is kept when nobody says otherwise. */
export const defaultUrl = "sqlite:./data/assent.db"

/** What a URL of a store looks like, for messages. */
export const form = `sqlite:PATH, postgres://USER:PASSWORD@HOST/DATABASE or memory:, such as ${defaultUrl}`

/**
 * `sqlite:PATH` is a file, made where there is none; `postgres://…` a database, its tables made where there are none;
 * `memory:` forgets everything when the process ends.
 */
export const Url = Schema.String.check(
  Schema.isPattern(/^(sqlite:.+|postgres(ql)?:\/\/.+|memory:)$/, { message: `expected ${form}` }),
)

/** Whether {@link Url} passes a text. */
export const isUrl = Schema.is(Url)

/** What a URL of a store that keeps something looks like, for messages. */
export const keptForm = "sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE"

/** Whether a URL names a store that keeps something when its process ends. */
export const isKept = (url: string): boolean => isUrl(url) && url !== "memory:"

/** A URL as it may be told: where a store is, and not how to get in. */
export const redact = (url: string): string => {
  if (!url.startsWith("postgres")) return url
  const parsed = URL.parse(url)
  return parsed === null ? "postgres://…" : `${parsed.protocol}//${parsed.host}${parsed.pathname}`
}

/** The path of a URL that names a file; `undefined` where it names none. */
export const pathOf = (url: string): string | undefined =>
  url.startsWith("sqlite:") ? url.slice("sqlite:".length) : undefined

/** The driver of PostgreSQL, which is installed by those who need it. */
const driver = "@effect/sql-pg"

const isWithoutDriver = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND" && error.message.includes(driver)

/** Loads an adapter when its URL is asked for: loading is most of what a short run does. */
const loaded = <A>(load: () => Promise<A>): Effect.Effect<A, StoreUnavailable> =>
  Effect.catchDefect(Effect.promise(load), (defect) =>
    isWithoutDriver(defect)
      ? new StoreUnavailable({ reason: `PostgreSQL is reached by a driver that is not there: npm install ${driver}` })
      : Effect.die(defect),
  )

const loadRows = async (url: string): Promise<LedgerRows> => {
  const path = pathOf(url)
  if (path !== undefined) return (await import("../adapters/sqlite/SqliteRows.ts")).make(path)
  return (await import("../adapters/postgres/PostgresRows.ts")).make(url)
}

/** The rows of a store that {@link isKept} has passed. */
export const rows = (url: string): Effect.Effect<LedgerRows, StoreUnavailable> => loaded(() => loadRows(url))

const load = async (url: string): Promise<Layer.Layer<LedgerStore, StoreUnavailable>> => {
  const path = pathOf(url)
  if (path !== undefined) return (await import("../adapters/sqlite/SqliteStore.ts")).layer(path)
  if (url === "memory:") return (await import("../adapters/memory/MemoryStore.ts")).layer
  return (await import("../adapters/postgres/PostgresStore.ts")).layer(url)
}

/** The store of a URL that {@link Url} has passed. */
export const layer = (url: string): Layer.Layer<LedgerStore, StoreUnavailable> => Layer.unwrap(loaded(() => load(url)))

/** Whether a ledger is there already; changes nothing. */
const isThere = Effect.fnUntraced(function* (url: string) {
  const path = pathOf(url)
  if (path !== undefined) return existsSync(path)
  if (url === "memory:") return false
  const Migrations = yield* loaded(() => import("../adapters/postgres/Migrations.ts"))
  const { migrations } = yield* Migrations.using(url, Migrations.find)
  return migrations.length === 0
})

/** The store of a URL that {@link Url} has passed, to answer from: nothing is made where there is nothing yet. */
export const replica = (url: string): Layer.Layer<LedgerStore, StoreUnavailable> =>
  Layer.unwrap(
    Effect.flatMap(isThere(url), (isIt) =>
      isIt
        ? Effect.succeed(ReplicaStore.layer(layer(url)))
        : new StoreUnavailable({
            reason: "a replica needs a ledger that is there, of this version: set up the primary",
          }),
    ),
  )
