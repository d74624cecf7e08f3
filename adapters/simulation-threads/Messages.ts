/**
 * The messages to and from a fold thread. It answers each message once, in order.
 */
import type { EventColumns } from "../../core/simulation/EventColumns.ts"
import type { UnsortedEvents } from "../../core/simulation/UnsortedEvents.ts"
import type { Totals } from "../../core/simulation/Totals.ts"
import type { PossibleExample } from "../../core/simulation/Examples.ts"
import type { SimulationQuestion } from "../../core/simulation/Simulation.ts"

/** The work that a thread is started with. */
export interface Task {
  readonly question: SimulationQuestion
  /** Whether to write the lines of diff.ndjson. */
  readonly keepsLines: boolean
}

/** A message to a thread. */
export type ToThread =
  | { readonly _tag: "Fold"; readonly batch: EventColumns | UnsortedEvents }
  | { readonly _tag: "Finish" }

/** A message from a thread. */
export type FromThread = { readonly _tag: "Folded"; readonly text: string } | ({ readonly _tag: "Finished" } & Part)

/** The result of one fold. */
export interface Part {
  readonly totals: Totals
  readonly examples: ReadonlyArray<PossibleExample>
}
