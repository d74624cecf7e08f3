/**
 * Readers of a feed while others record: each begins at a mark, and reads pages of some size now and then.
 */
import { Effect } from "effect"
import * as fc from "fast-check"
import * as Change from "../../../core/feed/Change.ts"
import type { LaneEnd } from "../../../core/ports/LedgerStore.ts"
import type { Item, Reached } from "./playing.ts"

/** A reader. */
export interface Reader {
  /** The step after which it begins. */
  readonly from: number
  /** Whether it begins after everything that is there, or before everything. */
  readonly after: "start" | "now"
  /** The most items of a page. */
  readonly limit: number
  /** How many pages it reads after each step. */
  readonly pages: number
  /** The lanes that it reads: those whose index leaves a rest; left out: all. */
  readonly part?: { readonly rest: number; readonly of: number }
  /** The types that it reads; left out: all. */
  readonly types?: ReadonlyArray<string>
}

/** A reader of a project with some number of lanes. */
export const reader = (lanes: number): fc.Arbitrary<Reader> =>
  fc.record(
    {
      from: fc.nat({ max: 10 }),
      after: fc.constantFrom("start" as const, "now" as const),
      limit: fc.integer({ min: 1, max: 5 }),
      pages: fc.integer({ min: 0, max: 2 }),
      part: fc
        .integer({ min: 1, max: lanes })
        .chain((of) => fc.record({ of: fc.constant(of), rest: fc.nat({ max: of - 1 }) })),
      types: fc.constantFrom(["consent.recorded"], ["decision.*"], ["decision.changed", "type.published"]),
    },
    { requiredKeys: ["from", "after", "limit", "pages"] },
  )

/** A reader at work. */
export interface Working {
  readonly reader: Reader
  mark: string | undefined
  /** The ends of the lanes when it began, if it began after everything. */
  began: ReadonlyArray<LaneEnd> | undefined
  /** The ids of what it got, in order. */
  readonly got: Array<string>
}

const readPage = Effect.fnUntraced(function* (working: Working, { ledger, scope }: Reached) {
  const { limit, part, types } = working.reader
  const query = { limit, ...(part !== undefined && { part }), ...(types !== undefined && { types }) }
  const page = yield* ledger.changes(scope, { ...query, after: working.mark ?? working.reader.after }, { millis: 0 })
  working.mark = page.mark
  working.got.push(...page.items.map(({ id }) => id))
  return page.isCurrent
})

/** What a reader does after a step. */
export const readOn = Effect.fnUntraced(function* (working: Working, index: number, at: Reached) {
  const { after, from, pages } = working.reader
  if (index < from && !at.isLast) return
  if (working.mark === undefined && after === "now") {
    working.began = yield* at.store.feed.ends(at.scope.project)
    yield* readPage(working, at)
  }
  for (let page = 0; page < pages; page++) yield* readPage(working, at)
  while (at.isLast && !(yield* readPage(working, at)));
})

const isAfter = (item: Item, began: ReadonlyArray<LaneEnd> | undefined): boolean => {
  const end = began?.[item.lane]
  if (end === undefined) return true
  return item._tag === "Event" ? item.position >= end.position : item.number >= end.number
}

const passes = ({ part, types }: Reader, item: Item): boolean => {
  const type = item._tag === "Event" ? "consent.recorded" : item.type
  const isOfPart = part === undefined || item.lane % part.of === part.rest
  return (
    isOfPart &&
    (types?.some((each) => (each.endsWith("*") ? type.startsWith(each.slice(0, -1)) : type === each)) ?? true)
  )
}

/** F1: what a reader got is each item after its beginning that passes, once, and a lane's in its order. */
export function* once(
  { began, got, reader }: Working,
  lanes: ReadonlyArray<ReadonlyArray<Item>>,
  project: Parameters<typeof Change.idOf>[0],
): Generator<string> {
  const idOf = (item: Item): string =>
    item._tag === "Event" ? Change.idOfEvent(project, item.lane, item.position) : Change.idOf(project, item.lane, item)
  for (const lane of lanes) {
    const all = new Set(lane.map(idOf))
    const expected = lane.filter((item) => isAfter(item, began) && passes(reader, item)).map(idOf)
    const ofLane = got.filter((id) => all.has(id))
    if (ofLane.join() !== expected.join()) yield `got ${ofLane.join()} in place of ${expected.join()}`
  }
  const known = new Set(lanes.flat().map(idOf))
  for (const id of got) if (!known.has(id)) yield `${id} is not in the feed`
}
