/**
 * Counts the aliases whose kind is not known, because they were claimed before kinds were kept. It is no finding: such an
 * alias names its person all the same, and its kind is filled in when it is recorded again.
 */
import { Effect } from "effect"
import type { Next } from "../ports/LedgerRows.ts"
import * as TableReader from "../transfer/TableReader.ts"

/** The number of aliases whose kind is not known. */
export const countUnknownKinds = Effect.fnUntraced(function* (next: Next<"alias">) {
  let unknown = 0
  yield* TableReader.forEach(next, (rows) =>
    Effect.sync(() => {
      for (const { kind } of rows) if (kind === null) unknown++
    }),
  )
  return unknown
})
