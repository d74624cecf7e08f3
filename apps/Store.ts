/**
 * The store that a URL names.
 */
import { existsSync } from "node:fs"
import { Effect, Layer, Schema } from "effect"
import * as MemoryStore from "../adapters/memory/MemoryStore.ts"
import * as Migrations from "../adapters/postgres/Migrations.ts"
import * as PostgresRows from "../adapters/postgres/PostgresRows.ts"
import * as PostgresStore from "../adapters/postgres/PostgresStore.ts"
import * as SqliteRows from "../adapters/sqlite/SqliteRows.ts"
import * as SqliteStore from "../adapters/sqlite/SqliteStore.ts"
import * as Replica from "../core/ledger/Replica.ts"
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
export const told = (url: string): string => {
  if (!url.startsWith("postgres")) return url
  const parsed = URL.parse(url)
  return parsed === null ? "postgres://…" : `${parsed.protocol}//${parsed.host}${parsed.pathname}`
}

/** The rows of a store that {@link isKept} has passed. */
export const rows = (url: string): LedgerRows =>
  url.startsWith("sqlite:") ? SqliteRows.make(url.slice("sqlite:".length)) : PostgresRows.make(url)

/** The store of a URL that {@link Url} has passed. */
export const layer = (url: string): Layer.Layer<LedgerStore, StoreUnavailable> =>
  url === "memory:"
    ? MemoryStore.layer
    : url.startsWith("sqlite:")
      ? SqliteStore.layer(url.slice("sqlite:".length))
      : PostgresStore.layer(url)

/** Whether a ledger is there already; changes nothing. */
const isThere = (url: string): Effect.Effect<boolean, StoreUnavailable> =>
  url.startsWith("postgres")
    ? Effect.map(Migrations.using(url, Migrations.find), ({ migrations }) => migrations.length === 0)
    : Effect.sync(() => url.startsWith("sqlite:") && existsSync(url.slice("sqlite:".length)))

/** The store of a URL that {@link Url} has passed, to answer from: nothing is made where there is nothing yet. */
export const replica = (url: string): Layer.Layer<LedgerStore, StoreUnavailable> =>
  Layer.unwrap(
    Effect.flatMap(isThere(url), (isIt) =>
      isIt
        ? Effect.succeed(Replica.layer(layer(url)))
        : new StoreUnavailable({
            reason: "a replica needs a ledger that is there, of this version: set up the primary",
          }),
    ),
  )
