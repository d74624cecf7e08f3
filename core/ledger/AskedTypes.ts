/**
 * The consent types that a question is about: all listed ones, those of some ids, or a page.
 */
import type { ListedType, ProjectTypes } from "../model/Catalog.ts"

/** A page of the listed types, in their order. */
export interface TypePage {
  /** The id of the last type of the page before; left out: the first page. */
  readonly after?: string
  /** At least 1. */
  readonly limit: number
}

/** Which types are asked about: those of ids, a part of the listed ones, or a page. */
export type AskedTypes = ReadonlyArray<string> | TypePage

/** Whether a question is about a type. */
const asks = (asked: AskedTypes | undefined): ((type: ListedType) => boolean) => {
  if (asked === undefined || "limit" in asked) return () => true
  const ids = new Set(asked)
  return ({ id }) => ids.has(id)
}

/**
 * The types that a question is about: the listed ones and then the deleted ones, which are answered only if the person
 * has answered them, because a recorded refusal is always answered.
 * `next` is the last type of the page, where there are further ones.
 */
export const of = (
  asked: AskedTypes | undefined,
  listed: ProjectTypes,
): { readonly types: ReadonlyArray<ListedType>; readonly next?: string } => {
  const removed = [...listed.byId.values()].filter(({ isRemoved }) => isRemoved === true)
  const all = [...listed.all, ...removed].filter(asks(asked))
  if (asked === undefined || !("limit" in asked)) return { types: all }
  const { after, limit } = asked
  const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1
  const types = all.slice(start, start + limit)
  return start + limit < all.length ? { types, next: types.at(-1)!.id } : { types }
}

/** Whether they are a page, and its first one. */
export const isFirstPage = (asked: AskedTypes): boolean => "limit" in asked && asked.after === undefined
