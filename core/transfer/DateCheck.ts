/**
 * Looks at the dates of a file before it is imported: how many of its refusals would be dated by the import. Needs no
 * store, because dates are admitted by the catalog and the clock alone.
 */
import { Clock, Effect, Stream } from "effect"
import * as Admission from "../model/Admission.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import { type DateCounts, isRedated } from "./ImportRun.ts"
import * as Intake from "./Intake.ts"

/** The rows of a file, and how they are read. */
export interface DateCheck extends Pick<ProjectScope, "project" | "types">, Pick<Intake.Intake, "map"> {
  /** Called with the number of rows that were looked at so far. */
  readonly report: (rows: number) => Effect.Effect<void>
}

/** Counts the refusals among rows, and those of them whose dates would be replaced. */
export const run = Effect.fnUntraced(function* <E, R>(
  rows: Stream.Stream<ReadonlyArray<Intake.FileRow>, E, R>,
  check: DateCheck,
) {
  const { project, types } = check
  const clock = yield* Clock.currentTimeMillis
  const counts: DateCounts = { refusals: 0, replaced: 0 }
  let read = 0
  yield* Stream.runForEach(rows, (some) =>
    Effect.gen(function* () {
      const { good } = yield* Intake.decodeRows(some, check, Intake.toItem)
      for (const { value } of good) {
        if (value.consentState !== "declined") continue
        const event = Admission.admit(value, types, project, { clock, recordedAt: clock })
        if (!("type" in event)) continue
        counts.refusals++
        if (isRedated(value, event)) counts.replaced++
      }
      yield* check.report((read += some.length))
    }),
  )
  return counts
})
