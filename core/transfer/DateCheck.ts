/**
 * Looks at the dates of a file before it is imported: how many of its refusals would be dated by the import. Needs no
 * store, because dates are admitted by the catalog and the clock alone, and decodes no row: a refusal is recorded if
 * its consent type exists, whatever is wrong with its other members.
 */
import { Clock, Effect, Result, Stream } from "effect"
import * as Instant from "../engine/Instant.ts"
import * as ItemDecoder from "../formats/ItemDecoder.ts"
import * as ItemLine from "../formats/ItemLine.ts"
import * as Admission from "../model/Admission.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import type { DateCounts } from "./ImportRun.ts"
import * as Intake from "./Intake.ts"

/** The rows of a file, and how they are read: of a refusal, the members that name its type and its date are enough. */
export interface DateCheck extends Pick<ProjectScope, "project" | "types">, Pick<Intake.Intake, "map"> {
  /** Called with the number of rows that were looked at so far. */
  readonly report: (rows: number) => Effect.Effect<void>
}

/** After this number of rows, others may use the processor. */
const stride = 500

type Members = Readonly<Record<string, unknown>>

const typeMembers = Object.keys(ItemLine.typeFields)

/** How many ways to name a consent type are remembered, and of how many characters. */
const remembered = { names: 1000, characters: 1000 }

/** Says of refusals whether their consent type exists. */
const makeTypeLookUp = ({ types }: Pick<DateCheck, "types">) => {
  const known = new Map<string, boolean>()
  const exists = (names: ReadonlyArray<unknown>): boolean => {
    const named = Object.fromEntries(typeMembers.map((member, index) => [member, names[index]]))
    const item = Intake.toItem({ ...named, consentState: "declined", consentAction: "import" })
    return Result.isSuccess(item) && !("code" in Admission.findType(item.success, types))
  }
  return (refusal: Members): boolean => {
    const names = typeMembers.map((member) => refusal[member] ?? null)
    const key = JSON.stringify(names)
    const found = known.get(key) ?? exists(names)
    if (known.size < remembered.names && key.length <= remembered.characters) known.set(key, found)
    return found
  }
}

/** Whether a refusal has a `consentDate` that it is not recorded with. */
const isRedated = ({ allowEarly, consentDate }: Members, { project }: DateCheck, clock: Instant.Instant): boolean => {
  if (consentDate === undefined || consentDate === null) return false
  const at = typeof consentDate === "string" ? Instant.parse(consentDate) : undefined
  const dated = { consentState: "declined", allowEarly: allowEarly === true } as const
  return at === undefined || Admission.isDatedByLedger({ ...dated, consentDate: at }, project, { clock })
}

/** Counts the refusals among rows, and those of them whose dates would be replaced. */
export const run = Effect.fnUntraced(function* <E, R>(
  rows: Stream.Stream<ReadonlyArray<Intake.FileRow>, E, R>,
  check: DateCheck,
) {
  const { map = Result.succeed } = check
  const clock = yield* Clock.currentTimeMillis
  const isOfType = makeTypeLookUp(check)
  const counts: DateCounts = { refusals: 0, replaced: 0 }
  let read = 0
  yield* Stream.runForEach(rows, (some) =>
    Effect.gen(function* () {
      for (const [index, row] of some.entries()) {
        if (index % stride === 0) yield* Effect.yieldNow
        const mapped = "faults" in row ? Result.fail(row.faults) : map(row.value)
        if (Result.isFailure(mapped) || !ItemDecoder.isRefusal(mapped.success)) continue
        const refusal = mapped.success as Members
        if (!isOfType(refusal)) continue
        counts.refusals++
        if (isRedated(refusal, check, clock)) counts.replaced++
      }
      yield* check.report((read += some.length))
    }),
  )
  return counts
})
