/**
 * The keys that the personal data of a write are encrypted under, and that the store must have where an erasure has
 * kept the identifiers of their person: it has destroyed the key that was there before.
 */
import type { PersonalWrites } from "./PersonalStore.ts"

/** The wrapped keys by the person; empty bytes for a person with a part of which the write names no key. */
export type UsedKeys = ReadonlyMap<string, Uint8Array>

const none: UsedKeys = new Map()
const unknown = new Uint8Array()

/** The used keys of a write. People whose key comes with it are not among them. */
export const of = (personal: PersonalWrites | undefined): UsedKeys => {
  if (personal === undefined || personal.parts.length === 0) return none
  const own = new Set(personal.keys.map(({ concordId }) => concordId))
  const used = new Map<string, Uint8Array>()
  for (const { concordId } of personal.parts) if (!own.has(concordId)) used.set(concordId, unknown)
  for (const { concordId, wrapped } of personal.used ?? []) if (!own.has(concordId)) used.set(concordId, wrapped)
  return used
}
