/**
 * Hashes the identifiers that a company uses for a person into the aliases of the ledger (semantics, section 5).
 *
 * An alias is the HMAC-SHA-256, with the organization's key, of the kind, of its scope and of the SHA-256 of the
 * normalized value. So the store without the key reveals no address, two organizations cannot find out that they know
 * the same person, and a page that has only the SHA-256 of an address can still name its person.
 */
import { Effect } from "effect"
import { type Digest, Mac } from "effect/crypto"
import type { Instant } from "../engine/Instant.ts"
import { uuidPattern } from "../formats/Fields.ts"
import * as AccountId from "../model/AccountId.ts"
import type { Organization, Project } from "../model/Catalog.ts"
import * as EmailAddress from "../model/EmailAddress.ts"
import type { Alias, Claim, Identifiers } from "../model/People.ts"
import * as PhoneNumber from "../model/PhoneNumber.ts"
import * as HashHex from "./HashHex.ts"
import * as Sha256 from "./Sha256.ts"

/** The most characters of an identifier as it is sent, with everything that is taken off. */
const maxLength = 1024

/** Whether a text is a UUID of any version. */
export const isUuid = (text: string): boolean => uuidPattern.test(text)

/**
 * Whether a text can be a browser's `contextId`: a UUID of version 4 or 7 (RFC 9562), so that it has random bits. Any
 * other is sent by several browsers, or can be guessed.
 */
export const isContextId = (text: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(text)

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

const expectedAccountId =
  `expected 1 to ${AccountId.maxLength} characters that can be seen; ` +
  "null and other placeholders, and numbers that a spreadsheet has shortened (1.2E+15), name no one"

const expected: { readonly [Kind in keyof Identifiers]-?: string } = {
  concordId: "expected a UUID, and neither the nil nor the max UUID",
  userId: expectedAccountId,
  projectUserId: expectedAccountId,
  email: "expected one e-mail address, without invisible and special characters",
  phoneNumber: "expected a phone number with its country code, without an extension, such as +4915112345678",
}

const normalizeOne = (kind: keyof Identifiers, value: string): string | undefined => {
  // A lone surrogate has no UTF-8 form: two different ones would have the same hash, and so name one person.
  if (value.length === 0 || value.length > maxLength || !value.isWellFormed()) return undefined
  switch (kind) {
    case "concordId":
      return isUuid(value) && !AccountId.isPlaceholder(value) ? value.toLowerCase() : undefined
    case "userId":
    case "projectUserId":
      return AccountId.normalize(value)
    case "email":
      return EmailAddress.normalize(value)
    case "phoneNumber":
      return PhoneNumber.normalize(value)
  }
}

/** The fault of an identifier that cannot be read. */
export const notValid = (field: keyof Identifiers): IdentifierFault => ({
  code: "identifier_not_valid",
  field,
  detail: expected[field],
})

const normalizeWith = (
  identifiers: Identifiers,
  one: (kind: keyof Identifiers, value: string) => string | undefined,
): Normalized => {
  const kinds = Object.keys(identifiers) as ReadonlyArray<keyof Identifiers>
  if (kinds.length === 0) {
    const detail = "name the person by concordId, userId, projectUserId, email or phoneNumber"
    return { faults: [{ code: "identifier_missing", field: "concordId", detail }], readable: {} }
  }
  const normalized = kinds.map((kind) => [kind, one(kind, identifiers[kind] ?? "")] as const)
  const faults = normalized.filter(([, value]) => value === undefined).map(([field]) => notValid(field))
  if (faults.length === 0) return { identifiers: Object.fromEntries(normalized) as Identifiers }
  const readable = normalized.filter(([, value]) => value !== undefined)
  return { faults, readable: Object.fromEntries(readable) as Identifiers }
}

/** Brings identifiers into the form in which they are compared (semantics, section 5). At least one is needed. */
export const normalize = (identifiers: Identifiers): Normalized => normalizeWith(identifiers, normalizeOne)

/** The form in which normalization 1 kept a value; `undefined` for a value that it refused. */
const normalizeOne1 = (kind: keyof Identifiers, value: string): string | undefined => {
  if (value.length === 0 || value.length > 512 || !value.isWellFormed()) return undefined
  if (kind === "userId" || kind === "projectUserId") return value
  return kind === "email" ? EmailAddress.normalize1(value) : normalizeOne(kind, value)
}

/**
 * As {@link normalize}, and a value that is refused now in the form in which normalization 1 kept it or its hash. For
 * releasing an identifier that should never have named a person, such as a placeholder.
 */
export const normalizeKept = (identifiers: Identifiers): Normalized =>
  normalizeWith(identifiers, (kind, value) => {
    const hashed = kind !== "concordId" && AccountId.isPlaceholder(value) ? value : undefined
    return normalizeOne(kind, value) ?? normalizeOne1(kind, value) ?? hashed
  })

/** Hashes and signs with the key of one organization. */
export interface Hasher {
  /**
   * The aliases of normalized identifiers, in the order of `identifierKinds`; a `concordId` has none. `given` has the
   * identifiers as they were sent, because normalization 1 may have kept that very spelling.
   */
  readonly aliases: (
    identifiers: Identifiers,
    project: Pick<Project, "id">,
    given?: Identifiers,
  ) => Effect.Effect<ReadonlyArray<Alias>>
  /** The alias of a browser's `contextId` in a project. */
  readonly context: (contextId: string, project: Pick<Project, "id">) => Effect.Effect<Alias>
  /** The alias of a normalized value, given its SHA-256 in lower-case hexadecimal. */
  readonly hashed: (kind: Alias["kind"], sha256: string, project: Pick<Project, "id">) => Effect.Effect<Alias>
  /** HMAC-SHA-256 of a text for a purpose: a signature for one purpose is not valid for another. */
  readonly sign: (purpose: string, text: string) => Effect.Effect<Uint8Array>
}

/**
 * The version of the normalization. Version 1 trimmed e-mail addresses and put them in lower case, and kept account
 * identifiers as they came.
 */
export const normalizationVersion = 2

/** The claim of an alias for a person. */
export const claimOf = (
  { hash, kind, project }: Alias,
  concordId: string,
  dateCreated: Instant,
  releasedAt?: Instant,
): Claim => ({
  kind,
  ...(project !== undefined && { project }),
  hash,
  concordId,
  normalization: normalizationVersion,
  dateCreated,
  ...(releasedAt !== undefined && { releasedAt }),
})

/**
 * The purpose of the signature that is an alias. It is the same for all versions of the normalization, so that a value
 * that they agree on has one hash, and a page that has only the SHA-256 of a value needs no version.
 */
const purpose = "alias 1"

/** The forms, other than `value`, in which normalization 1 may have kept spellings of a normalized value. */
const earlierForms = (kind: Alias["kind"], value: string, given: string | undefined): ReadonlyArray<string> => {
  if (kind === "phoneNumber" || kind === "contextId") return []
  const forms = kind === "email" ? EmailAddress.earlierForms(value) : AccountId.earlierForms(value)
  const own = given === undefined ? undefined : normalizeOne1(kind, given)
  const all = new Set(own === undefined ? forms : [...forms, own])
  all.delete(value)
  return [...all]
}

/** The project in which an identifier is unique; nothing for one that is unique in the organization. */
const scopeOf = (kind: Alias["kind"], project: Pick<Project, "id">): Pick<Alias, "project"> =>
  kind === "projectUserId" || kind === "contextId" ? { project: project.id } : {}

const kinds = ["userId", "projectUserId", "email", "phoneNumber"] as const

/** The hasher of an organization, with its key. */
export const hasher = Effect.fnUntraced(function* (
  mac: Mac.Mac["Service"],
  digest: Digest.Digest["Service"],
  organization: Pick<Organization, "normalization">,
  bytes: Uint8Array,
) {
  const key = yield* Effect.orDie(Mac.key(Mac.hmacSha256, bytes))
  const hasEarlier = (organization.normalization ?? 1) < normalizationVersion
  const encoder = new TextEncoder()
  const sign = (signedFor: string, text: string): Effect.Effect<Uint8Array> =>
    Effect.orDie(mac.sign(key, encoder.encode(`${signedFor}\0${text}`)))
  const hashed = (kind: Alias["kind"], sha256: string, project: Pick<Project, "id">): Effect.Effect<Alias> => {
    const scope = scopeOf(kind, project)
    return Effect.map(sign(purpose, [kind, scope.project ?? "", sha256].join("\0")), (tag) => ({
      kind,
      hash: HashHex.encode(tag),
      ...scope,
    }))
  }
  const plain = (kind: Alias["kind"], value: string, project: Pick<Project, "id">): Effect.Effect<Alias> =>
    Effect.flatMap(Sha256.hex(digest, value), (sha256) => hashed(kind, sha256, project))
  const withEarlier = Effect.fnUntraced(function* (
    kind: Alias["kind"],
    value: string,
    project: Pick<Project, "id">,
    given: string | undefined,
  ) {
    const alias = yield* plain(kind, value, project)
    const earlier: Array<string> = []
    for (const form of earlierForms(kind, value, given)) earlier.push((yield* plain(kind, form, project)).hash)
    return earlier.length === 0 ? alias : { ...alias, earlier }
  })
  return {
    aliases: Effect.fnUntraced(function* (identifiers, project, given = {}) {
      const aliases: Array<Alias> = []
      for (const kind of kinds) {
        const value = identifiers[kind]
        if (value === undefined) continue
        aliases.push(yield* hasEarlier ? withEarlier(kind, value, project, given[kind]) : plain(kind, value, project))
      }
      return aliases
    }),
    context: (contextId, project) => plain("contextId", contextId, project),
    hashed,
    sign,
  } satisfies Hasher as Hasher
})
