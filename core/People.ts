/**
 * Which person an event is about, given its identifiers (semantics, section 5).
 *
 * Identifiers nobody knows yet are given to the person the others name, or to a new person. Identifiers that already
 * name different people are a conflict: nothing is merged silently.
 */

/** The identifiers that name a person, in the order in which a conflict is looked for. */
export const identifierKinds = ["concordId", "userId", "projectUserId", "email", "phoneNumber"] as const

/** One kind of identifier. `concordId` is the ledger's own; the others are kept only as keyed hashes. */
export type IdentifierKind = (typeof identifierKinds)[number]

/** The identifiers of one person, as they came; each kind at most once. */
export type Identifiers = { readonly [Kind in IdentifierKind]?: string }

/** The keyed hash of an identifier, and the kind it came as. */
export interface Alias {
  readonly kind: Exclude<IdentifierKind, "concordId"> | "contextId"
  /** HMAC-SHA-256, lower-case hexadecimal. */
  readonly hash: string
}

/** An alias that is to name a person from now on. */
export interface Claim {
  readonly hash: string
  readonly concordId: string
}

/** The person named, if anybody is, and the hashes that name nobody yet; or the kind whose person is another one. */
export type Resolution =
  | { readonly concordId: string | undefined; readonly unclaimed: ReadonlyArray<string> }
  | { readonly conflict: { readonly kind: Alias["kind"]; readonly with: IdentifierKind | "contextId" } }

/** Resolves the identifiers of one event. `known` tells whom an alias names, if anybody. */
export const resolve = (
  concordId: string | undefined,
  aliases: ReadonlyArray<Alias>,
  known: (hash: string) => string | undefined,
): Resolution => {
  let person = concordId
  let namedBy: IdentifierKind | "contextId" = "concordId"
  const unclaimed: Array<string> = []
  for (const { kind, hash } of aliases) {
    const named = known(hash)
    if (named === undefined) unclaimed.push(hash)
    else if (person === undefined) {
      person = named
      namedBy = kind
    } else if (named !== person) return { conflict: { kind, with: namedBy } }
  }
  return { concordId: person, unclaimed }
}
