/**
 * The history of a consent type: a question as known before a change is answered by the state before it, so that an
 * answer stays what it was (semantics, section 3).
 *
 * The store keeps each state of a type as it was written; the history is what answers can tell apart in them.
 */
import * as ConsentType from "../engine/ConsentType.ts"
import * as Instant from "../engine/Instant.ts"
import type { ListedType, ListedVersion } from "./Catalog.ts"

/** Whether answers tell two texts of JSON apart. */
const differ = (one: unknown, other: unknown): boolean => JSON.stringify(one) !== JSON.stringify(other)

/** The members of versions that answers depend on. */
const compared = (versions: ReadonlyArray<ListedVersion>) =>
  versions.map((each) => [each.version, each.publishedAt, each.dateCreated, each.requireReaccept, each.grace])

/**
 * The next state of a type, which remembers the state `before` it. A state that answers cannot tell from the next one
 * adds nothing to the history, and neither do versions that were only added to.
 */
const succeeding = (before: ListedType | undefined, written: ListedType): ListedType => {
  const { history: _, ...next } = written
  if (before === undefined) return next
  const { consentDuration, history = [], rules, versions } = before
  // A clock that was set back does not put a state before the one that it replaces.
  const knownUntil = Math.max(next.dateUpdated, before.dateUpdated, history.at(-1)?.knownUntil ?? Instant.min)
  const earlier = next.versions.filter(({ dateCreated }) => dateCreated < knownUntil)
  const isNumberedAgain = differ(compared(versions), compared(earlier))
  const isSame =
    !isNumberedAgain &&
    before.isRemoved === next.isRemoved &&
    !differ([consentDuration, rules], [next.consentDuration, next.rules])
  const isNeverKnown = knownUntil <= before.dateCreated
  if (isSame || isNeverKnown) return history.length === 0 ? next : { ...next, history }
  const state = {
    knownUntil,
    ...(consentDuration !== undefined && { consentDuration }),
    rules,
    ...(isNumberedAgain && { versions }),
  }
  return { ...next, history: [...history, state] }
}

/**
 * The id of a version that was written before versions had one: a UUIDv7 of the version's `dateCreated`, the random
 * bits of the type's id, and the number that the version was written with. It is the same in each server.
 */
const idOf = (type: Pick<ListedType, "id">, { dateCreated, version }: ListedVersion): string => {
  const time = Math.max(dateCreated, 0).toString(16).padStart(12, "0")
  const node = (BigInt(`0x${type.id.slice(24)}`) ^ BigInt(version)).toString(16).padStart(12, "0")
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-${type.id.slice(14, 24)}${node}`
}

/** A state of a type as it was written, with an id for each version. */
const withIds = (state: ListedType): ListedType => {
  const isWritten = (version: Partial<ListedVersion>) => version.id !== undefined
  if (state.versions.every(isWritten)) return state
  const versions = state.versions.map((each) => (isWritten(each) ? each : { ...each, id: idOf(state, each) }))
  return { ...state, versions }
}

/** Adds the next state of a type to `types`, which have the last states by their ids. */
export const add = (types: Map<string, ListedType>, state: ListedType): void => {
  types.set(state.id, succeeding(types.get(state.id), withIds(state)))
}

/** The last state of each type, with its history, from all states in the order in which they were written. */
export const of = (states: Iterable<ListedType>): ReadonlyArray<ListedType> => {
  const types = new Map<string, ListedType>()
  for (const state of states) add(types, state)
  return [...types.values()]
}

/** A type as it was known at `knownAt`: the same object if nothing has changed since, none before its creation. */
export const knownAt = (type: ListedType, knownAt: Instant.Instant): ListedType | undefined => {
  if (type.dateCreated > knownAt) return undefined
  const earlier = ConsentType.earlierState(type, knownAt)
  if (earlier === undefined) return type
  // A removed type does not change any more, so none of its earlier states is one that was removed.
  const { consentDuration: _, history: __, isRemoved: ___, ...unchanged } = type
  return { ...unchanged, ...earlier }
}

/** A type with the fields that the engine reads. */
export const forEngine = ({
  id,
  category,
  subcategory,
  label,
  consentDuration,
  history,
  rules,
  versions,
}: ListedType): ConsentType.ConsentType => ({
  id,
  category,
  subcategory,
  label,
  ...(consentDuration !== undefined && { consentDuration }),
  rules,
  versions,
  ...(history !== undefined && { history }),
})
