/**
 * Looks at the dates of a file before it is imported: how many of its refusals would be dated by the import. Needs no
 * store, because dates are admitted by the catalog and the clock alone.
 */
import { Clock, Effect, Result, Stream } from "effect"
import * as ItemDecoder from "../formats/ItemDecoder.ts"
import * as Admission from "../model/Admission.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import { type DateCounts, isRedated } from "./ImportRun.ts"
import * as Intake from "./Intake.ts"

/** The rows of a file, and how they are read. */
export interface DateCheck extends Pick<ProjectScope, "project" | "types">, Pick<Intake.Intake, "map"> {
  /** Called with the number of rows that were looked at so far. */
  readonly report: (rows: number) => Effect.Effect<void>
}

/** After this number of rows, others may use the processor. */
const stride = 500

/** Counts the refusals among rows, and those of them whose dates would be replaced. */
export const run = Effect.fnUntraced(function* <E, R>(
  rows: Stream.Stream<ReadonlyArray<Intake.FileRow>, E, R>,
  check: DateCheck,
) {
  const { map = Result.succeed, project, types } = check
  const clock = yield* Clock.currentTimeMillis
  const counts: DateCounts = { refusals: 0, replaced: 0 }
  let read = 0
  yield* Stream.runForEach(rows, (some) =>
    Effect.gen(function* () {
      for (const [index, row] of some.entries()) {
        if (index % stride === 0) yield* Effect.yieldNow
        const mapped = "faults" in row ? Result.fail(row.faults) : map(row.value)
        if (Result.isFailure(mapped) || !ItemDecoder.isRefusal(mapped.success)) continue
        const decoded = Intake.toItem(mapped.success)
        if (Result.isFailure(decoded)) continue
        const event = Admission.admit(decoded.success, types, project, { clock, recordedAt: clock })
        if (!("type" in event)) continue
        counts.refusals++
        if (isRedated(decoded.success, event)) counts.replaced++
      }
      yield* check.report((read += some.length))
    }),
  )
  return counts
})
