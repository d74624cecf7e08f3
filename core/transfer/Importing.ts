/**
 * Importing events from another system, block by block: of each block the good items are recorded, all of them or none,
 * and the faults of the others are returned.
 *
 * A block is identified by the text of its rows and its place in the file. So a file that is imported again, however
 * the first import ended, records nothing twice. Rows that were refused are tried again. If the mapping has changed,
 * rows are recorded again with their new meaning.
 */
import { Effect } from "effect"
import { Hex } from "effect/encoding"
import type { ProjectScope } from "../model/Catalog.ts"
import { keptForEver, type IdempotencyRecord, type StoreUnavailable } from "../ports/LedgerStore.ts"
import type { ItemViolation } from "../ledger/Batch.ts"
import type { LeftOut } from "../ledger/BatchPlan.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type * as Admission from "../model/Admission.ts"
import * as Recording from "../ledger/Recording.ts"
import type { BlockSlot } from "./BlockPipeline.ts"

/** Consecutive rows of a file. */
export interface Block extends ProjectScope {
  /** The id of the API key, or of the operator of the command. */
  readonly submitter: string
  /** As in `Batch`. */
  readonly sharedContacts?: "leave-out"
  readonly slot: BlockSlot
  /** The text of each row, as it was read. 1 to `Batch.maxItems`. */
  readonly rows: ReadonlyArray<string>
  /** The items that rows hold, by the index of the row. */
  readonly items: ReadonlyMap<number, Admission.Item>
}

/** The fate of an item: it was recorded, it had been recorded before, or what is wrong with it. */
export type ImportFate = "recorded" | "known" | ReadonlyArray<Omit<ItemViolation, "item">>

/** The outcome of a block. */
export interface Imported {
  /** The fates of the items, by the index of the row. */
  readonly fates: ReadonlyMap<number, ImportFate>
  /** By the index of the row, the members that a refusal was recorded without, because they could not be read. */
  readonly leftOut: LeftOut
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

/**
 * Records the good items of a block.
 *
 * The block is planned while the one before it is recorded, and sent to the store right after it. The store keeps it if
 * that one was recorded by its first plan. Otherwise it is planned again in its turn, because the person of an item,
 * whether an item is known, and which of two events is later all depend on what was recorded before.
 */
export const importBlock = Effect.fnUntraced(function* (
  block: Block,
  context: LedgerContext,
): Effect.fn.Return<Imported, StoreUnavailable> {
  const { organization, project, sharedContacts, slot, submitter, types } = block
  const scope = { organization, project, submitter, types, ...(sharedContacts !== undefined && { sharedContacts }) }
  const fates = new Map<number, ImportFate>()
  const leftOut = new Map<number, ReadonlyArray<string>>()
  let plans = 0
  /** An event of the previous block, after which this block is sent; `undefined` once this block has its turn. */
  let after = yield* slot.previousSent
  const awaitTurn = Effect.andThen(
    Effect.sync(() => (after = undefined)),
    slot.turn,
  )
  if (after === undefined) yield* awaitTurn

  const record = Effect.fnUntraced(function* (tried: ReadonlyArray<IndexedItem>, idempotencyRecord: IdempotencyRecord) {
    const batch = { ...scope, items: tried.map(([, item]) => item) }
    const chooseOptions: Recording.ChooseOptions = ([first]) =>
      Effect.gen(function* () {
        const isFirst = ++plans === 1
        if (after !== undefined && (!isFirst || first === undefined)) {
          yield* awaitTurn
          return "plan again"
        }
        if (first === undefined) return {}
        const beforeAppend = isFirst ? slot.markSent(first) : Effect.void
        return { idempotencyRecord, beforeAppend, ...(after !== undefined && { after }) }
      })
    return yield* Recording.recordWith(batch, chooseOptions, context)
  })

  /** Records the items that are not known. Returns false if they have to be looked up again. */
  const recordUnknown = Effect.fnUntraced(function* () {
    const { hash, remaining, tagOf } = yield* withoutKnown(block, fates, context)
    for (let tried = remaining; tried.length > 0;) {
      const outcome = yield* record(tried, recordOf(block, tried, hash, yield* tagOf(tried)))
      // Another import has recorded items of the same block.
      if (outcome._tag === "KeptBefore") return false
      if (outcome._tag === "Recorded") {
        // Items of the block with the same external id are one event: the first of them was recorded.
        const recorded = new Set(outcome.recorded)
        for (const [place, [index]] of tried.entries()) {
          const isRecorded = recorded.delete(outcome.events[place]!)
          fates.set(index, isRecorded ? "recorded" : "known")
          const members = outcome.leftOut.get(place)
          if (isRecorded && members !== undefined) leftOut.set(index, members)
        }
        return true
      }
      plans++
      // An item that is refused before the block has its turn may be known by then.
      if (after !== undefined) yield* awaitTurn
      else tried = refuse(tried, outcome.violations, fates)
    }
    return true
  })
  while (!(yield* recordUnknown()));
  if (after !== undefined) yield* awaitTurn
  return { fates, leftOut, isAsPlanned: plans <= 1 }
})
