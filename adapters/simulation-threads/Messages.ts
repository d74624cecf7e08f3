/**
 * What a folding thread is asked, and what it answers: one answer a question, in order.
 */
import type { EventColumns } from "../../core/simulation/EventColumns.ts"
import type { UnsortedEvents } from "../../core/simulation/UnsortedEvents.ts"
import type { Totals } from "../../core/simulation/Totals.ts"
import type { PossibleExample, SimulationQuestion } from "../../core/simulation/Simulation.ts"

/** What a thread starts with. */
export interface Task {
  readonly question: SimulationQuestion
  /** Whether the lines of diff.ndjson are asked for. */
  readonly keepsLines: boolean
}

/** To a thread. */
export type ToThread =
  | { readonly _tag: "Fold"; readonly batch: EventColumns | UnsortedEvents }
  | { readonly _tag: "Finish" }

/** From a thread. */
export type FromThread = { readonly _tag: "Folded"; readonly text: string } | ({ readonly _tag: "Finished" } & Part)

/** What one fold has found. */
export interface Part {
  readonly totals: Totals
  readonly examples: ReadonlyArray<PossibleExample>
}
