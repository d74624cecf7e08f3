/**
 * Personal data that were opened, or committed to, a moment ago, by their commitments: so that the answers about a busy
 * visitor do not read and decrypt the same session again.
 */
import type { Instant } from "../engine/Instant.ts"

/**
 * The lifetime of an entry, in milliseconds. Another process may erase a person, and this one does not learn of it: it
 * shows personal data for at most this time after that.
 */
export const freshMillis = 60_000

/** The most bytes of the texts, about. */
export const maxBytes = 16 * 1024 * 1024

/** What an entry takes besides its text: the commitment, the id of the person and the entry itself. */
const entryBytes = 400

interface Entry {
  readonly json: string
  readonly concordId: string
  readonly readAt: Instant
}

const sizeOf = ({ json }: Entry): number => entryBytes + 2 * json.length

/** Texts without an entry. */
export const make = () => {
  /** The oldest first. */
  const entries = new Map<string, Entry>()
  let bytes = 0
  const remove = (commitment: string): void => {
    const entry = entries.get(commitment)
    if (entry === undefined) return
    entries.delete(commitment)
    bytes -= sizeOf(entry)
  }
  return {
    /** The personal data of a commitment as JSON, if they were read a moment before `now`. */
    get: (commitment: string, now: Instant): string | undefined => {
      const entry = entries.get(commitment)
      if (entry === undefined) return undefined
      const age = now - entry.readAt
      if (age >= 0 && age < freshMillis) return entry.json
      remove(commitment)
      return undefined
    },
    /** Adds personal data of a person, and drops the oldest ones beyond {@link maxBytes}. */
    put: (commitment: string, concordId: string, json: string, readAt: Instant): void => {
      remove(commitment)
      const entry = { json, concordId, readAt }
      entries.set(commitment, entry)
      bytes += sizeOf(entry)
      for (const [oldest] of entries) {
        if (bytes <= maxBytes) return
        remove(oldest)
      }
    },
    /** Drops the personal data of people, because they were erased. */
    forget: (people: ReadonlySet<string>): void => {
      for (const [commitment, { concordId }] of entries) if (people.has(concordId)) remove(commitment)
    },
  }
}

/** Personal data that were opened a moment ago. */
export type OpenedTexts = ReturnType<typeof make>
