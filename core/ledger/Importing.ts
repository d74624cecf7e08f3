/**
 * Taking in what another system knows, block by block: of each block the good items are recorded, all of them or none, and
 * the others are named.
 *
 * A block that was recorded is known again by what it holds and where it stands in its file. So a file that is imported
 * again, after whatever ended the first time, records nothing twice; items that were refused then are tried again.
 */
import { Effect } from "effect"
import { Hex } from "effect/encoding"
import type { Site } from "../Catalog.ts"
import { keptForEver, type Receipt } from "../ports/LedgerStore.ts"
import type { Means } from "./Means.ts"
import * as Recording from "./Recording.ts"

/** Items that stand together in a file. */
export interface Block extends Site {
  /** The id of the API key, or of whoever runs the command. */
  readonly submitter: string
  /** Which block of the file it is, from 0. */
  readonly ordinal: number
  /** 1 to `Batch.maxItems`. */
  readonly items: ReadonlyArray<Recording.Item>
  /** Says what would become of the items, and records nothing. */
  readonly isDryRun: boolean
}

/** What became of an item: it was recorded; it had been already; or what is wrong with it. */
export type Fate = "recorded" | "known" | ReadonlyArray<Omit<Recording.Violation, "item">>

/** An item, and its index in the block. */
interface Numbered {
  readonly index: number
  readonly item: Recording.Item
}

/** What a receipt of a block answers: which of its items were refused, by their place among those tried. */
type Refused = ReadonlyArray<number>

/** The name of these items at this place: nobody without the organization's key can guess from it what they are. */
const nameOf = Effect.fnUntraced(function* (
  { ordinal, organization, project }: Block,
  items: ReadonlyArray<Numbered>,
  { hasherOf }: Means,
) {
  const hasher = yield* hasherOf(organization)
  const content = JSON.stringify([project.id, ordinal, items.map(({ item }) => item)])
  return Hex.encode(yield* hasher.sign("import", content))
})

/** Without the items that were recorded before: their fate is settled. */
const withoutKnown = Effect.fnUntraced(function* (block: Block, fates: Array<Fate>, means: Means) {
  let left: ReadonlyArray<Numbered> = block.items.map((item, index) => ({ item, index }))
  for (;;) {
    const hash = yield* nameOf(block, left, means)
    const receipt = left.length === 0 ? undefined : yield* means.store.receipt(block.organization, hash)
    if (receipt === undefined) return { hash, left }
    const refused = new Set<number>(JSON.parse(receipt.answer) as Refused)
    for (const [place, { index }] of left.entries()) if (!refused.has(place)) fates[index] = "known"
    left = left.filter((_, place) => refused.has(place))
  }
})

/**
 * The items that are refused at first sight. Conflicts of identifiers wait until nothing else is wrong: an item that is
 * refused claims no identifier.
 */
const refusedFirst = (violations: ReadonlyArray<Recording.Violation>): ReadonlyArray<Recording.Violation> => {
  const others = violations.filter(({ code }) => code !== "identifier_conflict")
  return others.length === 0 ? violations : others
}

/** Settles the fate of those that are refused; answers the others. */
const refuse = (
  tried: ReadonlyArray<Numbered>,
  violations: ReadonlyArray<Recording.Violation>,
  fates: Array<Fate>,
): ReadonlyArray<Numbered> => {
  const byItem = Map.groupBy(violations, ({ item }) => item)
  for (const [place, ofItem] of byItem)
    fates[tried[place]!.index] = ofItem.map(({ code, detail, field }) => ({ code, field, detail }))
  return tried.filter((_, place) => !byItem.has(place))
}

const foresee = Effect.fnUntraced(function* (
  request: Omit<Recording.RecordRequest, "items">,
  left: ReadonlyArray<Numbered>,
  fates: Array<Fate>,
  means: Means,
) {
  let tried = left
  for (;;) {
    const foreseen = yield* Recording.foresee({ ...request, items: tried.map(({ item }) => item) }, means)
    if (foreseen.violations.length === 0) {
      for (const [place, { index }] of tried.entries()) fates[index] = foreseen.known.has(place) ? "known" : "recorded"
      return
    }
    tried = refuse(tried, refusedFirst(foreseen.violations), fates)
  }
})

/** Records what is good of a block; answers the fate of each item, in their order. */
export const importBlock = Effect.fnUntraced(function* (block: Block, means: Means) {
  const { organization, project, submitter, types } = block
  const request = { organization, project, submitter, types }
  const fates: Array<Fate> = []
  for (;;) {
    const { hash, left } = yield* withoutKnown(block, fates, means)
    if (block.isDryRun) {
      yield* foresee(request, left, fates, means)
      return fates as ReadonlyArray<Fate>
    }
    let tried = left
    while (tried.length > 0) {
      const isTried = new Set(tried)
      const places: Refused = left.flatMap((each, place) => (isTried.has(each) ? [] : [place]))
      // A file may be taken in again after years.
      const receipt: Receipt = { hash, digest: hash, answer: JSON.stringify(places), recordedAt: keptForEver }
      const outcome = yield* Recording.recordNow(
        { ...request, items: tried.map(({ item }) => item) },
        means,
        (recorded) => Effect.succeed(recorded.length === 0 ? {} : { receipt }),
      )
      if (outcome._tag === "KeptBefore") break
      if (outcome._tag === "Refused") tried = refuse(tried, refusedFirst(outcome.violations), fates)
      else {
        const recorded = new Set(outcome.recorded)
        for (const [place, { index }] of tried.entries()) {
          fates[index] = recorded.has(outcome.events[place]!) ? "recorded" : "known"
        }
        return fates as ReadonlyArray<Fate>
      }
    }
    if (tried.length === 0) return fates as ReadonlyArray<Fate>
  }
})
