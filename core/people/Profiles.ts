/**
 * What visitors tell of themselves: kept beside the ledger, in place of what they told before, so that it can be emptied.
 *
 * Nothing in it names a person: an identifier that was not proven is not kept, since whoever claimed another's address
 * would be told what the other has agreed to.
 */
import { Effect } from "effect"
import type { ProjectScope } from "../model/Catalog.ts"
import type * as People from "../model/People.ts"
import type { Session } from "../ports/LedgerStore.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Idempotency from "../ledger/Idempotency.ts"

/** A visitor's profile, as far as it is kept. */
export type Profile = { readonly [Field: string]: unknown }

/** What a visitor tells of itself. */
export interface ProfileUpdate extends ProjectScope {
  readonly session: Session
  readonly profile: Profile
  /** Not kept; those that do not name the visitor already are answered as unproven. */
  readonly identifiers: People.Identifiers
  readonly idempotency?: Idempotency.IdempotentRequest
}

/** What was kept, and the identifiers that name the visitor only after a proof; or what is wrong with them. */
export type ProfileOutcome =
  | {
      readonly _tag: "ProfileKept"
      readonly profile: Profile
      readonly unproven: ReadonlyArray<People.IdentifierKind>
      readonly isRepeated?: true
    }
  | { readonly _tag: "Refused"; readonly faults: ReadonlyArray<Identifiers.IdentifierFault> }

/** Which identifiers do not name the visitor. Whether they name somebody else, or nobody, is not told. */
const unprovenOf = Effect.fnUntraced(function* (
  { organization, project, session }: ProfileUpdate,
  { concordId, ...others }: People.Identifiers,
  { hasherOf, store }: LedgerContext,
) {
  const hasher = yield* hasherOf(organization)
  const aliases = yield* hasher.aliases(others, project)
  const named = yield* store.people.byAlias(
    organization,
    aliases.map(({ hash }) => hash),
  )
  const isOther = concordId !== undefined && concordId !== session.concordId
  const unproven = aliases.flatMap(({ kind }, index) =>
    kind === "contextId" || named[index]?.concordId === session.concordId ? [] : [kind],
  )
  return [...(isOther ? (["concordId"] as const) : []), ...unproven] as ReadonlyArray<People.IdentifierKind>
})

/** Keeps what a visitor tells of itself. */
export const keep = Effect.fnUntraced(function* (request: ProfileUpdate, context: LedgerContext) {
  const { identifiers, idempotency, organization, profile, session } = request
  const hasIdentifier = Object.keys(identifiers).length > 0
  const person = hasIdentifier ? Identifiers.normalize(identifiers) : { identifiers }
  if ("faults" in person) return { _tag: "Refused", faults: person.faults } as ProfileOutcome
  const carryOut = Effect.gen(function* () {
    const unproven = yield* unprovenOf(request, person.identifiers, context)
    const told: ProfileOutcome = { _tag: "ProfileKept", profile, unproven }
    // Not the profile: it can be emptied, and a request that comes again brings it along.
    const { idempotencyRecord } = yield* Idempotency.recordOf(idempotency, context, JSON.stringify(unproven))
    const text = JSON.stringify(profile)
    const kept = yield* context.store.people.keepProfile(organization, session.concordId, text, idempotencyRecord)
    return kept === "repeated" ? Idempotency.keptBefore : told
  })
  const outcome = yield* Idempotency.once(organization, idempotency, context, carryOut)
  if (outcome._tag !== "Repeated") return outcome
  return { _tag: "ProfileKept", profile, unproven: JSON.parse(outcome.answer), isRepeated: true } as ProfileOutcome
})
