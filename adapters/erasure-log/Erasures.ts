/**
 * The erasures of a log, from its entries.
 */
import type { LoggedState } from "../../core/ports/ErasureLog.ts"
import type { Entry } from "./ErasureLine.ts"

/** Erasures by their id, in the order in which they began. */
export type Erasures = Map<string, LoggedState>

/**
 * Adds an entry. An erasure that begins again, because its people have changed meanwhile, is the one that began last.
 * One that is kept and begins again at its instant, because a backup was restored, stays kept: it was answered. An
 * entry without a beginning adds nothing.
 */
export const add = (erasures: Erasures, entry: Entry): void => {
  if (entry.kind === "begun") {
    const before = erasures.get(entry.erasure.id)
    const isKept = before?.isKept === true && before.recordedAt === entry.erasure.recordedAt
    erasures.set(entry.erasure.id, { ...entry.erasure, isKept, isDone: false })
    return
  }
  const begun = erasures.get(entry.id)
  if (begun !== undefined)
    erasures.set(entry.id, { ...begun, isKept: true, isDone: begun.isDone || entry.kind === "done" })
}
