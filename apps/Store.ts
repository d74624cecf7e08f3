/**
 * The store that a URL names.
 */
import { type Layer, Schema } from "effect"
import * as MemoryStore from "../adapters/memory/MemoryStore.ts"
import * as PostgresRows from "../adapters/postgres/PostgresRows.ts"
import * as PostgresStore from "../adapters/postgres/PostgresStore.ts"
import * as SqliteRows from "../adapters/sqlite/SqliteRows.ts"
import * as SqliteStore from "../adapters/sqlite/SqliteStore.ts"
import type { LedgerRows } from "../core/ports/LedgerRows.ts"
import type { LedgerStore, StoreUnavailable } from "../core/ports/LedgerStore.ts"

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
