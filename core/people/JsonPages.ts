/**
 * Lists of JSON that are written while their items are read, page by page: in memory for one page, with other requests
 * answered between two.
 */
import { Effect, Stream } from "effect"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"

/** A part of a JSON text, and how many items it holds. */
export interface Part {
  readonly text: string
  readonly items: number
}

/** Items as JSON, page by page. */
export type Pages = Stream.Stream<ReadonlyArray<string>, StoreUnavailable>

/** A page, and the place after which the next one begins; without one it is the last. */
export interface Page<Place> {
  readonly items: ReadonlyArray<string>
  readonly next?: Place
}

type Read<A> = Effect.Effect<A, StoreUnavailable>

/** A text that is no item. */
export const text = (text: string): Stream.Stream<Part> => Stream.succeed({ text, items: 0 })

/** The pages from the first place on. */
export const from = <Place>(first: Place, read: (place: Place) => Read<Page<Place>>): Pages =>
  Stream.unfold({ place: first } as { readonly place: Place } | undefined, (state) =>
    state === undefined
      ? Effect.undefined
      : Effect.map(
          Effect.tap(read(state.place), () => Effect.yieldNow),
          ({ items, next }) => [items, next === undefined ? undefined : { place: next }] as const,
        ),
  )

/** The items of some values, `count` of them at a time. */
export const ofEach = <Value>(
  values: ReadonlyArray<Value>,
  count: number,
  read: (some: ReadonlyArray<Value>) => Read<ReadonlyArray<string>>,
): Pages =>
  from(0, (start) =>
    Effect.map(read(values.slice(start, start + count)), (items): Page<number> =>
      start + count < values.length ? { items, next: start + count } : { items },
    ),
  )

/** The items of each person in turn, page by page. */
export const ofEachPaged = <Place>(
  people: ReadonlyArray<string>,
  read: (concordId: string, after: Place | undefined) => Read<Page<Place>>,
): Pages =>
  Stream.flatMap(Stream.fromIterable(people), (concordId) =>
    from<Place | undefined>(undefined, (after) => read(concordId, after)),
  )

/** The member of an object that holds a list, with the comma before it. */
export const member = (name: string, pages: Pages): Stream.Stream<Part, StoreUnavailable> =>
  Stream.suspend(() => {
    let written = 0
    const parts = Stream.map(pages, (items): Part => {
      const comma = written > 0 && items.length > 0 ? "," : ""
      written += items.length
      return { text: comma + items.join(","), items: items.length }
    })
    return Stream.concat(Stream.concat(text(`,${JSON.stringify(name)}:[`), parts), text("]"))
  })
