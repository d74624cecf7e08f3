/**
 * What an import is worth: rows that are recorded, for the bytes that are sent. An import of rows that are worth
 * nothing is ended, because gzip makes hundreds of them out of one byte.
 */
import { Data, Effect } from "effect"
import type * as Intake from "../../../core/transfer/Intake.ts"
import * as ImportWire from "../api/ImportWire.ts"

const tooWorthless = `${ImportWire.maxWorthless} rows more were rejected, left out or blank than recorded, so the import has ended`
const tooPacked = `the rows are more than ${ImportWire.maxUnpacked.perByte} times as long as what was sent, so the import has ended`

/** The rows are worth too little for the work that they take. */
export class Worthless extends Data.TaggedError("Worthless")<{ readonly reason: string }> {}

/** Counts the bytes, blank lines and rows of an import, and fails when the bounds are reached. */
export const make = () => {
  let packedBytes = 0
  let unpackedBytes = 0
  let blankLines = 0
  let tally: Pick<Intake.ImportTally, "recorded" | "recordedBefore" | "rejected" | "skipped"> = {
    recorded: 0,
    recordedBefore: 0,
    rejected: 0,
  }
  const check = Effect.suspend((): Effect.Effect<void, Worthless> => {
    const { free, perByte } = ImportWire.maxUnpacked
    if (unpackedBytes > free + packedBytes * perByte) return Effect.fail(new Worthless({ reason: tooPacked }))
    const worthless = tally.rejected + (tally.skipped ?? 0) + blankLines
    const worthy = tally.recorded + tally.recordedBefore
    return worthless > worthy + ImportWire.maxWorthless
      ? Effect.fail(new Worthless({ reason: tooWorthless }))
      : Effect.void
  })
  return {
    packed: ({ length }: Uint8Array) => Effect.sync(() => void (packedBytes += length)),
    unpacked: ({ length }: Uint8Array) => {
      unpackedBytes += length
      return check
    },
    blank: (count: number) => void (blankLines = count),
    imported: (soFar: Intake.ImportTally) => {
      tally = soFar
      return check
    },
  }
}
