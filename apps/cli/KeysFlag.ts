/**
 * The key file that a command opens a ledger with: the one of `--keys`, otherwise the one of the variable
 * `ASSENT_KEYS`, as for the service, otherwise the one next to a SQLite file.
 */
import { Effect, Layer, Option } from "effect"
import { CliError, Flag } from "effect/cli"
import * as Ledger from "../../core/Ledger.ts"
import * as Crypto from "../Crypto.ts"
import * as ErasureLogFile from "../ErasureLogFile.ts"
import * as Keys from "../Keys.ts"
import * as KeysFault from "../KeysFault.ts"
import * as Store from "../Store.ts"
import * as ErasureLogFlag from "./ErasureLogFlag.ts"
import * as ErasureReplaying from "./ErasureReplaying.ts"
import * as Output from "./Output.ts"
import type * as StoreFlag from "./StoreFlag.ts"

/** The path of the variable. An empty value is treated as not set. */
const fromEnvironment = (): string | undefined => process.env[Keys.variable] || undefined

const optional = (description: string) =>
  Flag.String("keys").pipe(
    Flag.withMetavar("<file>"),
    Flag.withDescription(description),
    Flag.filterMap(Keys.readPath, () => "the path of a file"),
    Flag.optional,
    Flag.map((given) => Option.getOrElse(given, fromEnvironment)),
  )

/** The flag `--keys`; `undefined` if neither it nor the variable names a file. */
export const flag = optional(
  `The keys that open the ledger; by default ${Keys.variable}, else the file next to SQLite's: PATH.keys`,
)

/** The flag `--keys` of a command that needs it. */
export const named = optional(`The key file; by default ${Keys.variable}`).pipe(
  Flag.mapEffect((path) =>
    path === undefined
      ? Effect.fail(
          new CliError.ValidationError({ message: `${KeysFault.flagOrVariable}: expected the path of a file` }),
        )
      : Effect.succeed(path),
  ),
)

/** Says where keys were made. */
const reportMade = (path: string): Effect.Effect<void> =>
  Output.info(`${path}: a key file was made; keep a copy of it apart from the ledger and its backups`)

/** Says where keys were made. They are made before the upgrade has marked the ledger, so that it can always go on. */
const reportMadeForUpgrade = (path: string): Effect.Effect<void> =>
  Output.info(
    `${path}: a key file was made, which an upgrade uses whenever it can begin; keep a copy of it apart from the ` +
      "ledger and its backups",
  )

/** The keys that an upgrade writes a ledger with. */
export const ofUpgrade = (url: string, keys: string | undefined, hasBegun: boolean) =>
  Keys.ofUpgrade({ store: url, keys }, hasBegun, reportMadeForUpgrade)

/** The store and the keys of a ledger. */
export const storeWithKeys = ({ name, url }: StoreFlag.ChosenStore, keys: string | undefined) =>
  Keys.withStore({ store: url, keys }, reportMade, Store.layer(url, name))

/**
 * The ledger of a store, opened with its keys, and with a log of erasures, if one is named: by default the one of the
 * variable. What the store lacks of the log is erased again before the ledger is used.
 */
export const ledger = (
  store: StoreFlag.ChosenStore,
  keys: string | undefined,
  erasureLog = ErasureLogFlag.fromEnvironment(),
) =>
  Layer.effectDiscard(ErasureReplaying.run).pipe(
    Layer.provideMerge(Ledger.layer),
    Layer.provide([storeWithKeys(store, keys), Crypto.layer]),
    Layer.provide(ErasureLogFile.layer(erasureLog, ErasureLogFlag.name)),
  )
