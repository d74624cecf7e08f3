/**
 * Takes in rows of any number, block by block, in bounded memory: what is good of each block is recorded, and what is not is
 * named by its line. Whoever takes in the same rows again records nothing twice.
 */
import { Deferred, Effect, Result, Schema, Stream } from "effect"
import type { ProjectScope } from "../model/Catalog.ts"
import * as Exchange from "../formats/Exchange.ts"
import type { StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import { maxItems } from "../ledger/Batch.ts"
import type * as Importing from "./Importing.ts"
import * as ItemLine from "../formats/ItemLine.ts"
import { Ledger } from "../Ledger.ts"
import * as RecordedLine from "../formats/RecordedLine.ts"

/** One thing wrong with a row. */
export interface RowFault {
  readonly code: string
  /** The member, as `consentDate` or `session/id`; empty for the row as a whole. */
  readonly field: string
  /** What to do about it. Never quotes the value: it may be personal. */
  readonly detail: string
}

/** A row of a file: its line, from 1, and its text; its members, or why it could not be read. */
export type FileRow = { readonly line: number; readonly text: string } & (
  | { readonly value: unknown }
  | { readonly faults: ReadonlyArray<RowFault> }
)

/** One thing wrong, with the line it is in. */
export interface Rejection extends RowFault {
  readonly line: number
}

/** What became of the rows. */
export interface ImportTally {
  /** How many rows there were. */
  readonly rows: number
  /** How many were recorded. */
  readonly recorded: number
  /** How many had been recorded before. */
  readonly recordedBefore: number
  readonly rejected: number
  /** Of those recorded, by their consent state. */
  readonly consentStates: { readonly [State in StoredEvent["consentState"]]: number }
  /** Of those rejected, by what is wrong with them: a row with several faults counts for each. */
  readonly faults: { readonly [code: string]: number }
}

/** How rows are taken in. */
export interface Intake<E = never> extends ProjectScope {
  readonly submitter: string
  /** Rows are recorded events of this ledger, taken back as they were. */
  readonly isRestore: boolean
  /** What a row holds, by the names that items have; left out, it has them. */
  readonly map?: (value: unknown) => Result.Result<unknown, ReadonlyArray<RowFault>>
  /** How many rows are recorded together: 1 to {@link maxItems}, which it is where it is left out. */
  readonly blockSize?: number
  /** After each block: what is wrong with its rows, in their order, and what became of all rows so far. */
  readonly report: (rejections: ReadonlyArray<Rejection>, tally: ImportTally) => Effect.Effect<void, E>
}

const none: ImportTally = {
  rows: 0,
  recorded: 0,
  recordedBefore: 0,
  rejected: 0,
  consentStates: { accepted: 0, declined: 0, implied: 0, viewed: 0 },
  faults: {},
}

type Fate = "recorded" | "known" | ReadonlyArray<RowFault>

/** A row that has the shape it must have, and its index in the block. */
interface Shaped<A> {
  readonly index: number
  readonly line: number
  readonly value: A
}

/** Without a date, history would be taken for what is true from now on. */
const DatedItem = Schema.Struct({ ...ItemLine.ItemLine.fields, consentDate: Exchange.Instant })

const decodeItem = Exchange.decoder(DatedItem)
const decodeRecorded = Exchange.decoder(RecordedLine.RecordedLine)

const toFault = ({ code, detail, pointer }: Exchange.Violation): RowFault => ({ code, field: pointer.slice(1), detail })

/** After how many rows others have their turn: who writes a block is not kept waiting by who reads the next one. */
const stride = 50

/** Splits rows into those that have the shape they must have, and what is wrong with the others. */
const shape = Effect.fnUntraced(function* <A>(
  rows: ReadonlyArray<FileRow>,
  { map = Result.succeed }: Pick<Intake<unknown>, "map">,
  decode: (value: unknown) => Result.Result<A, ReadonlyArray<Exchange.Violation>>,
) {
  const shaped: Array<Shaped<A>> = []
  const faulty: Array<readonly [line: number, faults: ReadonlyArray<RowFault>]> = []
  for (const [index, row] of rows.entries()) {
    if (index % stride === 0) yield* Effect.yieldNow
    const { line } = row
    const decoded =
      "faults" in row
        ? Result.fail(row.faults)
        : Result.flatMap(map(row.value), (value) =>
            Result.mapError(decode(value), (violations) => violations.map(toFault)),
          )
    if (Result.isSuccess(decoded)) shaped.push({ index, line, value: decoded.success })
    else faulty.push([line, decoded.failure])
  }
  return { shaped, faulty }
})

/** A block of rows of which the ledger has said what becomes of each. */
interface Settled {
  readonly rows: number
  readonly shaped: ReadonlyArray<Shaped<{ readonly consentState: StoredEvent["consentState"] }>>
  readonly faulty: ReadonlyArray<readonly [line: number, faults: ReadonlyArray<RowFault>]>
  /** Of those that have the shape, in their order. */
  readonly fates: ReadonlyArray<Fate>
}

const importRows = Effect.fnUntraced(function* (
  block: ReadonlyArray<FileRow>,
  place: Importing.Place,
  intake: Intake<unknown>,
) {
  const ledger = yield* Ledger
  const { faulty, shaped } = yield* shape(block, intake, decodeItem)
  const { organization, project, submitter, types } = intake
  const rows = block.map(({ text }) => text)
  const items = new Map(shaped.map(({ index, value }) => [index, ItemLine.toItem(value)]))
  const asked = { organization, project, types, submitter }
  const imported = yield* ledger.importBlock({ ...asked, place, rows, items })
  const fates = shaped.map(({ index }) => imported.fates.get(index)!)
  const settled: Settled = { rows: rows.length, shaped, faulty, fates }
  return { settled, isAsPlanned: imported.isAsPlanned }
})

const restoreRows = Effect.fnUntraced(function* (rows: ReadonlyArray<FileRow>, intake: Intake<unknown>) {
  const ledger = yield* Ledger
  const { faulty, shaped } = yield* shape(rows, intake, decodeRecorded)
  const { organization, project, types } = intake
  const lines = shaped.map(({ value }) => value)
  const fates = yield* ledger.restoreBlock({ organization, project, types, lines })
  return { rows: rows.length, shaped, faulty, fates } satisfies Settled
})

const add = (tally: ImportTally, { fates, faulty, rows, shaped }: Settled) => {
  const consentStates = { ...tally.consentStates }
  const faults = { ...tally.faults }
  const rejected = [...faulty]
  let recorded = 0
  for (const [index, fate] of fates.entries()) {
    const { line, value } = shaped[index]!
    if (fate === "recorded") {
      recorded++
      consentStates[value.consentState]++
    } else if (fate !== "known") rejected.push([line, fate])
  }
  for (const [, ofRow] of rejected) {
    for (const code of new Set(ofRow.map(({ code }) => code))) faults[code] = (faults[code] ?? 0) + 1
  }
  const rejections = rejected
    .toSorted(([a], [b]) => a - b)
    .flatMap(([line, ofRow]) => ofRow.map(({ code, detail, field }): Rejection => ({ line, field, code, detail })))
  const total: ImportTally = {
    rows: tally.rows + rows,
    recorded: tally.recorded + recorded,
    recordedBefore: tally.recordedBefore + rows - recorded - rejected.length,
    rejected: tally.rejected + rejected.length,
    consentStates,
    faults,
  }
  return { rejections, tally: total }
}

/** A block ends behind the row with which its texts have so many characters, so that long rows do not fill the memory. */
const maxCharacters = 1024 * 1024

/** Rows in blocks: the same ones, whenever and in whatever pieces they come. */
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

/** How many blocks are under way: while one is written, the next is planned. */
const concurrency = 3

/** Imports blocks in the order in which they come: each is recorded after the one before it. */
const importer = (intake: Intake<unknown>) => {
  let before: Pick<Importing.Place, "ahead" | "turn"> = { ahead: Effect.undefined, turn: Effect.void }
  let isAsPlanned = true
  return ([block, ordinal]: readonly [ReadonlyArray<FileRow>, number]) =>
    Effect.suspend(() => {
      const sent = Deferred.makeUnsafe<Importing.OnItsWay | undefined>()
      const recorded = Deferred.makeUnsafe<void>()
      const place: Importing.Place = {
        ordinal,
        turn: before.turn,
        // Where plans came to nothing, those that were made behind them do too; from here on they are made in their turn.
        ahead: isAsPlanned ? before.ahead : Effect.undefined,
        pass: (event) => Deferred.succeed(sent, event),
      }
      // Who says that it is on its way goes first.
      before = { ahead: Effect.tap(Deferred.await(sent), Effect.yieldNow), turn: Deferred.await(recorded) }
      return Effect.flatMap(importRows(block, place, intake), (imported) => {
        isAsPlanned = imported.isAsPlanned
        Deferred.doneUnsafe(sent, Effect.undefined)
        Deferred.doneUnsafe(recorded, Effect.void)
        return Effect.succeed(imported.settled)
      })
    })
}

/** Takes rows in, in their order; answers what became of them. */
export const run = <E, R, E2>(
  rows: Stream.Stream<ReadonlyArray<FileRow>, E, R>,
  intake: Intake<E2>,
): Effect.Effect<ImportTally, E | E2 | StoreUnavailable, R | Ledger> =>
  Effect.suspend(() => {
    let tally = none
    const blocks = blocksOf(rows, intake.blockSize ?? maxItems)
    const settled = intake.isRestore
      ? Stream.mapEffect(blocks, (block) => restoreRows(block, intake))
      : Stream.mapEffect(Stream.zipWithIndex(blocks), importer(intake), { concurrency })
    return settled.pipe(
      Stream.runForEach((settled) => {
        const added = add(tally, settled)
        tally = added.tally
        return intake.report(added.rejections, tally)
      }),
      Effect.map(() => tally),
    )
  })
