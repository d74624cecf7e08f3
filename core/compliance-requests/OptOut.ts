/**
 * The refusals that a `do_not_sell` records in the transaction that opens it: for the person of the session and for
 * everyone that the typed e-mail address or phone number names. They only refuse. In a project with the setting
 * `optOutNeedsVerification` those for what was typed wait for identity ({@link OptOutOnVerified}).
 *
 * Each identifier is an item of its own, resolved by itself as any refusal is (semantics, section 5): nothing that was
 * typed is claimed for a person that another identifier names, because a question by it would then be answered by what
 * that person permits. An address that no one has named yet gets a person, so that the no is there first.
 */
import { Effect } from "effect"
import * as Identifiers from "../ledger/Identifiers.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Sha256 from "../ledger/Sha256.ts"
import type { Item } from "../model/Admission.ts"
import type { ListedType, ProjectScope } from "../model/Catalog.ts"
import type * as People from "../model/People.ts"
import type { Instant } from "../engine/Instant.ts"

/** The identifiers of an opt-out. */
export interface OptedOut {
  /** The person of the session, or the one that the caller names. */
  readonly known: People.Identifiers
  /** What was typed. */
  readonly typed: Pick<People.Identifiers, "email" | "phoneNumber">
}

/** The kinds of identifiers in the order of their items: the last one given names the subject of the request. */
const kinds = ["concordId", "userId", "projectUserId", "phoneNumber", "email"] as const

/**
 * The people of an opt-out, each by one identifier: one item for each consent type. What cannot be read is left out.
 * Empty: it names no one.
 */
export const peopleOf = ({ known, typed }: OptedOut): ReadonlyArray<People.Identifiers> => {
  const given: People.Identifiers = { ...known, ...typed }
  return kinds.flatMap((kind) => {
    if (given[kind] === undefined) return []
    const one = Identifiers.normalize({ [kind]: given[kind] })
    return "identifiers" in one ? [one.identifiers] : []
  })
}

/** The consent types that an opt-out declines, whatever their status. */
export const typesOf = ({ project: { doNotSellTypes = [] }, types }: ProjectScope): ReadonlyArray<ListedType> =>
  types.all.filter(
    ({ category, id, subcategory }) =>
      (category === "privacy_setting" && subcategory === "do_not_sell") || doNotSellTypes.includes(id),
  )

/**
 * The refusals of one request, as of when it was received, or as of now. Their external ids follow from the request,
 * the type and the person, so that the same request records them once.
 */
export const itemsOf = Effect.fnUntraced(function* (
  scope: ProjectScope,
  request: string,
  people: ReadonlyArray<People.Identifiers>,
  receivedAt: Instant | undefined,
  { digest }: Pick<LedgerContext, "digest">,
) {
  const items: Array<Item> = []
  for (const { id } of typesOf(scope)) {
    for (const person of people) {
      items.push({
        consentType: id,
        consentState: "declined",
        consentAction: "user_click",
        ...(receivedAt !== undefined && { consentDate: receivedAt }),
        person,
        externalId: yield* Sha256.hex(digest, JSON.stringify(["opt-out", request, id, person])),
      })
    }
  }
  return items
})
