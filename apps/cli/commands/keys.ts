/**
 * `assent keys`: makes a key file, lists its epochs, and begins an epoch.
 */
import { existsSync } from "node:fs"
import { Effect, Option } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import * as FileKeys from "../../../adapters/keys/FileKeys.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import * as KeyEpochs from "../../../core/ledger/KeyEpochs.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { Epoch } from "../../../core/ports/Keys.ts"
import * as Keys from "../../Keys.ts"
import * as KeysFlag from "../KeysFlag.ts"
import * as Output from "../Output.ts"
import * as StoreFlag from "../StoreFlag.ts"
import * as Table from "../Table.ts"

const refuse = (message: string) => Effect.fail(new CliError.ValidationError({ message }))

const json = Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Write the outcome as JSON"))

const writeJson = (value: unknown) => Output.write(`${JSON.stringify(value, undefined, 2)}\n`)

const create = Command.make(
  "create",
  { keys: KeysFlag.named },
  Effect.fnUntraced(function* ({ keys }) {
    if ((yield* FileKeys.create(keys)) === "exists")
      return yield* refuse(`${keys}: there is a file already; it was left`)
    yield* Output.info(
      `${keys}: made; keep a copy of it apart from the ledger and its backups: nothing opens it without`,
    )
  }),
).pipe(
  Command.withDescription("Make a key file for a new ledger"),
  Command.withExamples([
    {
      command: "assent keys create --keys /etc/assent/assent.keys",
      description: "Then set ASSENT_KEYS to it; a file that exists is never replaced",
    },
  ]),
)

/** An epoch as it is shown: `endedAt` is when the next one began. */
const shown = ({ beganAt, destroyedAt, number }: Epoch, index: number, all: ReadonlyArray<Epoch>) => {
  const next = all[index + 1]
  return {
    epoch: number,
    beganAt: Instant.format(beganAt),
    ...(next !== undefined && { endedAt: Instant.format(next.beganAt) }),
    ...(destroyedAt !== undefined && { destroyedAt: Instant.format(destroyedAt) }),
  }
}

const asTable = (epochs: ReadonlyArray<ReturnType<typeof shown>>): string =>
  Table.write(
    ["epoch", "began", "ended", "key"],
    epochs.map(({ beganAt, destroyedAt, endedAt, epoch }) => [
      String(epoch),
      beganAt,
      endedAt ?? "",
      destroyedAt === undefined ? "there" : `destroyed ${destroyedAt}`,
    ]),
  )

const list = Command.make(
  "list",
  { keys: KeysFlag.flag, store: StoreFlag.flag("The ledger whose key file is meant", StoreFlag.any), json },
  Effect.fnUntraced(function* ({ json, keys, store }) {
    const path = Keys.pathOf({ store: store.url, keys })
    if (path === undefined) return yield* refuse(`--keys, or ${Keys.variable}: expected the path of a key file`)
    if (!existsSync(path)) return yield* refuse(`${path}: no such key file`)
    const epochs = (yield* FileKeys.make(path).epochs).map(shown)
    yield* json ? writeJson({ keys: path, epochs }) : Output.write(`${path}\n\n${asTable(epochs)}\n`)
  }),
).pipe(
  Command.withDescription("List the epochs of a key file"),
  Command.withExamples([
    { command: "assent keys list --keys /etc/assent/assent.keys", description: "No key is shown" },
  ]),
)

/** The flag `--kept`; by default the variable, as for the service. */
const kept = Flag.String("kept").pipe(
  Flag.withMetavar("<period>"),
  Flag.withDescription(
    `How long the key of an epoch is kept after its end; by default ${Keys.keptVariable}, else P90D`,
  ),
  Flag.optional,
  Flag.mapEffect((given) => {
    const text = Option.getOrElse(given, () => process.env[Keys.keptVariable] ?? "")
    const name = Option.isSome(given) ? "--kept" : Keys.keptVariable
    if (text === "" && Option.isNone(given)) return Effect.succeed(KeyEpochs.keptByDefault)
    return Option.match(Keys.readKept(text), {
      onNone: () => refuse(`${name}: expected ${Keys.expectedKept}`),
      onSome: Effect.succeed,
    })
  }),
)

const rotatedAsText = ({ begun, destroyed, rewrapped }: KeyEpochs.Tended): string =>
  [
    begun === undefined ? "another process began an epoch just now" : `epoch ${begun.number} began`,
    `${Table.count(rewrapped)} keys were wrapped by it`,
    destroyed.length === 0 ? "the key of no epoch was destroyed" : `destroyed the key of epoch ${destroyed.join(", ")}`,
  ].join("\n")

const rotate = Command.make(
  "rotate",
  { store: StoreFlag.flag("The ledger", StoreFlag.kept), keys: KeysFlag.flag, kept, json },
  Effect.fnUntraced(function* ({ json, keys, kept, store }) {
    yield* StoreFlag.printIfFromEnvironment(store)
    const rotated = yield* Effect.flatMap(Ledger, ({ tendKeys }) => tendKeys({ kept, beginsNow: true })).pipe(
      Effect.provide(KeysFlag.ledger(store, keys)),
    )
    yield* json
      ? writeJson({ epoch: rotated.begun?.number, rewrapped: rotated.rewrapped, destroyed: rotated.destroyed })
      : Output.write(`${rotatedAsText(rotated)}\n`)
  }),
).pipe(
  Command.withDescription(
    "Begin an epoch now, wrap the keys of people and compliance requests by it, and destroy epochs that ended long ago",
  ),
  Command.withExamples([
    {
      command: "assent keys rotate --store postgres://… --keys ./assent.keys",
      description: "The service does it by itself every 30 days, where it may write the file",
    },
  ]),
)

/** The command. */
export const command = Command.make("keys").pipe(Command.withSubcommands([create, list, rotate]))
