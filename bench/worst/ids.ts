/**
 * The ids, secrets and sizes of the hostile ledger: fixed, so that a request that was kept names the same things in
 * every run.
 */
import { createHash } from "node:crypto"

/** How much a ledger holds of each thing. */
export type Sizes = Readonly<Record<keyof typeof sizesDefault, number>>

/** The sizes of the ledger that requests are searched on. */
export const sizesDefault = {
  /** Consent types of the project that is asked about. */
  types: 4000,
  /** Types with a document of 65,000 characters. */
  longDocuments: 400,
  /** Types with a document of 5,000,000 characters, the most that one may have. */
  longestDocuments: 4,
  /** Versions of the first type, each of which asks again. */
  versions: 1000,
  /** Further projects, and further API keys. */
  projects: 3000,
  keys: 3000,
  /** Events of the person `many`, on {@link manyTypes} types. */
  manyEvents: 100_000,
  /** Events of the person `one`, all on the first type. */
  oneEvents: 20_000,
  /** People joined with `joined`, and the events of each. */
  guests: 3000,
  guestEvents: 12,
  /** People with a user id and four events each. */
  people: 1000,
} as const

/** The types that the person `many` has events of. */
export const manyTypes = 50

/** A UUID of a kind (0 to 255) and a number. */
export const uuid = (kind: number, n: number): string =>
  `0197a000-${kind.toString(16).padStart(4, "0")}-7000-8000-${n.toString(16).padStart(12, "0")}`

export const organizationId = uuid(1, 0)
export const projectId = uuid(2, 0)
export const otherProjectId = (n: number): string => uuid(2, n)
export const keyId = (n: number): string => uuid(3, n)
export const typeId = (n: number): string => uuid(4, n)
export const guestId = (n: number): string => uuid(6, n)
export const personId = (n: number): string => uuid(7, n)
export const userId = (n: number): string => `person ${n}`

/** The people whose events make questions expensive. */
export const people = {
  /** Has {@link Sizes.manyEvents} events. */
  many: uuid(5, 1),
  /** Has {@link Sizes.oneEvents} events of one type. */
  one: uuid(5, 2),
  /** Has an event of each state of every type. */
  wide: uuid(5, 3),
  /** Is joined with {@link Sizes.guests} people. */
  joined: uuid(5, 4),
  /** Is unknown. */
  unknown: uuid(5, 5),
} as const

/** The secrets of the API keys that requests are sent with, by their role. */
export const secrets = {
  owner: "assent_worst_owner_000000000000000000000000000000",
  viewer: "assent_worst_viewer_00000000000000000000000000000",
  none: "assent_worst_none_0000000000000000000000000000000",
} as const

/** A credential: an API key of a role, or the session of a person. */
export type Credential = keyof typeof secrets | keyof typeof people

/** The token of a person's session. It never expires. */
export const tokenOf = (person: keyof typeof people): string => `worst-session-of-${person}-000000000000000000000000`

/** SHA-256 in hexadecimal, as the ledger keeps secrets. */
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")
