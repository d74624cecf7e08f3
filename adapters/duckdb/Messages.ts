/**
 * The messages of the reading thread. It first reports whether the file is open, and then replies once to each `Next`.
 */
import type { TableProblem } from "./Errors.ts"
import type { Batch } from "./TableFile.ts"

/** A message to the thread. */
export type ToThread = { readonly _tag: "Next" | "GiveBack" | "Stop" }

/** A message from the thread. */
export type FromThread =
  | { readonly _tag: "Opened"; readonly events: number | undefined }
  | { readonly _tag: "Batch"; readonly batch: Batch | undefined }
  | { readonly _tag: "Refused"; readonly problems: ReadonlyArray<TableProblem> }
  | { readonly _tag: "OutOfOrder" }
