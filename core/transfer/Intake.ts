/**
 * Intake: imports or restores any number of rows, block by block, in bounded memory. The good rows of each block are
 * recorded, and the others are rejected by their line. Rows that are taken in again are not recorded twice.
 */
import { Effect, Predicate, Result, Stream } from "effect"
import type { ProjectScope } from "../model/Catalog.ts"
import * as Exchange from "../formats/Exchange.ts"
import type { StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import { maxItems } from "../ledger/Batch.ts"
import * as BlockPipeline from "./BlockPipeline.ts"
import * as ItemDecoder from "../formats/ItemDecoder.ts"
import * as ItemLine from "../formats/ItemLine.ts"
import type { Item } from "../model/Admission.ts"
import * as RecordedLine from "../formats/RecordedLine.ts"
import type { Erased } from "./CarriedErasures.ts"
import type { AnswerCounts, Overturning } from "./AnswerChanges.ts"
import type * as Importing from "./Importing.ts"
import * as ImportRun from "./ImportRun.ts"
import type * as Restoring from "./Restoring.ts"

/** One thing wrong with a row. */
export interface RowFault {
  readonly code: string
  /** The member of the row, such as `consentDate` or `session/id`; empty for the row as a whole. */
  readonly field: string
  /** What to do about it. Never quotes the value, which may be personal. */
  readonly detail: string
}

/** A row of a file: its line, from 1, and its text; and its members, or why it could not be read. */
export type FileRow = { readonly line: number; readonly text: string } & (
  | { readonly value: unknown }
  | { readonly faults: ReadonlyArray<RowFault> }
)

/** One thing wrong, with the line it is in. */
export interface Rejection extends RowFault {
  readonly line: number
}

/** The number of rows with each fate. */
export interface ImportTally {
  /** All rows. */
  readonly rows: number
  readonly recorded: number
  /** Rows that an earlier intake had recorded. */
  readonly recordedBefore: number
  readonly rejected: number
  /** Rows that the mapping leaves out by a condition; left out: none. */
  readonly skipped?: number
  /** The recorded rows, by their consent state. */
  readonly consentStates: { readonly [State in StoredEvent["consentState"]]: number }
  /** The rejected rows, by the code of their faults: a row with several faults counts for each. */
  readonly faults: { readonly [code: string]: number }
  /**
   * The rows that were recorded without a member, by the member: of a refusal, one that could not be read; or a contact
   * point that names another person. Left out: none.
   */
  readonly leftOut?: { readonly [member: string]: number }
  /** The refusals that are dated by the import, because the row's `consentDate` cannot be recorded; left out: none. */
  readonly replacedDates?: number
  /** The events that refusals were recorded as for further people that their identifiers name; left out: none. */
  readonly alsoRecorded?: number
  /** In a dry run, the answers that would change. */
  readonly answers?: AnswersTally
}

/** The answers about a person and a consent type that would change, compared with those of before the import. */
export interface AnswersTally {
  /** How many would have another status, or permit where they do not, or no longer permit. */
  readonly changed: number
  /** How many refusals would no longer stand: the answer permits, or is expired, invalidated, requested or unknown. */
  readonly refusalsOverturned: number
  /** The first {@link maxExamples} rows that would do that: the line and the id of the consent type. */
  readonly examples: ReadonlyArray<Overturning>
}

/** How many rows after which a refusal would no longer stand are named. */
export const maxExamples = 10

/** The value of a row that a mapping leaves out by a condition. */
export const skipped = Symbol("skipped")

/** The project into which rows are taken, and how. */
export interface Intake<E = never> extends ProjectScope, ImportRun.ImportOptions {
  readonly submitter: string
  /** Whether rows are an export of recorded events, to be restored as they were. */
  readonly isRestore: boolean
  /** What was erased of people: only of a restore, which drops it. */
  readonly erased?: Erased
  /** Maps a row to the members of an item, or to {@link skipped}; left out, it has them. */
  readonly map?: (value: unknown) => Result.Result<unknown, ReadonlyArray<RowFault>>
  /** As in `Batch`. A restore does not use it. */
  readonly sharedContacts?: "leave-out"
  /** The number of rows in a block: 1 to {@link maxItems}, by default {@link maxItems}. */
  readonly blockSize?: number
  /**
   * Works on a block when its turn comes, in the scope of the project as it is then. A block that it refuses ends the
   * intake, after the blocks before it are recorded. Left out: at once, in the given scope.
   */
  readonly inTurn?: <A, E2, R>(work: (scope: ProjectScope) => Effect.Effect<A, E2, R>) => Effect.Effect<A, E | E2, R>
  /** Called after each block with the rejections of its rows, in their order, and the tally of all rows so far. */
  readonly report: (rejections: ReadonlyArray<Rejection>, tally: ImportTally) => Effect.Effect<void, E>
}

/** The use cases that take in a block; a ledger has them. */
export interface BlockUseCases {
  readonly beginImport: (options: ImportRun.ImportOptions) => Effect.Effect<ImportRun.ImportRun>
  readonly importBlock: (
    block: Importing.Block,
  ) => Effect.Effect<Importing.Imported, StoreUnavailable | ImportRun.ReplacedDates>
  readonly restoreBlock: (
    block: Restoring.RestoredBlock,
  ) => Effect.Effect<ReadonlyArray<Restoring.RestoreFate>, StoreUnavailable>
}

const emptyTally: ImportTally = {
  rows: 0,
  recorded: 0,
  recordedBefore: 0,
  rejected: 0,
  consentStates: { accepted: 0, declined: 0, implied: 0, viewed: 0 },
  faults: {},
}

type Fate = "recorded" | "known" | ReadonlyArray<RowFault>

/** A row that could be decoded, and its index in the block. */
interface DecodedRow<A> {
  readonly index: number
  readonly line: number
  readonly value: A
}

const decodeItem = ItemDecoder.make(ItemLine.DatedItemLine, ItemLine.ItemLine, "import")
// The only list in a row is the subcategory, which has one member.
const decodeRecorded = Exchange.decoder(RecordedLine.RecordedLine, 1)

const itemOf = ({ leftOut, value }: ItemDecoder.Decoded<typeof ItemLine.ItemLine.Type>): Item =>
  leftOut === undefined ? ItemLine.toItem(value) : { ...ItemLine.toItem(value), leftOut }

/**
 * Decodes the members of a row of an import. A refusal without a `consentDate` is recorded as of now like one of a
 * request: nothing is left out of it.
 */
export const toItem = (value: unknown): Result.Result<Item, ReadonlyArray<Exchange.Violation>> =>
  Result.map(decodeItem(value), (decoded) => {
    const { leftOut = [], ...item } = itemOf(decoded)
    const isDated = Predicate.isObject(value) && value["consentDate"] != null
    const members = isDated ? leftOut : leftOut.filter((member) => member !== "consentDate")
    return members.length === 0 ? item : { ...item, leftOut: members }
  })

const toFault = ({ code, detail, pointer }: Exchange.Violation): RowFault => ({ code, field: pointer.slice(1), detail })

/** After this number of rows, decoding yields, so that it does not hold up the recording of another block. */
const stride = 50

/** Decodes rows into their items or recorded events, and finds the faults of the others. */
const decodeRows = Effect.fnUntraced(function* <A>(
  rows: ReadonlyArray<FileRow>,
  { map = Result.succeed }: Pick<Intake<unknown>, "map">,
  decode: (value: unknown) => Result.Result<A, ReadonlyArray<Exchange.Violation>>,
) {
  const good: Array<DecodedRow<A>> = []
  const faulty: Array<readonly [line: number, faults: ReadonlyArray<RowFault>]> = []
  let skippedRows = 0
  for (const [index, row] of rows.entries()) {
    if (index % stride === 0) yield* Effect.yieldNow
    const { line } = row
    const mapped = "faults" in row ? Result.fail(row.faults) : map(row.value)
    if (Result.isSuccess(mapped) && mapped.success === skipped) {
      skippedRows++
      continue
    }
    const decoded = Result.flatMap(mapped, (value) =>
      Result.mapError(decode(value), (violations) => violations.map(toFault)),
    )
    if (Result.isSuccess(decoded)) good.push({ index, line, value: decoded.success })
    else faulty.push([line, decoded.failure])
  }
  return { good, faulty, skipped: skippedRows }
})

/** The fates of a block's rows. */
interface BlockResult {
  readonly rows: number
  readonly good: ReadonlyArray<DecodedRow<{ readonly consentState: StoredEvent["consentState"] }>>
  readonly faulty: ReadonlyArray<readonly [line: number, faults: ReadonlyArray<RowFault>]>
  /** The number of rows that the mapping leaves out. */
  readonly skipped: number
  /** The fates of the decoded rows, in their order. */
  readonly fates: ReadonlyArray<Fate>
  readonly leftOut: Importing.Imported["leftOut"]
  readonly replacedDates: number
  readonly alsoRecorded: number
}

const nothingLeftOut: BlockResult["leftOut"] = new Map()

/** Adds one to the count of each name. */
const count = (counts: Record<string, number>, names: Iterable<string>): void => {
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
}

const importRows = Effect.fnUntraced(function* (
  block: ReadonlyArray<FileRow>,
  slot: BlockPipeline.BlockSlot,
  run: ImportRun.ImportRun,
  intake: Intake<unknown>,
  ledger: BlockUseCases,
) {
  const { faulty, good, skipped } = yield* decodeRows(block, intake, toItem)
  const { organization, project, sharedContacts, submitter, types } = intake
  const rows = block.map(({ text }) => text)
  const lines = block.map(({ line }) => line)
  const items = new Map(good.map(({ index, value }) => [index, value]))
  const scope = { organization, project, types, submitter, ...(sharedContacts !== undefined && { sharedContacts }) }
  const imported = yield* ledger.importBlock({ ...scope, run, slot, rows, lines, items })
  const fates = good.map(({ index }) => imported.fates.get(index)!)
  const { alsoRecorded, isAsPlanned, leftOut, replacedDates } = imported
  const read = { rows: rows.length, good, faulty, skipped }
  const result: BlockResult = { ...read, fates, leftOut, replacedDates, alsoRecorded }
  return { result, isAsPlanned }
})

const restoreRows = Effect.fnUntraced(function* (
  rows: ReadonlyArray<FileRow>,
  intake: Intake<unknown>,
  ledger: BlockUseCases,
) {
  const { faulty, good, skipped } = yield* decodeRows(rows, intake, decodeRecorded)
  const { erased, organization, project, types } = intake
  const lines = good.map(({ value }) => value)
  const scope = { organization, project, types }
  const fates = yield* ledger.restoreBlock({ ...scope, lines, ...(erased !== undefined && { erased }) })
  return {
    rows: rows.length,
    good,
    faulty,
    skipped,
    fates,
    leftOut: nothingLeftOut,
    replacedDates: 0,
    alsoRecorded: 0,
  } satisfies BlockResult
})

const toTally = ({ changed, examples, overturned }: AnswerCounts): AnswersTally => ({
  changed,
  refusalsOverturned: overturned,
  examples: [...examples.values()].toSorted((a, b) => a.line - b.line).slice(0, maxExamples),
})

/** Adds a block to the tally, and lists its rejections in the order of their lines. */
const add = (
  tally: ImportTally,
  {
    fates,
    faulty,
    good,
    leftOut: without,
    replacedDates: replaced,
    alsoRecorded: further,
    rows,
    skipped: skippedRows,
  }: BlockResult,
  { answers }: Pick<ImportRun.ImportRun, "answers">,
) => {
  const consentStates = { ...tally.consentStates }
  const faults = { ...tally.faults }
  const leftOut: Record<string, number> = { ...tally.leftOut }
  const rejected = [...faulty]
  let recorded = 0
  for (const [index, fate] of fates.entries()) {
    const { line, value } = good[index]!
    if (fate === "recorded") {
      recorded++
      consentStates[value.consentState]++
    } else if (fate !== "known") rejected.push([line, fate])
  }
  for (const [, ofRow] of rejected) count(faults, new Set(ofRow.map(({ code }) => code)))
  for (const members of without.values()) count(leftOut, members)
  const rejections = rejected
    .toSorted(([a], [b]) => a - b)
    .flatMap(([line, ofRow]) => ofRow.map(({ code, detail, field }): Rejection => ({ line, field, code, detail })))
  const allSkipped = (tally.skipped ?? 0) + skippedRows
  const replacedDates = (tally.replacedDates ?? 0) + replaced
  const alsoRecorded = (tally.alsoRecorded ?? 0) + further
  const total: ImportTally = {
    rows: tally.rows + rows,
    recorded: tally.recorded + recorded,
    recordedBefore: tally.recordedBefore + rows - recorded - rejected.length - skippedRows,
    rejected: tally.rejected + rejected.length,
    ...(allSkipped > 0 && { skipped: allSkipped }),
    consentStates,
    faults,
    ...(Object.keys(leftOut).length > 0 && { leftOut }),
    ...(replacedDates > 0 && { replacedDates }),
    ...(alsoRecorded > 0 && { alsoRecorded }),
    ...(answers !== undefined && { answers: toTally(answers) }),
  }
  return { rejections, tally: total }
}

/**
 * A block ends after the row with which its texts reach this number of characters, so that long rows do not fill the
 * memory.
 */
const maxCharacters = 1024 * 1024

/** Cuts rows into blocks, always the same ones, independently of the chunks in which the rows are read. */
const blocksOf = <E, R>(rows: Stream.Stream<ReadonlyArray<FileRow>, E, R>, size: number) =>
  Stream.suspend(() => {
    let block: Array<FileRow> = []
    let characters = 0
    const fill = (more: ReadonlyArray<FileRow>): ReadonlyArray<ReadonlyArray<FileRow>> => {
      const full: Array<ReadonlyArray<FileRow>> = []
      for (const row of more) {
        block.push(row)
        characters += row.text.length
        if (block.length < size && characters < maxCharacters) continue
        full.push(block)
        block = []
        characters = 0
      }
      return full
    }
    const last = Stream.suspend(() =>
      block.length === 0 ? Stream.empty : Stream.succeed<ReadonlyArray<FileRow>>(block),
    )
    return Stream.concat(Stream.flattenIterable(Stream.map(rows, fill)), last)
  })

/** How many blocks are worked on at the same time: while one is recorded, the next ones are read and planned. */
const concurrency = 3

/** Takes rows in, in their order, and returns their tally. */
export const run = <E, R, E2>(
  rows: Stream.Stream<ReadonlyArray<FileRow>, E, R>,
  intake: Intake<E2>,
  ledger: BlockUseCases,
): Effect.Effect<ImportTally, E | E2 | StoreUnavailable | ImportRun.ReplacedDates, R> =>
  Effect.gen(function* () {
    const begun = yield* ledger.beginImport(intake)
    let tally: ImportTally = { ...emptyTally, ...(begun.answers !== undefined && { answers: toTally(begun.answers) }) }
    const pipeline = BlockPipeline.make()
    const blocks = blocksOf(rows, intake.blockSize ?? maxItems)
    const inTurn: NonNullable<typeof intake.inTurn> = intake.inTurn ?? ((work) => work(intake))
    const importNext = (block: ReadonlyArray<FileRow>) =>
      pipeline
        .next((slot) => inTurn((scope) => importRows(block, slot, begun, { ...intake, ...scope }, ledger)))
        .pipe(
          Effect.map(({ result }) => result),
          // The failure of a block is met in its order, after the reports of the blocks before it.
          Effect.result,
        )
    const results = intake.isRestore
      ? Stream.mapEffect(blocks, (block) => restoreRows(block, intake, ledger))
      : Stream.mapEffect(Stream.mapEffect(blocks, importNext, { concurrency }), Effect.fromResult)
    yield* Stream.runForEach(results, (result) => {
      const added = add(tally, result, begun)
      tally = added.tally
      return intake.report(added.rejections, tally)
    })
    return tally
  })
