/**
 * Taking in what another system knows, block by block: of each block the good items are recorded, all of them or none, and
 * the others are named.
 *
 * A block is known again by what its rows hold, as they were read, and where it stands in its file. So a file that is
 * imported again, after whatever ended the first time, records nothing twice. Rows that were refused then are tried again,
 * and rows that have come to mean something else, by another mapping, are recorded as what they mean now.
 */
import { Effect } from "effect"
import { Hex } from "effect/encoding"
import type { ProjectScope } from "../model/Catalog.ts"
import { type Append, keptForEver, type IdempotencyRecord } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type * as Admission from "../model/Admission.ts"
import * as Recording from "../ledger/Recording.ts"

/** An event that is on its way to the store with a block, as it was planned first. */
export type OnItsWay = Required<Append>["after"]

/** Where a block stands in its file. */
export interface Place {
  /** From 0. */
  readonly ordinal: number
  /** Done when the block before it is on its way, with an event of it; or with nothing, where its turn is to be waited for. */
  readonly ahead: Effect.Effect<OnItsWay | undefined>
  /** Done when the blocks before it are recorded. */
  readonly turn: Effect.Effect<void>
  /** Says that it is on its way; the first time counts. */
  readonly pass: (event: OnItsWay) => Effect.Effect<unknown>
}

/** Rows that stand together in a file. */
export interface Block extends ProjectScope {
  /** The id of the API key, or of whoever runs the command. */
  readonly submitter: string
  readonly place: Place
  /** The text of each row, as it was read. 1 to `Batch.maxItems`. */
  readonly rows: ReadonlyArray<string>
  /** The items that rows hold, by the index of the row. */
  readonly items: ReadonlyMap<number, Admission.Item>
}

/** What became of an item: it was recorded; it had been already; or what is wrong with it. */
export type Fate = "recorded" | "known" | ReadonlyArray<Omit<Recording.ItemViolation, "item">>

/** What became of a block. */
export interface Imported {
  /** The fates of the items, by the index of the row. */
  readonly fates: ReadonlyMap<number, Fate>
  /** Whether it was recorded as it was planned first. Where it was not, whatever was planned behind it is planned again. */
  readonly isAsPlanned: boolean
}

/** An item, and the index of its row. */
type Numbered = readonly [index: number, item: Admission.Item]

/** What a receipt says of a block: which rows were not recorded with it, and a tag of the items of those that were. */
interface Taken {
  readonly without: ReadonlyArray<number>
  readonly tag: string
}

/** Tags texts of an organization: nobody without its key can guess from a tag what it is of. */
const tagger = Effect.fnUntraced(function* ({ organization }: Block, { hasherOf }: LedgerContext) {
  const hasher = yield* hasherOf(organization)
  return (value: unknown) => Effect.map(hasher.sign("import", JSON.stringify(value)), Hex.encode)
})

/** Goes through the receipts of a block: settles the fate of the items that they are of; answers the others. */
const withoutKnown = Effect.fnUntraced(function* (block: Block, fates: Map<number, Fate>, context: LedgerContext) {
  const tagOf = yield* tagger(block, context)
  const content = yield* tagOf([block.project.id, block.place.ordinal, block.rows])
  let left: ReadonlyArray<Numbered> = [...block.items]
  for (let generation = 0; ; generation++) {
    const hash = yield* tagOf([content, generation])
    const idempotencyRecord = yield* context.store.idempotencyRecord(block.organization, hash)
    if (idempotencyRecord === undefined) return { hash, left, tagOf }
    const { tag, without }: Taken = JSON.parse(idempotencyRecord.answer)
    const others = new Set(without)
    const same = [...block.items].filter(([index]) => !others.has(index))
    if ((yield* tagOf(same)) !== tag) continue
    for (const [index] of same) fates.set(index, "known")
    left = left.filter(([index]) => others.has(index))
  }
})

/**
 * The items that are refused at first sight. Conflicts of identifiers wait until nothing else is wrong: an item that is
 * refused claims no identifier.
 */
const refusedFirst = (violations: ReadonlyArray<Recording.ItemViolation>): ReadonlyArray<Recording.ItemViolation> => {
  const others = violations.filter(({ code }) => code !== "identifier_conflict")
  return others.length === 0 ? violations : others
}

/** Settles the fate of those that are refused; answers the others. */
const refuse = (
  tried: ReadonlyArray<Numbered>,
  violations: ReadonlyArray<Recording.ItemViolation>,
  fates: Map<number, Fate>,
): ReadonlyArray<Numbered> => {
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
 * Records what is good of a block. It is planned while the one before it is recorded, and goes to the store right behind that one:
 * it is kept there if that one was recorded as it was planned, and planned again in its turn otherwise, because who somebody is,
 * what is known and which of two events is later depends on what was recorded before.
 */
export const importBlock = Effect.fnUntraced(function* (block: Block, context: LedgerContext) {
  const { organization, place, project, submitter, types } = block
  const request = { organization, project, submitter, types }
  const fates = new Map<number, Fate>()
  let plans = 0
  /** What it comes after, as long as its turn has not come. */
  let ahead = yield* place.ahead
  const awaitTurn = Effect.andThen(
    Effect.sync(() => (ahead = undefined)),
    place.turn,
  )
  if (ahead === undefined) yield* awaitTurn

  const record = Effect.fnUntraced(function* (tried: ReadonlyArray<Numbered>, idempotencyRecord: IdempotencyRecord) {
    const items = tried.map(([, item]) => item)
    return yield* Recording.recordNow({ ...request, items }, context, ([first]) =>
      Effect.gen(function* () {
        const isFirst = ++plans === 1
        if (ahead !== undefined && (!isFirst || first === undefined)) {
          yield* awaitTurn
          return "plan again"
        }
        if (first === undefined) return {}
        const sending = isFirst ? place.pass(first) : Effect.void
        return { idempotencyRecord, sending, ...(ahead !== undefined && { after: ahead }) }
      }),
    )
  })

  const isSettled = Effect.fnUntraced(function* () {
    const { hash, left, tagOf } = yield* withoutKnown(block, fates, context)
    for (let tried = left; tried.length > 0;) {
      const isTried = new Set(tried.map(([index]) => index))
      const taken: Taken = {
        without: [...block.rows.keys()].filter((index) => !isTried.has(index)),
        tag: yield* tagOf(tried),
      }
      // A file may be taken in again after years.
      const idempotencyRecord: IdempotencyRecord = {
        hash,
        digest: hash,
        answer: JSON.stringify(taken),
        recordedAt: keptForEver,
      }
      const outcome = yield* record(tried, idempotencyRecord)
      // Somebody else takes in the same block.
      if (outcome._tag === "KeptBefore") return false
      if (outcome._tag === "Recorded") {
        // What comes twice in the block is one event: the first of them.
        const recorded = new Set(outcome.recorded)
        for (const [place, [index]] of tried.entries()) {
          fates.set(index, recorded.delete(outcome.events[place]!) ? "recorded" : "known")
        }
        return true
      }
      plans++
      // What is refused ahead of its turn may be known by then.
      if (ahead !== undefined) yield* awaitTurn
      else tried = refuse(tried, refusedFirst(outcome.violations), fates)
    }
    return true
  })
  while (!(yield* isSettled()));
  if (ahead !== undefined) yield* awaitTurn
  return { fates, isAsPlanned: plans <= 1 } satisfies Imported
})
