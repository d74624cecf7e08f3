/**
 * The explanation of an answer as files and HTTP hold it (semantics, section 7): ids instead of events, and instants as
 * strings.
 */
import type { Because, Loss } from "../engine/Because.ts"
import type { ConsentState } from "../engine/ConsentState.ts"
import * as Instant from "../engine/Instant.ts"
import type { Lapse } from "../engine/Lapse.ts"
import type { Rule } from "../engine/Outcome.ts"

/** Why and when an event stopped counting. `version` is the version that must be accepted again. */
export interface LapseLine {
  readonly reason: "expired" | "invalidated"
  readonly at: string
  readonly version?: number
}

/** A head that did not decide, with the reason. */
export interface LostLine {
  readonly event: string
  readonly consentState: ConsentState
  readonly reason: Loss["kind"]
  readonly at?: string
  readonly version?: number
}

/** The explanation of one answer. */
export interface BecauseLine {
  readonly rule: Rule
  readonly lapse?: LapseLine
  readonly lost: ReadonlyArray<LostLine>
}

const fromLapse = (lapse: Lapse): LapseLine => ({
  reason: lapse.kind,
  at: Instant.format(lapse.at),
  ...(lapse.kind === "invalidated" && { version: lapse.version }),
})

const fromLoss = (loss: Loss) =>
  loss.kind === "expired" || loss.kind === "invalidated" ? fromLapse(loss) : { reason: loss.kind }

/** Converts an explanation. */
export const fromBecause = ({ rule, lapse, lost }: Because): BecauseLine => ({
  rule,
  ...(lapse !== undefined && { lapse: fromLapse(lapse) }),
  lost: lost.map(({ event, loss }) => ({ event: event.id, consentState: event.consentState, ...fromLoss(loss) })),
})
