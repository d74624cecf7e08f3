/**
 * Hashes the identifiers that a company uses for a person into the aliases of the ledger (semantics, section 5).
 *
 * An alias is the HMAC-SHA-256, with the organization's key, of the kind, of its scope and of the SHA-256 of the
 * normalized value. So the store without the key reveals no address, two organizations cannot find out that they know
 * the same person, and a page that has only the SHA-256 of an address can still name its person.
 */
import { parsePhoneNumberFromString } from "libphonenumber-js/min"
import { Effect, Result } from "effect"
import { Digest, Mac } from "effect/crypto"
import { Base64Url, Hex } from "effect/encoding"
import type { Instant } from "../engine/Instant.ts"
import { uuidPattern } from "../formats/Fields.ts"
import type { Organization, Project } from "../model/Catalog.ts"
import type { Alias, Claim, Identifiers } from "../model/People.ts"

/** The most characters an identifier may have. */
export const maxLength = 512

/** Whether a text is a UUID of any version. */
export const isUuid = (text: string): boolean => uuidPattern.test(text)

/** One thing wrong with the identifiers of an event. */
export interface IdentifierFault {
  readonly code: "identifier_missing" | "identifier_not_valid"
  readonly field: keyof Identifiers
  readonly detail: string
}

/** Identifiers in the form in which they are compared and hashed; or what is wrong with some, and the others. */
export type Normalized =
  | { readonly identifiers: Identifiers }
  | { readonly faults: ReadonlyArray<IdentifierFault>; readonly readable: Identifiers }

const expected: { readonly [Kind in keyof Identifiers]-?: string } = {
  concordId: "expected a UUID",
  userId: `expected 1 to ${maxLength} characters`,
  projectUserId: `expected 1 to ${maxLength} characters`,
  email: "expected an e-mail address",
  phoneNumber: "expected a phone number with its country code, without an extension, such as +4915112345678",
}

const normalizeOne = (kind: keyof Identifiers, value: string): string | undefined => {
  // A lone surrogate has no UTF-8 form: two different ones would have the same hash, and so name one person.
  if (value.length === 0 || value.length > maxLength || !value.isWellFormed()) return undefined
  switch (kind) {
    case "concordId":
      return isUuid(value) ? value.toLowerCase() : undefined
    case "userId":
    case "projectUserId":
      return value
    case "email": {
      const address = value.trim().toLowerCase()
      return /^[^\s@]+@[^\s@]+$/.test(address) ? address : undefined
    }
    case "phoneNumber": {
      // The whole text must be a number without an extension, because an extension is another person at the same
      // number.
      const number = parsePhoneNumberFromString(value.trim(), { extract: false })
      return number?.isPossible() === true && number.ext === undefined ? number.number : undefined
    }
  }
}

/** The fault of an identifier that cannot be read. */
export const notValid = (field: keyof Identifiers): IdentifierFault => ({
  code: "identifier_not_valid",
  field,
  detail: expected[field],
})

/** Normalizes: e-mail trimmed and in lower case, phone number as E.164, UUID in lower case. At least one is needed. */
export const normalize = (identifiers: Identifiers): Normalized => {
  const kinds = Object.keys(identifiers) as ReadonlyArray<keyof Identifiers>
  if (kinds.length === 0) {
    const detail = "name the person by concordId, userId, projectUserId, email or phoneNumber"
    return { faults: [{ code: "identifier_missing", field: "concordId", detail }], readable: {} }
  }
  const normalized = kinds.map((kind) => [kind, normalizeOne(kind, identifiers[kind] ?? "")] as const)
  const faults = normalized.filter(([, value]) => value === undefined).map(([field]) => notValid(field))
  if (faults.length === 0) return { identifiers: Object.fromEntries(normalized) as Identifiers }
  const readable = normalized.filter(([, value]) => value !== undefined)
  return { faults, readable: Object.fromEntries(readable) as Identifiers }
}

/** Hashes and signs with the key of one organization. */
export interface Hasher {
  /** The aliases of normalized identifiers, in the order of `identifierKinds`; a `concordId` has none. */
  readonly aliases: (identifiers: Identifiers, project: Project) => Effect.Effect<ReadonlyArray<Alias>>
  /** The alias of a browser's `contextId` in a project. */
  readonly context: (contextId: string, project: Project) => Effect.Effect<Alias>
  /** The alias of a normalized value, given its SHA-256 in lower-case hexadecimal. */
  readonly hashed: (kind: Alias["kind"], sha256: string, project: Project) => Effect.Effect<Alias>
  /** HMAC-SHA-256 of a text for a purpose: a signature for one purpose is not valid for another. */
  readonly sign: (purpose: string, text: string) => Effect.Effect<Uint8Array>
}

/** Raised when a normalization changes, so that old and new hashes never match. */
const normalizationVersion = 1

/** The claim of an alias for a person. */
export const claimOf = ({ hash, kind, project }: Alias, concordId: string, dateCreated: Instant): Claim => ({
  kind,
  ...(project !== undefined && { project }),
  hash,
  concordId,
  normalization: normalizationVersion,
  dateCreated,
})

/** The scope inside the organization in which an identifier is unique: a project, or none. */
const scopeOf = (kind: Alias["kind"], project: Project): string =>
  kind === "projectUserId" || kind === "contextId" ? project.id : ""

const kinds = ["userId", "projectUserId", "email", "phoneNumber"] as const

/** The hasher of an organization. */
export const hasher = Effect.fnUntraced(function* (
  mac: Mac.Mac["Service"],
  digest: Digest.Digest["Service"],
  organization: Organization,
) {
  const bytes = Result.getOrThrow(Base64Url.decode(organization.identifierKey))
  const key = yield* Effect.orDie(Mac.key(Mac.hmacSha256, bytes))
  const encoder = new TextEncoder()
  const sign = (purpose: string, text: string): Effect.Effect<Uint8Array> =>
    Effect.orDie(mac.sign(key, encoder.encode(`${purpose}\0${text}`)))
  const hashed = (kind: Alias["kind"], sha256: string, project: Project): Effect.Effect<Alias> =>
    Effect.map(sign(`alias ${normalizationVersion}`, [kind, scopeOf(kind, project), sha256].join("\0")), (tag) => ({
      kind,
      ...(scopeOf(kind, project) !== "" && { project: project.id }),
      hash: Hex.encode(tag),
    }))
  const plain = (kind: Alias["kind"], value: string, project: Project): Effect.Effect<Alias> =>
    Effect.flatMap(digest.digestHex(Digest.sha256, encoder.encode(value)), (sha256) => hashed(kind, sha256, project))
  return {
    aliases: Effect.fnUntraced(function* (identifiers, project) {
      const aliases: Array<Alias> = []
      for (const kind of kinds) {
        const value = identifiers[kind]
        if (value !== undefined) aliases.push(yield* plain(kind, value, project))
      }
      return aliases
    }),
    context: (contextId, project) => plain("contextId", contextId, project),
    hashed,
    sign,
  } satisfies Hasher as Hasher
})
