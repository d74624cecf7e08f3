/**
 * `assent scrub`: removes what deleted rows have left in the files of a store.
 */
import { Effect, Layer } from "effect"
import { Command } from "effect/cli"
import * as ErasureReplay from "../../../core/people/ErasureReplay.ts"
import { ErasureLog } from "../../../core/ports/ErasureLog.ts"
import { LedgerStore } from "../../../core/ports/LedgerStore.ts"
import * as ErasureLogFile from "../../ErasureLogFile.ts"
import * as Store from "../../Store.ts"
import * as ErasureLogFlag from "../ErasureLogFlag.ts"
import * as Output from "../Output.ts"
import * as StoreFlag from "../StoreFlag.ts"

/** The exit code if something may be left. */
const notDone = 2

/** The command. */
export const command = Command.make(
  "scrub",
  {
    store: StoreFlag.flag("The ledger: sqlite:PATH or postgres://…", StoreFlag.kept),
    erasureLog: ErasureLogFlag.flag,
  },
  Effect.fnUntraced(function* ({ erasureLog, store }) {
    yield* StoreFlag.printIfFromEnvironment(store)
    const isScrubbed = yield* Effect.gen(function* () {
      const context = { store: yield* LedgerStore, erasureLog: yield* Effect.serviceOption(ErasureLog) }
      return yield* ErasureReplay.scrub(context)
    }).pipe(
      Effect.provide(
        Layer.mergeAll(Store.layer(store.url, store.name), ErasureLogFile.layer(erasureLog, ErasureLogFlag.name)),
      ),
    )
    if (isScrubbed) return yield* Output.write("nothing that was deleted is left in the files of the store\n")
    yield* Output.error(
      "deleted rows may be left: try again when nothing else reads the store; in PostgreSQL, with a role that may VACUUM",
    )
    return yield* Effect.sync(() => {
      process.exitCode = notDone
    })
  }),
)
