/**
 * Erasures as a text that is carried with an export: a whole erasure log (see `ErasureLine.ts`), so that a copy of a
 * log can be taken in as well.
 */
import { Result } from "effect"
import type { LoggedErasure, LoggedState } from "../../core/ports/ErasureLog.ts"
import * as ErasureLine from "./ErasureLine.ts"
import * as Erasures from "./Erasures.ts"

/** Writes erasures that are kept. */
export const write = (erasures: ReadonlyArray<LoggedErasure>): string => {
  let before = ErasureLine.firstHash
  let text = ""
  const add = (entry: ErasureLine.Entry): void => {
    const { hash, line } = ErasureLine.write(before, entry)
    before = hash
    text += line
  }
  for (const erasure of erasures) {
    add({ kind: "begun", erasure })
    add({ kind: "kept", id: erasure.id })
  }
  return text
}

/**
 * Reads erasures. Fails with the number of the first line that was changed, or before which one is missing. A last line
 * without a line feed may be what a crash has left of it, so it counts only if it is whole.
 */
export const read = (text: string): Result.Result<ReadonlyArray<LoggedState>, number> => {
  const erasures: Erasures.Erasures = new Map()
  const lines = text.split("\n")
  let before = ErasureLine.firstHash
  for (const [index, line] of lines.entries()) {
    const found = ErasureLine.read(before, line)
    if (found === undefined) {
      const isLast = index === lines.length - 1
      return isLast ? Result.succeed([...erasures.values()]) : Result.fail(index + 1)
    }
    Erasures.add(erasures, found.entry)
    before = found.hash
  }
  return Result.succeed([...erasures.values()])
}
