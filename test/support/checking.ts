/**
 * Checking and moving kept ledgers, as the commands do, in the tests' own process.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Exit, type Layer } from "effect"
import { Digest, type Mac } from "effect/crypto"
import * as FileKeys from "../../adapters/keys/FileKeys.ts"
import * as Store from "../../apps/Store.ts"
import * as Moving from "../../core/transfer/Moving.ts"
import * as TableReader from "../../core/transfer/TableReader.ts"
import * as Verifying from "../../core/integrity/Verifying.ts"
import * as TestKeys from "./keys.ts"
import type { Keys, KeysUnavailable } from "../../core/ports/LedgerStore.ts"
import type { Row, TableName } from "../../core/ports/LedgerRows.ts"

const run = <A, E>(
  use: (digest: Digest.Digest["Service"]) => Effect.Effect<A, E, Mac.Mac>,
  keys: Layer.Layer<Keys, KeysUnavailable> = TestKeys.layer,
) => Effect.runPromiseExit(Effect.flatMap(Digest.Digest, use).pipe(Effect.provide([NodeCrypto.layer, keys])))

const valueOf = <A, E>(exit: Exit.Exit<A, E>): A => {
  if (Exit.isFailure(exit)) throw new Error(String(exit.cause))
  return exit.value
}

/** Verifies a ledger that may not be verifiable, with the keys of tests or with those of a file. */
export const verifying = (url: string, maxListed?: number, keys?: string) =>
  run(
    (digest) => Effect.flatMap(Store.rows(url), (rows) => Verifying.verify(rows, digest, undefined, maxListed)),
    keys === undefined ? undefined : FileKeys.layer(keys),
  )

/** Verifies a ledger. */
export const verify = async (url: string, maxListed?: number, keys?: string): Promise<Verifying.Report> =>
  valueOf(await verifying(url, maxListed, keys))

/** Moves a ledger that may not be movable. `progress` is run while the rows are copied. */
export const moving = (from: string, to: string, progress?: TableReader.Progress) =>
  run((digest) =>
    Effect.flatMap(Effect.all([Store.rows(from), Store.rows(to)]), ([from, to]) =>
      Moving.move(from, to, digest, progress),
    ),
  )

/** Moves a ledger. */
export const move = async (from: string, to: string): Promise<Moving.Moved> => valueOf(await moving(from, to))

/** All rows of a table. */
export const rowsOf = <Name extends TableName>(url: string, table: Name): Promise<ReadonlyArray<Row<Name>>> =>
  Effect.runPromise(Effect.flatMap(Store.rows(url), ({ read }) => read((snapshot) => TableReader.all(snapshot, table))))
