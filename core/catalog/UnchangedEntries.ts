/**
 * Tells whether entries that a change touches were changed by another request since the change was asked for. Of
 * concurrent changes of one entry one is made, and the others are a conflict.
 */
import type { Entry } from "../model/Catalog.ts"
import * as CatalogChange from "./CatalogChange.ts"

/** A check, called each time the change is prepared: the first time with the entries as the caller found them. */
export type Check = (touched: ReadonlyArray<Pick<Entry, "dateUpdated" | "id">>) => boolean

/** A check of one change. */
export const make = (): Check => {
  let seen: ReadonlyMap<string, number> | undefined
  return (touched) => {
    seen ??= new Map(touched.map(({ dateUpdated, id }) => [id, dateUpdated]))
    return touched.every(({ dateUpdated, id }) => seen?.get(id) === dateUpdated)
  }
}

/** Refuses a change whose entries another request has changed. */
export const conflict = CatalogChange.conflict(
  "",
  "entry_conflict",
  "was changed by another request at the same time; read it again, then send the change again",
)
