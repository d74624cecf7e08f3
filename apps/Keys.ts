/**
 * Makes the keys that open a ledger. They are in a file that must not be kept with the store or its backups.
 */
import { existsSync, statSync } from "node:fs"
import { Data, Effect, Layer, Option } from "effect"
import * as Period from "../core/engine/Period.ts"
import type { Keys, KeysUnavailable } from "../core/ports/Keys.ts"
import { LedgerStore, type StoreUnavailable } from "../core/ports/LedgerStore.ts"
import { variable } from "./KeysFault.ts"
import * as Store from "./Store.ts"

export { variable } from "./KeysFault.ts"

/** The variable that sets how long the key of an epoch is kept after its end. */
export const keptVariable = "ASSENT_KEYS_KEPT"

/** Reads the path of a key file; `None` for that of a folder. */
export const readPath = (text: string): Option.Option<string> =>
  /[^/]$/.test(text) ? Option.some(text) : Option.none()

/** What {@link readKept} reads, for messages. */
export const expectedKept = "an ISO 8601 duration of at least a day, such as P90D"

/** Reads how long the key of an epoch is kept; `None` for less than a day, because a request may still use it. */
export const readKept = (text: string): Option.Option<Period.Period> =>
  Option.filter(Option.fromUndefinedOr(Period.parse(text)), ({ days, months }) => days + months > 0)

/** There is no key file, and none is made. The message says what to do. */
export class KeysNeeded extends Data.TaggedError("KeysNeeded")<{ readonly message: string }> {}

/** A ledger, and the key file that was named for it. */
export interface ChosenKeys {
  /** The URL of the ledger's store. */
  readonly store: string
  /** A path; by default the file next to a SQLite file. */
  readonly keys: string | undefined
}

/** The key file of a ledger; `undefined` if it has to be named. */
export const pathOf = ({ keys, store }: ChosenKeys): string | undefined => {
  const path = Store.pathOf(store)
  return keys ?? (path === undefined ? undefined : `${path}.keys`)
}

/** Whether a key file may be read or written by users that neither own it nor are in its group. */
export const isOpenToAll = (path: string): boolean => {
  const found = statSync(path, { throwIfNoEntry: false })
  return found !== undefined && (found.mode & 0o007) !== 0
}

const notNamed = new KeysNeeded({
  message:
    `this store needs a key file that is kept apart from it: make one with \`assent keys create --keys FILE\`, ` +
    `and name it with ${variable}`,
})

const notThere = (path: string) =>
  new KeysNeeded({
    message:
      `${path}: no such key file: put the file back with which the ledger was made; ` +
      `only for a new ledger make one with \`assent keys create --keys ${path}\``,
  })

const lost = (path: string) =>
  new KeysNeeded({
    message:
      `${path}: no such key file, and the ledger is not empty: put the file back with which it was made, ` +
      `or name it with ${variable}; another one cannot open the ledger`,
  })

/** Loaded only when it is needed, because loading takes most of the time of a short run. */
const fileKeys = Effect.promise(() => import("../adapters/keys/FileKeys.ts"))

/** Makes the key file of an empty ledger. Fails if the ledger is not empty. */
const makeFile = Effect.fnUntraced(function* (path: string, report: (path: string) => Effect.Effect<void>) {
  const store = yield* LedgerStore
  const { organizations } = yield* store.catalog.current
  if (store.isReplica === true || organizations.size > 0) return yield* lost(path)
  const FileKeys = yield* fileKeys
  if ((yield* FileKeys.create(path)) === "made") yield* report(path)
})

/** The key file of a ledger. Fails if it has to be named and is not, or if the named one is not there. */
const fileOf = (chosen: ChosenKeys): Effect.Effect<string | undefined, KeysNeeded> => {
  const path = pathOf(chosen)
  if (path === undefined) return Store.isKept(chosen.store) ? notNamed : Effect.undefined
  return chosen.keys === undefined || existsSync(path) ? Effect.succeed(path) : notThere(path)
}

const load = Effect.fnUntraced(function* (path: string | undefined, report: (path: string) => Effect.Effect<void>) {
  if (path === undefined) return (yield* Effect.promise(() => import("../adapters/keys/MemoryKeys.ts"))).layer
  if (!existsSync(path)) yield* makeFile(path, report)
  return (yield* fileKeys).layer(path)
})

/**
 * The store of a ledger, and its keys. The store is not opened if a key file is missing that has to be named. A file
 * next to a SQLite file is made if the ledger is empty, and then given to `report`. For a store in memory the keys are
 * in memory, unless a file is named.
 */
export const withStore = <E>(
  chosen: ChosenKeys,
  report: (path: string) => Effect.Effect<void>,
  store: Layer.Layer<LedgerStore, E>,
): Layer.Layer<Keys | LedgerStore, E | KeysNeeded | KeysUnavailable | StoreUnavailable> =>
  Layer.unwrap(Effect.map(fileOf(chosen), (path) => Layer.unwrap(load(path, report)).pipe(Layer.provideMerge(store))))

/**
 * The keys that an upgrade writes a ledger with. A file next to a SQLite file is made before the upgrade begins, given
 * to `report`, and must be there to go on.
 */
export const ofUpgrade = (
  chosen: ChosenKeys,
  hasBegun: boolean,
  report: (path: string) => Effect.Effect<void>,
): Layer.Layer<Keys, KeysNeeded | KeysUnavailable> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const path = yield* fileOf(chosen)
      if (path === undefined) return yield* notNamed
      const FileKeys = yield* fileKeys
      if (!existsSync(path)) {
        if (hasBegun) return yield* lost(path)
        if ((yield* FileKeys.create(path)) === "made") yield* report(path)
      }
      return FileKeys.layer(path)
    }),
  )
