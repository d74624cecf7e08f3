/**
 * What a reading thread is asked, and what it answers: first whether the file is open, then once a `Next`.
 */
import type { TableProblem } from "./Errors.ts"
import type { Batch } from "./TableFile.ts"

/** To a thread. */
export type ToThread = { readonly _tag: "Next" | "GiveBack" | "Stop" }

/** From a thread. */
export type FromThread =
  | { readonly _tag: "Opened"; readonly events: number | undefined }
  | { readonly _tag: "Batch"; readonly batch: Batch | undefined }
  | { readonly _tag: "Refused"; readonly problems: ReadonlyArray<TableProblem> }
  | { readonly _tag: "OutOfOrder" }
