/**
 * Sorts the rows of an export by `dateCreated`, because a ledger records events in the order of their `dateCreated`.
 */
import { Effect, Option, Predicate, Stream } from "effect"
import * as Instant from "../../core/engine/Instant.ts"
import type { FileRow } from "../../core/transfer/Intake.ts"
import * as ExternalSort from "./ExternalSort.ts"

/** When a row was recorded; `undefined` if it has no valid `dateCreated`, so that it will be rejected. */
const dateOf = (row: FileRow): Instant.Instant | undefined => {
  if (!("value" in row) || !Predicate.hasProperty(row.value, "dateCreated")) return undefined
  const { dateCreated } = row.value
  return typeof dateCreated === "string" ? Instant.parse(dateCreated) : undefined
}

/** Whether the rows are sorted by `dateCreated`. Reading stops at the first row that is not. */
export const isSorted = <E, R>(rows: Stream.Stream<ReadonlyArray<FileRow>, E, R>): Effect.Effect<boolean, E, R> =>
  Effect.suspend(() => {
    let last = Instant.min
    const goesBack = (row: FileRow): boolean => {
      const date = dateOf(row) ?? last
      if (date < last) return true
      last = date
      return false
    }
    return Effect.map(Stream.runHead(Stream.filter(rows, (some) => some.some(goesBack))), Option.isNone)
  })

/** How many rows are emitted at a time. */
const chunkRows = 1000

type Keyed = readonly [date: Instant.Instant, row: FileRow]

const order: ExternalSort.SortOrder<Keyed> = {
  compare: ([date, { line }], [other, { line: otherLine }]) => date - other || line - otherLine,
  // The text and the value that was parsed from it.
  weigh: ([, { text }]) => 300 + 3 * text.length,
}

/** The sorted rows. Rows of one instant keep their order; rows without a valid `dateCreated` are first. */
export const sorted = <E, R>(rows: Stream.Stream<ReadonlyArray<FileRow>, E, R>) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const sort = yield* ExternalSort.make(order)
      const add = (some: ReadonlyArray<FileRow>) =>
        ExternalSort.attempt(() => {
          for (const row of some) sort.add([dateOf(row) ?? Instant.min, row])
        })
      yield* Stream.runForEach(rows, add)
      yield* ExternalSort.mergeRuns(sort)
      const all = sort.rows()
      const next = ExternalSort.attempt(() => {
        const some: Array<FileRow> = []
        while (some.length < chunkRows) {
          const each = all.next()
          if (each.done === true) break
          some.push(each.value[1])
        }
        return some
      })
      return Stream.takeWhile(Stream.fromEffectRepeat(next), (some) => some.length > 0)
    }),
  )
