/**
 * Which members of a data system differ between two of its states.
 */
import type { DataSystem } from "../data-systems/DataSystem.ts"

/** A value in a form that can be compared: the order of ids, of codes and of members says nothing. */
const comparable = (value: unknown): string | undefined =>
  JSON.stringify(value, (_, each: unknown) => {
    if (Array.isArray(each)) return each.every((item) => typeof item === "string") ? each.toSorted() : each
    if (typeof each !== "object" || each === null) return each
    return Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })

const differing = (before: object, after: object): ReadonlyArray<string> =>
  Object.keys({ ...before, ...after }).filter(
    (name) => comparable(Reflect.get(before, name)) !== comparable(Reflect.get(after, name)),
  )

/** The names of members, and of the families whose attributes differ. */
export const between = (
  { attributes: linkedBefore, ...before }: DataSystem,
  { attributes: linkedAfter, ...after }: DataSystem,
): ReadonlyArray<string> => [...differing(before, after), ...differing(linkedBefore, linkedAfter)]
