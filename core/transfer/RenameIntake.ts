/**
 * Renames the accounts that the rows of a file name, block by block in bounded memory. A row that may not be renamed is
 * rejected alone, and rows that were renamed before record nothing, so that a file may be run again.
 */
import { Effect, Schema, Stream } from "effect"
import * as Exchange from "../formats/Exchange.ts"
import { maxItems } from "../ledger/Batch.ts"
import type { Organization } from "../model/Catalog.ts"
import type * as Renaming from "../people/Renaming.ts"
import type { FileRow, Rejection } from "./Intake.ts"

/** The columns of a row. */
export const columns = ["userId", "newUserId"] as const

const Row = Schema.Struct({ userId: Schema.String, newUserId: Schema.String })
const decode = Exchange.decoder(Row)

/** The number of rows with each fate. */
export interface RenameTally {
  readonly rows: number
  readonly renamed: number
  /** Rows whose account has the new id already, by the same rename. */
  readonly renamedBefore: number
  readonly rejected: number
}

/** How rows are taken in. */
export interface RenameIntake<E> {
  readonly organization: Organization
  /** The id that the facts name as the submitter. */
  readonly submitter: string
  /** Only say what would happen. Rows of other blocks are treated as not renamed. */
  readonly isDryRun: boolean
  /** Called after each block, with its rejections. */
  readonly report: (rejections: ReadonlyArray<Rejection>, tally: RenameTally) => Effect.Effect<unknown, E>
}

/** The use cases that rename a block; a ledger has them. */
export interface RenameUseCases {
  readonly reviewRenames: (
    organization: Organization,
    items: ReadonlyArray<Renaming.AccountName>,
  ) => ReturnType<typeof Renaming.review>
  readonly renameAccounts: (
    organization: Organization,
    renaming: Renaming.Renaming,
  ) => ReturnType<typeof Renaming.rename>
}

/** A row that can be read. */
interface Line extends Renaming.AccountName {
  readonly line: number
}

const toRejection = (
  rows: ReadonlyArray<Line>,
  { code, detail, field, item }: Renaming.RenameViolation,
): Rejection => ({
  line: rows[item]!.line,
  field,
  code,
  detail,
})

/** The rows of a block that can be read, and what is wrong with the others. */
const read = (block: ReadonlyArray<FileRow>) => {
  const rows: Array<Line> = []
  const rejections: Array<Rejection> = []
  for (const row of block) {
    if ("faults" in row) {
      rejections.push(...row.faults.map((fault) => ({ line: row.line, ...fault })))
      continue
    }
    const decoded = decode(row.value)
    if (decoded._tag === "Success") rows.push({ line: row.line, ...decoded.success })
    else {
      const faults = decoded.failure.map(({ code, detail, pointer }) => ({ code, detail, field: pointer.slice(1) }))
      rejections.push(...faults.map((fault) => ({ line: row.line, ...fault })))
    }
  }
  return { rows, rejections }
}

/** Renames the accounts of rows, or reviews them; returns how many were renamed before, or what is in the way. */
const change = Effect.fnUntraced(function* (
  rows: ReadonlyArray<Line>,
  { isDryRun, organization, submitter }: Omit<RenameIntake<never>, "report">,
  ledger: RenameUseCases,
) {
  const items = rows.map(({ newUserId, userId }) => ({ userId, newUserId }))
  if (isDryRun) {
    const { before, violations } = yield* ledger.reviewRenames(organization, items)
    return { before: before.size, violations }
  }
  const outcome = yield* ledger.renameAccounts(organization, { items, submitter, answer: () => "" })
  if (outcome._tag === "Refused") return { before: 0, violations: outcome.violations }
  // A request without an idempotency key is never repeated.
  const accounts = outcome._tag === "Renamed" ? outcome.accounts : []
  return { before: accounts.filter(({ isRepeated }) => isRepeated).length, violations: [] }
})

/** Renames the accounts of a block. The rows that are in the way are left out, until the others can be renamed. */
const takeBlock = Effect.fnUntraced(function* (
  block: ReadonlyArray<FileRow>,
  intake: Omit<RenameIntake<never>, "report">,
  ledger: RenameUseCases,
) {
  const { rejections, rows } = read(block)
  let open: ReadonlyArray<Line> = rows
  for (;;) {
    const { before, violations } =
      open.length === 0 ? { before: 0, violations: [] } : yield* change(open, intake, ledger)
    if (violations.length === 0) return { rejections, before, renamed: open.length - before }
    rejections.push(...violations.map((violation) => toRejection(open, violation)))
    const refused = new Set(violations.map(({ item }) => item))
    open = open.filter((_, item) => !refused.has(item))
  }
})

/** Renames the accounts of the rows of a file, in their order. */
export const run = Effect.fnUntraced(function* <E, E2, R>(
  rows: Stream.Stream<ReadonlyArray<FileRow>, E, R>,
  intake: RenameIntake<E2>,
  ledger: RenameUseCases,
) {
  let tally: RenameTally = { rows: 0, renamed: 0, renamedBefore: 0, rejected: 0 }
  const take = Effect.fnUntraced(function* (block: ReadonlyArray<FileRow>) {
    const { before, rejections, renamed } = yield* takeBlock(block, intake, ledger)
    tally = {
      rows: tally.rows + block.length,
      renamed: tally.renamed + renamed,
      renamedBefore: tally.renamedBefore + before,
      rejected: tally.rejected + block.length - renamed - before,
    }
    yield* intake.report(
      rejections.toSorted((a, b) => a.line - b.line),
      tally,
    )
  })
  const blocks = rows.pipe(Stream.flattenIterable, Stream.grouped(maxItems))
  yield* Stream.runForEach(blocks, take)
  return tally
})
