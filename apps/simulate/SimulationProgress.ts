/**
 * How far a simulation has got, as it is reported while it runs.
 */
import type { Effect } from "effect"

/** How far a simulation has got. */
export interface SimulationProgress {
  readonly what: "events read" | "events compared"
  readonly done: number
  /** From 0 to 1; `undefined` while the total is not known. */
  readonly share: number | undefined
}

/** Reports how far a simulation has got. Called often. */
export type ReportProgress = (progress: SimulationProgress) => Effect.Effect<void>
