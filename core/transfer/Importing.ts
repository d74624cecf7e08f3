/**
 * Importing events from another system, block by block: of each block the good items are recorded, all of them or none,
 * and the faults of the others are returned.
 *
 * A block is identified by the text of its rows and its place in the file. So a file that is imported again, however
 * the first import ended, records nothing twice. Rows that were refused are tried again. If the mapping has changed,
 * rows are recorded again with their new meaning. In a block that is not known, because rows were added to the file or
 * taken from it, each row is looked up by what it says (`KnownRows`).
 */
import { Clock, Data, Effect } from "effect"
import { Hex } from "effect/encoding"
import type * as Instant from "../engine/Instant.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import { keptForEver, type IdempotencyRecord, type StoredEvent, type StoreUnavailable } from "../ports/LedgerStore.ts"
import type { ItemViolation } from "../ledger/Batch.ts"
import type { LeftOut } from "../ledger/BatchPlan.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Admission from "../model/Admission.ts"
import * as Recording from "../ledger/Recording.ts"
import * as AnswerChanges from "./AnswerChanges.ts"
import type { BlockSlot } from "./BlockPipeline.ts"
import * as ImportRun from "./ImportRun.ts"
import * as KnownRows from "./KnownRows.ts"
import * as ReleasedRows from "./ReleasedRows.ts"

/** Consecutive rows of a file. */
export interface Block extends ProjectScope {
  /** The id of the API key, or of the operator of the command. */
  readonly submitter: string
  /** As in `Batch`. */
  readonly sharedContacts?: "leave-out"
  readonly run: ImportRun.ImportRun
  readonly slot: BlockSlot
  /** The line of each row, from 1. */
  readonly lines: ReadonlyArray<number>
  /** The text of each row, as it was read. 1 to `Batch.maxItems`. */
  readonly rows: ReadonlyArray<string>
  /** The items that rows hold, by the index of the row. */
  readonly items: ReadonlyMap<number, Admission.Item>
}

/** One thing wrong with an item. `refusal_kept`: a refusal would no longer stand, so it is left out. */
export type ImportFault =
  | Omit<ItemViolation, "item">
  | { readonly code: "refusal_kept"; readonly field: "consentState"; readonly detail: string }

/** The fate of an item: it was recorded, it had been recorded before, or what is wrong with it. */
export type ImportFate = "recorded" | "known" | ReadonlyArray<ImportFault>

const refusalKept: ReadonlyArray<ImportFault> = [
  {
    code: "refusal_kept",
    field: "consentState",
    detail: "a refusal would no longer stand after it: left out, because refusals are to be kept",
  },
]

/** The outcome of a block. */
export interface Imported {
  /** The fates of the items, by the index of the row. */
  readonly fates: ReadonlyMap<number, ImportFate>
  /** By the index of the row, the members that an item was recorded without. */
  readonly leftOut: LeftOut
  /** The number of refusals that were recorded as of now, because the `consentDate` of the row cannot be recorded. */
  readonly replacedDates: number
  /** The number of events that refusals were recorded as for further people that their identifiers name. */
  readonly alsoRecorded: number
  /** Whether it was recorded by its first plan. If not, the blocks that were planned after it are planned again. */
  readonly isAsPlanned: boolean
}

/** An item, and the index of its row. */
type IndexedItem = readonly [index: number, item: Admission.Item]

/**
 * The answer in a block's idempotency record: the rows that were not recorded with it, and a tag of the items that
 * were.
 */
interface KeptBlock {
  readonly without: ReadonlyArray<number>
  readonly tag: string
}

/** Tags values with the organization's key: without it, no one can guess from a tag the value it was made from. */
const tagger = Effect.fnUntraced(function* ({ organization }: Block, { hasherOf }: LedgerContext) {
  const hasher = yield* hasherOf(organization)
  return (value: unknown) => Effect.map(hasher.sign("import", JSON.stringify(value)), Hex.encode)
})

/**
 * Reads the idempotency records of a block, one for each earlier import that recorded items of it. Sets the fate of the
 * items that were recorded, and returns the others with the hash of the next record.
 */
const withoutKnown = Effect.fnUntraced(function* (
  block: Block,
  fates: Map<number, ImportFate>,
  context: LedgerContext,
) {
  const tagOf = yield* tagger(block, context)
  const content = yield* tagOf([block.project.id, block.slot.ordinal, block.rows])
  let remaining: ReadonlyArray<IndexedItem> = [...block.items]
  for (let generation = 0; ; generation++) {
    const hash = yield* tagOf([content, generation])
    const idempotencyRecord = yield* context.store.idempotencyRecord(block.organization, hash)
    if (idempotencyRecord === undefined) return { hash, remaining, tagOf }
    const { tag, without }: KeptBlock = JSON.parse(idempotencyRecord.answer)
    const others = new Set(without)
    const same = [...block.items].filter(([index]) => !others.has(index))
    if ((yield* tagOf(same)) !== tag) continue
    for (const [index] of same) fates.set(index, "known")
    remaining = remaining.filter(([index]) => others.has(index))
  }
})

/**
 * The idempotency record of items of a block. It is kept for ever, because a file may be imported again after years.
 */
const recordOf = ({ rows }: Block, tried: ReadonlyArray<IndexedItem>, hash: string, tag: string): IdempotencyRecord => {
  const isTried = new Set(tried.map(([index]) => index))
  const kept: KeptBlock = { without: [...rows.keys()].filter((index) => !isTried.has(index)), tag }
  return { hash, digest: hash, answer: JSON.stringify(kept), recordedAt: keptForEver }
}

/** Sets the fate of the items that are refused, and returns the others. */
const refuse = (
  tried: ReadonlyArray<IndexedItem>,
  violations: ReadonlyArray<ItemViolation>,
  fates: Map<number, ImportFate>,
): ReadonlyArray<IndexedItem> => {
  const byItem = Map.groupBy(violations, ({ item }) => item)
  for (const [place, ofItem] of byItem) {
    const [index] = tried[place]!
    fates.set(
      index,
      ofItem.map(({ code, detail, field }) => ({ code, field, detail })),
    )
  }
  return tried.filter((_, place) => !byItem.has(place))
}

/** What recording a block gives. */
interface RecordedBlock extends Recording.BatchAnswer<StoredEvent> {
  readonly recorded: ReadonlyArray<StoredEvent>
}

/** Counts the rows of a block that are known by its record, so that their events are no other rows of the same text. */
const countKnown = ({ rows, run }: Block, fates: ReadonlyMap<number, ImportFate>): void => {
  for (const [index, fate] of fates) if (fate === "known") run.known.add(rows[index]!)
}

/** Whether a refusal has a `consentDate` that it is not recorded with. */
const isRedated = (item: Admission.Item, { project }: Block, clock: Instant.Instant): boolean =>
  item.consentDate === undefined
    ? item.leftOut?.includes("consentDate") === true
    : Admission.isDatedByLedger(item, project, { clock })

/**
 * Adds the refusals of a block to those of the run, as `DateCheck` does for a whole file: also the ones that are known.
 * Fails if too many of their dates are replaced; of a dry run, that is reported.
 */
const countDates = Effect.fnUntraced(function* (block: Block, { isDryRun }: Pick<LedgerContext, "isDryRun">) {
  const { dates, options } = block.run
  const clock = yield* Clock.currentTimeMillis
  for (const item of block.items.values()) {
    if (item.consentState !== "declined" || "code" in Admission.findType(item, block.types)) continue
    dates.refusals++
    if (isRedated(item, block, clock)) dates.replaced++
  }
  if (options.acceptReplacedDates || !ImportRun.hasTooManyReplaced(dates)) return
  const stop = new ImportRun.ReplacedDates(dates)
  if (!isDryRun) return yield* stop
  options.foresee(stop)
})

/** Items of a plan that are not to be recorded, by their place in the batch. */
class Excluded extends Data.TaggedError("Excluded")<{
  /** Those that were recorded before. */
  readonly known: ReadonlySet<number>
  /** Those after which a refusal would no longer stand. */
  readonly kept: ReadonlySet<number>
}> {}

const none: ReadonlySet<number> = new Set()

const placesOf = (items: Iterable<Recording.IdentifiedItem>): ReadonlySet<number> =>
  new Set(Array.from(items, ({ item }) => item))

/** The items of a plan that were recorded before: also those whose identifiers were released since. */
const findKnown = Effect.fnUntraced(function* (
  planned: ReadonlyArray<Recording.IdentifiedItem>,
  textOf: (place: number) => string,
  block: Block,
  context: LedgerContext,
) {
  const known = yield* KnownRows.find(planned, textOf, block.run, block, context)
  const released = planned.filter(
    ({ draft, isReleased, item }) => isReleased && draft.consentState === "declined" && !known.has(item),
  )
  if (released.length === 0) return known
  const items = [...new Map(released.map((each) => [each.item, each])).values()]
  return new Set([...known, ...(yield* ReleasedRows.find(items, textOf, block.run, block, context))])
})

/**
 * The items of a batch that are in a conflict only because an identifier was released after they were recorded.
 */
const findConflicting = (
  tried: ReadonlyArray<IndexedItem>,
  violations: ReadonlyArray<ItemViolation>,
  block: Block,
  context: LedgerContext,
) => {
  const others = new Set(violations.flatMap(({ code, item }) => (code === "identifier_conflict" ? [] : [item])))
  const places = [...new Set(violations.map(({ item }) => item))].filter((item) => !others.has(item))
  const items = places.map((item) => ({ item, draft: tried[item]![1] }))
  return ReleasedRows.find(items, (place) => block.rows[tried[place]![0]]!, block.run, block, context)
}

/**
 * Whether an item may be resolved differently once the block before it is recorded, without the store finding out: an
 * item does not claim an identifier that was released after its `consentDate`, so it cannot lose the claim to a row of
 * that block.
 */
const dependsOnClaims = ({ isReleased }: Recording.IdentifiedItem): boolean => isReleased

/**
 * Looks at the items of a plan, and fails if some of them are not to be recorded: those that are known, at the first
 * plan, and those after which a refusal would no longer stand, at every plan, because the person of an item may be
 * another once an item before it is left out.
 */
const examine = Effect.fnUntraced(function* (
  planned: ReadonlyArray<Recording.IdentifiedItem>,
  tried: ReadonlyArray<IndexedItem>,
  { isFirst, ...begin }: AnswerChanges.BlockBegin & { readonly isFirst: boolean },
  block: Block,
  context: LedgerContext,
) {
  const { rows, run } = block
  const textOf = (place: number) => rows[tried[place]![0]]!
  const known = isFirst ? yield* findKnown(planned, textOf, block, context) : none
  const unknown = planned.filter(({ item }) => !known.has(item))
  const kept = placesOf(
    run.options.keepRefusals ? yield* AnswerChanges.overturning(unknown, begin, run, block, context) : [],
  )
  if (known.size > 0 || kept.size > 0) yield* new Excluded({ known, kept })
})

/**
 * Records the good items of a block.
 *
 * The block is planned while the one before it is recorded, and sent to the store right after it. The store keeps it if
 * that one was recorded by its first plan. Otherwise it is planned again in its turn, because the person of an item,
 * whether an item is known, and which of two events is later all depend on what was recorded before. Where answers are
 * looked at, each block is planned in its turn.
 */
export const importBlock = Effect.fnUntraced(function* (
  block: Block,
  context: LedgerContext,
): Effect.fn.Return<Imported, StoreUnavailable | ImportRun.ReplacedDates> {
  const { organization, project, run, sharedContacts, slot, submitter, types } = block
  const scope = { organization, project, submitter, types, ...(sharedContacts !== undefined && { sharedContacts }) }
  const fates = new Map<number, ImportFate>()
  const leftOut = new Map<number, ReadonlyArray<string>>()
  let replacedDates = 0
  let alsoRecorded = 0
  let plans = 0
  /** Whether a plan was looked at. */
  let isExamined = false
  /** The items that are not to be recorded: those of them that were recorded before, as rows of another block. */
  let known: ReadonlyArray<IndexedItem> = []
  const excluded = new Set<number>()
  let countAnswers: ((counts: AnswerChanges.AnswerCounts) => void) | undefined
  /** An event of the previous block, after which this block is sent; `undefined` once this block has its turn. */
  let after = yield* slot.previousSent
  const awaitTurn = Effect.andThen(
    Effect.sync(() => (after = undefined)),
    slot.turn,
  )
  if (after === undefined || ImportRun.isInTurn(run)) yield* awaitTurn
  yield* countDates(block, context)
  const begin = ImportRun.isInTurn(run) ? { since: yield* context.random.uuidV7() } : run

  const record = Effect.fnUntraced(function* (tried: ReadonlyArray<IndexedItem>, idempotencyRecord: IdempotencyRecord) {
    const batch = { ...scope, items: tried.map(([, item]) => item) }
    const lineOf = ({ item }: Recording.IdentifiedItem) => block.lines[tried[item]![0]]!
    const chooseOptions: Recording.ChooseOptions<Excluded | ImportRun.ReplacedDates | StoreUnavailable> = (planned) =>
      Effect.gen(function* () {
        const isFirst = ++plans === 1
        const [first] = planned
        if (after !== undefined && (!isFirst || first === undefined || planned.some(dependsOnClaims))) {
          yield* awaitTurn
          return "plan again"
        }
        if (first === undefined) return {}
        const isToExamine = !isExamined || run.options.keepRefusals
        const examined = { ...begin, isFirst: !isExamined }
        isExamined = true
        if (isToExamine) yield* examine(planned, tried, examined, block, context)
        if (run.answers !== undefined)
          countAnswers = yield* AnswerChanges.changes(planned, lineOf, begin, run, block, context)
        const beforeAppend = isFirst ? slot.markSent(first) : Effect.void
        return { idempotencyRecord, beforeAppend, ...(after !== undefined && { after }) }
      })
    return yield* Recording.recordWith(batch, chooseOptions, context)
  })

  /** Takes items that are not to be recorded out of those that are tried. */
  const exclude = (
    tried: ReadonlyArray<IndexedItem>,
    found: Pick<Excluded, "known" | "kept">,
  ): ReadonlyArray<IndexedItem> => {
    known = [...known, ...tried.filter((_, place) => found.known.has(place))]
    for (const [place, [index]] of tried.entries()) {
      if (!found.known.has(place) && !found.kept.has(place)) continue
      excluded.add(index)
      fates.set(index, found.known.has(place) ? "known" : refusalKept)
    }
    return tried.filter(([index]) => !excluded.has(index))
  }

  /** Sets the fates of items, given their events and those of the events that were recorded. */
  const settle = (tried: ReadonlyArray<IndexedItem>, outcome: RecordedBlock) => {
    const { alsoRecordedFor, events, leftOut: without } = outcome
    // Items of the block with the same external id are one event: the first of them was recorded.
    const recorded = new Set(outcome.recorded)
    for (const [place, [index, item]] of tried.entries()) {
      const event = events[place]!
      const isRecorded = recorded.delete(event)
      fates.set(index, isRecorded ? "recorded" : "known")
      if (!isRecorded) continue
      const members = without.get(place)
      if (members !== undefined) leftOut.set(index, members)
      if (ImportRun.isRedated(item, event)) replacedDates++
      alsoRecorded += alsoRecordedFor.get(place)?.length ?? 0
    }
    if (run.answers !== undefined) countAnswers?.(run.answers)
  }

  /** Records the items that are not known. Returns false if they have to be looked up again. */
  const recordUnknown = Effect.fnUntraced(function* () {
    const { hash, remaining, tagOf } = yield* withoutKnown(block, fates, context)
    if (!isExamined) countKnown(block, fates)
    let tried: ReadonlyArray<IndexedItem> = remaining.filter(([index]) => !excluded.has(index))
    while (tried.length > 0) {
      const same = known.length === 0 ? tried : [...tried, ...known].toSorted(([a], [b]) => a - b)
      const outcome = yield* Effect.catchTag(
        record(tried, recordOf(block, same, hash, yield* tagOf(same))),
        "Excluded",
        Effect.succeed,
      )
      // Another import has recorded items of the same block.
      if (outcome._tag === "KeptBefore") return false
      if (outcome._tag === "Recorded") {
        settle(tried, outcome)
        return true
      }
      if (outcome._tag === "Excluded") {
        tried = exclude(tried, outcome)
        continue
      }
      plans++
      // An item that is refused before the block has its turn may be known by then.
      if (after !== undefined) yield* awaitTurn
      else {
        const conflicting = yield* findConflicting(tried, outcome.violations, block, context)
        tried =
          conflicting.size > 0
            ? exclude(tried, { known: conflicting, kept: none })
            : refuse(tried, outcome.violations, fates)
      }
    }
    return true
  })
  while (!(yield* recordUnknown()));
  if (after !== undefined) yield* awaitTurn
  return { fates, leftOut, replacedDates, alsoRecorded, isAsPlanned: plans <= 1 }
})
