/**
 * `assent move`: copies a whole ledger from one store into another, which must be empty.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import { Digest } from "effect/crypto"
import * as Moving from "../../../core/transfer/Moving.ts"
import * as Keys from "../../Keys.ts"
import * as Store from "../../Store.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"
import * as StoreFlag from "../StoreFlag.ts"
import * as Table from "../Table.ts"

/** The URLs of both ledgers without their secrets. */
interface Ends {
  readonly from: string
  readonly to: string
}

const asText = ({ digest, events, from, lanes, tables, to }: Moving.Moved & Ends): string => {
  const rows = tables.map(({ rows, table }) => [table, Table.count(rows)])
  const last = `${Table.count(events)} events in ${Table.count(lanes.length)} lanes, digest ${digest}`
  const ends = `from ${from}\nto   ${to}\nthe same key file opens both: copy it next to a SQLite file, or name it with ${Keys.variable}`
  return `${[Table.write(["table", "rows"], rows), last, ends, "moved, and read back as it was"].join("\n\n")}\n`
}

const move = Effect.fnUntraced(function* (from: string, to: string) {
  const digest = yield* Digest.Digest
  const progress = yield* Progress.makeWithLines
  const moved = yield* Moving.move(
    yield* Store.rows(from, "--from"),
    yield* Store.rows(to, "--to"),
    digest,
    (done, total) =>
      progress.show({ what: "events written and read back", done, share: total === 0 ? 1 : done / total }),
  )
  yield* progress.clear
  return moved
}, Effect.scoped)

const validate = ({ from, to }: { readonly from: string; readonly to: string }) =>
  from === to
    ? Effect.fail(new CliError.ValidationError({ message: "--from and --to must be different stores" }))
    : Effect.void

/** The command. */
export const command = Command.make(
  "move",
  {
    from: StoreFlag.url("from", "The ledger to move; it stays as it is", StoreFlag.kept),
    to: StoreFlag.url("to", "An empty store, made where there is none", StoreFlag.kept),
    json: Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withDescription("Write what was moved as JSON")),
  },
  Effect.fnUntraced(function* ({ from, json, to }) {
    const ends = { from: Store.redact(from), to: Store.redact(to) }
    const moved = { ...ends, ...(yield* Effect.provide(move(from, to), NodeCrypto.layer)) }
    yield* Output.write(json ? `${JSON.stringify(moved, undefined, 2)}\n` : asText(moved))
  }),
).pipe(
  (command) => Command.validate(command, validate),
  Command.withExamples([
    {
      command: "assent move --from sqlite:./data/assent.db --to postgres://assent:secret@db.example/assent",
      description: "With every server on either of them stopped",
    },
  ]),
)
