/**
 * Identifiers that an identity token proves, and their aliases.
 */
import { Effect, Option } from "effect"
import * as AccountId from "../model/AccountId.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import type * as People from "../model/People.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Sha256 from "../ledger/Sha256.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"

/** The kinds of identifier that a visitor can be identified by. */
const kinds = ["email", "contextId", "userId"] as const

/** An identifier that is proven: its value, or the SHA-256 of its normalized form in lower-case hexadecimal. */
export interface ProvenIdentifier {
  readonly kind: (typeof kinds)[number]
  readonly value: string
  readonly isHashed: boolean
}

/** An alias of an identifier. */
export interface ProvenAlias extends People.Alias {
  /** Whether the value is the normalized form of the identifier, up to the case of ASCII letters. */
  readonly isNormalized: boolean
}

/** Whether a text is a SHA-256 in hexadecimal. */
export const isSha256 = (text: string): boolean => /^[0-9a-f]{64}$/i.test(text)

/** Changes the case of ASCII letters only: other letters may have a lower case that is an ASCII letter (U+212A: k). */
const lowerCaseAscii = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())

/**
 * Whether a proven value is its own normalized form, up to the case of ASCII letters. A signer compares spellings in
 * its own way. So a spelling that only this service evens out could prove the identifier of another person.
 */
const isNormalForm = (value: string, normalized: string): boolean =>
  lowerCaseAscii(value) === lowerCaseAscii(normalized)

/** The SHA-256 of the placeholders, which name no one in this form either, whatever the kind. */
const placeholderHashes = Effect.fnUntraced(function* (digest: LedgerContext["digest"]) {
  return new Set(yield* Effect.forEach(AccountId.placeholders, (word) => Sha256.hex(digest, word)))
})

const normalize = ({ isHashed, kind, value }: ProvenIdentifier): string | undefined => {
  if (isHashed) return isSha256(value) ? value.toLowerCase() : undefined
  if (kind === "contextId") return Identifiers.isContextId(value) ? value.toLowerCase() : undefined
  const person = Identifiers.normalize({ [kind]: value })
  return "faults" in person ? undefined : person.identifiers[kind]
}

/** The alias of an identifier; nothing for a value that is not an identifier of its kind. */
export const aliasOf = Effect.fnUntraced(function* (
  scope: ProjectScope,
  identifier: ProvenIdentifier,
  { digest, hasherOf }: Pick<LedgerContext, "digest" | "hasherOf">,
): Effect.fn.Return<Option.Option<ProvenAlias>, StoreUnavailable> {
  const { organization, project } = scope
  const normalized = normalize(identifier)
  if (normalized === undefined) return Option.none()
  const { isHashed, kind, value } = identifier
  const hasher = yield* hasherOf(organization)
  const isPlaceholder = isHashed && (yield* placeholderHashes(digest)).has(normalized)
  if (isPlaceholder) return Option.none()
  const isAccountOrContact = !isHashed && kind !== "contextId"
  const [alias] = isAccountOrContact
    ? yield* hasher.aliases({ [kind]: normalized }, project, { [kind]: value })
    : [yield* isHashed ? hasher.hashed(kind, normalized, project) : hasher.context(normalized, project)]
  return Option.some({ ...alias!, isNormalized: isNormalForm(value, normalized) })
})
