/**
 * Makes the store that a URL names.
 */
import { existsSync } from "node:fs"
import { Effect, Layer, Schema } from "effect"
import * as MissingPackage from "../adapters/support/MissingPackage.ts"
import * as ReplicaStore from "../core/ledger/ReplicaStore.ts"
import type { LedgerRows, UpgradeNeeded } from "../core/ports/LedgerRows.ts"
import type { LedgerUpgrade } from "../core/ports/LedgerUpgrade.ts"
import { LedgerStore, StoreUnavailable } from "../core/ports/LedgerStore.ts"
import * as OneServer from "./OneServer.ts"
import * as StoreName from "./StoreName.ts"

/** The default store. */
export const defaultUrl = "sqlite:./data/assent.db"

/** The form of a store's URL, for messages. */
export const form = `sqlite:PATH, postgres://USER:PASSWORD@HOST/DATABASE or memory:, such as ${defaultUrl}`

/**
 * The URL of a store. `sqlite:PATH` is a file, which is made if it does not exist; `postgres://…` is a database, whose
 * tables are made if they do not exist; `memory:` loses everything when the process ends.
 *
 * Refused: `~` and `$` at the beginning of a path, which only a shell replaces; two slashes that would make a relative
 * path one of the root; and `#`, which ends a URL in the middle of a password and must be written as `%23`.
 */
export const Url = Schema.String.check(
  Schema.isPattern(/^(sqlite:(?!~|\$|\/\/[^/]).+|postgres(ql)?:\/\/[^#]+|memory:)$/, { message: `expected ${form}` }),
)

/** Whether a text is a {@link Url}. */
export const isUrl = Schema.is(Url)

/** The form of the URL of a store that outlives its process, for messages. */
export const keptForm = "sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE"

/** Whether a URL names a store that outlives its process. */
export const isKept = (url: string): boolean => isUrl(url) && url !== "memory:"

/** Whether several servers may serve the store of a URL at the same time: a file has one server. */
export const isShared = (url: string): boolean => url.startsWith("postgres")

/** A URL as it may be printed, without user, password and parameters. */
export const redact = (url: string): string => {
  if (!url.startsWith("postgres")) return url
  const parsed = URL.parse(url)
  return parsed === null ? "postgres://…" : `${parsed.protocol}//${parsed.host}${parsed.pathname}`
}

/** The path of a URL that names a file; `undefined` for any other URL. */
export const pathOf = (url: string): string | undefined =>
  url.startsWith("sqlite:") ? url.slice("sqlite:".length) : undefined

/** The variable that names the store of the service, and of commands. */
export const variable = "ASSENT_STORE"

/**
 * Loads an adapter only when it is needed, because loading takes most of the time of a short run. Fails if the driver
 * of PostgreSQL, which is an optional package, is not installed.
 */
export const loadAdapter = <A>(load: () => Promise<A>): Effect.Effect<A, StoreUnavailable> =>
  Effect.catchDefect(Effect.promise(load), (defect) => {
    const missing = MissingPackage.nameOf(defect)
    return missing === undefined
      ? Effect.die(defect)
      : new StoreUnavailable({ reason: `PostgreSQL ${MissingPackage.reason([missing])}` })
  })

const loadRows = async (url: string): Promise<LedgerRows> => {
  const path = pathOf(url)
  if (path !== undefined) return (await import("../adapters/sqlite/SqliteRows.ts")).make(path)
  return (await import("../adapters/postgres/PostgresRows.ts")).make(url)
}

/** The rows of a store. The URL must satisfy {@link isKept}. `name` is what has named it, for messages. */
export const rows = (url: string, name?: string): Effect.Effect<LedgerRows, StoreUnavailable> =>
  StoreName.inEffect(
    name,
    Effect.map(
      loadAdapter(() => loadRows(url)),
      (rows) => StoreName.inRows(name, rows),
    ),
  )

const loadUpgrade = async (url: string): Promise<LedgerUpgrade> => {
  const path = pathOf(url)
  if (path !== undefined) return (await import("../adapters/sqlite/SqliteUpgrade.ts")).make(path)
  return (await import("../adapters/postgres/PostgresUpgrade.ts")).make(url)
}

/** The upgrade of a store. The URL must satisfy {@link isKept}. `name` is what has named it, for messages. */
export const upgrade = (url: string, name?: string): Effect.Effect<LedgerUpgrade, StoreUnavailable> =>
  StoreName.inEffect(
    name,
    Effect.map(
      loadAdapter(() => loadUpgrade(url)),
      (upgrade) => StoreName.inUpgrade(name, upgrade),
    ),
  )

const load = async (url: string): Promise<Layer.Layer<LedgerStore, StoreUnavailable | UpgradeNeeded>> => {
  const path = pathOf(url)
  if (path !== undefined) return (await import("../adapters/sqlite/SqliteStore.ts")).layer(path)
  if (url === "memory:") return (await import("../adapters/memory/MemoryStore.ts")).layer
  return (await import("../adapters/postgres/PostgresStore.ts")).layer(url)
}

/** The store of a URL, which must satisfy {@link isUrl}. `name` is what has named it, for messages. */
export const layer = (url: string, name?: string): Layer.Layer<LedgerStore, StoreUnavailable | UpgradeNeeded> =>
  StoreName.inLayer(name, Layer.unwrap(loadAdapter(() => load(url))))

/** Whether a ledger exists. Changes nothing. */
const exists = Effect.fnUntraced(function* (url: string) {
  const path = pathOf(url)
  if (path !== undefined) return existsSync(path)
  if (url === "memory:") return false
  const Migrations = yield* loadAdapter(() => import("../adapters/postgres/Migrations.ts"))
  const { migrations } = yield* Migrations.using(url, Migrations.find)
  return migrations.length === 0
})

/**
 * A store that only answers. The URL must satisfy {@link isUrl}. Fails if the ledger does not exist, and makes nothing.
 */
export const replica = (url: string): Layer.Layer<LedgerStore, StoreUnavailable | UpgradeNeeded> =>
  StoreName.inLayer(
    variable,
    Layer.unwrap(
      Effect.flatMap(exists(url), (isThere) =>
        isThere
          ? Effect.succeed(ReplicaStore.layer(layer(url, variable)))
          : new StoreUnavailable({
              reason: `${redact(url)}: a replica needs a ledger that is there, of this version: set up the primary`,
            }),
      ),
    ),
  )

/** Fails for a database that is a standby, because it accepts no write. */
const expectPrimary = Effect.fnUntraced(function* (url: string) {
  const Migrations = yield* loadAdapter(() => import("../adapters/postgres/Migrations.ts"))
  yield* Migrations.using(url, Migrations.expectPrimary)
})

/** The variable that says whether an empty store is set up as a demonstration. */
export const demonstrationVariable = "ASSENT_DEMONSTRATION"

const noLedger = (url: string) =>
  new StoreUnavailable({
    reason:
      `${redact(url)}: there is no ledger, and ${demonstrationVariable} is off: name the ledger, restore a backup, ` +
      "or set a new one up with `assent bootstrap`",
    isLasting: true,
  })

/**
 * A store of {@link primary} that must hold a ledger, so that a path that is misspelt, or a volume that is not mounted,
 * is not served as a new ledger. Where no file is, none is made.
 */
export const founded = (url: string): Layer.Layer<LedgerStore, StoreUnavailable | UpgradeNeeded> => {
  const path = pathOf(url)
  const expectFile = path === undefined || existsSync(path) ? Effect.void : Effect.fail(noLedger(url))
  const expectLedger = Effect.gen(function* () {
    const { catalog } = yield* LedgerStore
    if ((yield* catalog.current).revision === 0) return yield* noLedger(url)
  })
  return StoreName.inLayer(
    variable,
    Layer.unwrap(Effect.as(expectFile, Layer.effectDiscard(expectLedger).pipe(Layer.provideMerge(primary(url))))),
  )
}

/**
 * The store of a service that records. Fails if another service has the SQLite file, because two do not know of each
 * other's pending events, or if the database is a standby.
 */
export const primary = (url: string): Layer.Layer<LedgerStore, StoreUnavailable | UpgradeNeeded> => {
  const path = pathOf(url)
  const store = layer(url, variable)
  if (url === "memory:") return store
  const alone = path === undefined ? expectPrimary(url) : OneServer.hold(path)
  return store.pipe(Layer.provide(StoreName.inLayer(variable, Layer.effectDiscard(alone))))
}
