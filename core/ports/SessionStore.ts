/**
 * The part of the store that keeps visitors' sessions. A session is opened, and ended, by an identity change.
 */
import type { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { Access } from "./Access.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/**
 * The personal data of a session, encrypted under the key of its person as a part of kind `session` is, and kept in the
 * session, so that they are removed with it. An append in the session brings the same bytes as such a part.
 */
export interface SealedData {
  /** 12 bytes, base64url. */
  readonly nonce: string
  /** The ciphertext, and the tag of 16 bytes, base64url. */
  readonly encrypted: string
}

/** A visitor's session. Its token is not kept, only the token's hash. */
export interface Session {
  /** SHA-256 of the token, lower-case hexadecimal. */
  readonly tokenHash: string
  readonly id: string
  readonly project: string
  readonly concordId: string
  readonly expiresAt: Instant
  /**
   * With its last octet (IPv4) or its last 80 bits (IPv6) set to zero. Personal data of the session, which are kept
   * encrypted only: left out of a session that is read.
   */
  readonly ipAddress?: string
  /** The host of the page. */
  readonly domain: string
  /** ISO 3166-2. */
  readonly geography?: string
  /** The id of the region that its visitor is treated by. Left out: the default one. */
  readonly region?: string
  /** At most 512 characters. Personal data, like {@link ipAddress}. */
  readonly userAgent?: string
  /** The commitment to the personal data of the session, base64url: the id of the part, in another spelling. */
  readonly commitment: string
  /** The personal data of the session. Left out if they could not be encrypted when it was opened. */
  readonly personal?: SealedData
  /** The hash of the browser's `contextId`, until the visitor is identified. */
  readonly context?: string
}

/** Sessions, by the hash of their token. */
export interface SessionStore {
  /**
   * Lets a session that was seen to expire at `seen` expire at `expiresAt`. Does nothing where it expires earlier than
   * `seen`, because it has been ended since.
   */
  readonly extend: (tokenHash: string, seen: Instant, expiresAt: Instant) => Effect.Effect<void, StoreUnavailable>
  /** The session of a token's hash, expired or not. */
  readonly byToken: (tokenHash: string) => Effect.Effect<Session | undefined, StoreUnavailable>
  /** At most `limit` sessions of a person, expired or not, ordered by the hash of their token, after that hash. */
  readonly ofPerson: (
    concordId: string,
    after: string | undefined,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<Session>, StoreUnavailable>
}

/** Whether each member reads or writes. */
export const sessionAccess: Access<SessionStore> = {
  extend: "write",
  byToken: "read",
  ofPerson: "read",
}
