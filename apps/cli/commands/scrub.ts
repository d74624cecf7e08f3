/**
 * `assent scrub`: removes what deleted rows have left in the files of a store.
 */
import { Effect } from "effect"
import { Command } from "effect/cli"
import { LedgerStore } from "../../../core/ports/LedgerStore.ts"
import * as Store from "../../Store.ts"
import * as Output from "../Output.ts"
import * as StoreFlag from "../StoreFlag.ts"

/** The exit code if something may be left. */
const notDone = 2

/** The command. */
export const command = Command.make(
  "scrub",
  { store: StoreFlag.flag("The ledger: sqlite:PATH or postgres://…", StoreFlag.kept) },
  Effect.fnUntraced(function* ({ store }) {
    yield* StoreFlag.printIfFromEnvironment(store)
    const isScrubbed = yield* Effect.flatMap(LedgerStore, ({ personal }) => personal.scrub).pipe(
      Effect.provide(Store.layer(store.url)),
    )
    if (isScrubbed) return yield* Output.write("nothing that was deleted is left in the files of the store\n")
    yield* Output.error(
      "deleted rows may be left: try again when nothing else reads the store; in PostgreSQL, with a role that may VACUUM",
    )
    return yield* Effect.sync(() => {
      process.exitCode = notDone
    })
  }),
).pipe(
  Command.withDescription("Remove what erased people have left in the files of a store, as far as it can be done now"),
)
