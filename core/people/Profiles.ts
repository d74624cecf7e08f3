/**
 * Profiles: what visitors say about themselves. A profile is personal data: it is kept outside the log, encrypted under
 * the key of the person, and replaces the one before, so that it can be emptied.
 *
 * No identifier is kept in it: a visitor could claim the address of another person, and would then be shown what that
 * person agreed to.
 */
import { Effect } from "effect"
import type { Organization, ProjectScope } from "../model/Catalog.ts"
import * as People from "../model/People.ts"
import type { IdempotencyRecord } from "../model/IdempotencyRecord.ts"
import type { Kept } from "../ports/Kept.ts"
import { type Session, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Idempotency from "../ledger/Idempotency.ts"
import * as PersonalData from "../ledger/PersonalData.ts"
import * as PersonKeys from "../ledger/PersonKeys.ts"
import * as Turns from "../ledger/Turns.ts"

/** A visitor's profile, as it is kept. */
export type Profile = { readonly [Field: string]: unknown }

/** A request to keep a visitor's profile. */
export interface ProfileUpdate extends ProjectScope {
  readonly session: Session
  readonly profile: Profile
  /** Identifiers in the profile; they are not kept. Those that do not name the visitor are answered as unproven. */
  readonly identifiers: People.Identifiers
  readonly idempotency?: Idempotency.IdempotentRequest
}

/**
 * The profile that was kept, and the identifiers that do not name the visitor yet; or what is wrong with the
 * identifiers; or that the visitor was erased meanwhile.
 */
export type ProfileOutcome =
  | {
      readonly _tag: "ProfileKept"
      readonly profile: Profile
      readonly unproven: ReadonlyArray<People.IdentifierKind>
      readonly isRepeated?: true
    }
  | { readonly _tag: "Refused"; readonly faults: ReadonlyArray<Identifiers.IdentifierFault> }
  // The visitor was erased, and its session with it.
  | { readonly _tag: "SessionEnded" }

const sessionEnded: ProfileOutcome = { _tag: "SessionEnded" }

/**
 * The kinds of identifiers that do not name the visitor. The answer is the same whether they name another person or no
 * one.
 */
const unprovenOf = Effect.fnUntraced(function* (
  { identifiers, organization, project, session }: ProfileUpdate,
  { concordId, ...others }: People.Identifiers,
  { hasherOf, store }: LedgerContext,
) {
  const hasher = yield* hasherOf(organization)
  const aliases = yield* hasher.aliases(others, project, identifiers)
  const hashes = aliases.flatMap(People.hashesOf)
  const named = yield* store.people.byAlias(organization, hashes)
  const own = new Set(hashes.filter((_, index) => named[index]?.concordId === session.concordId))
  const isOther = concordId !== undefined && concordId !== session.concordId
  const unproven = aliases.flatMap((alias) =>
    alias.kind === "contextId" || People.hashesOf(alias).some((hash) => own.has(hash)) ? [] : [alias.kind],
  )
  return [...(isOther ? (["concordId"] as const) : []), ...unproven] as ReadonlyArray<People.IdentifierKind>
})

const keysAway = (): StoreUnavailable =>
  new StoreUnavailable({
    reason: "the keys of personal data cannot be used now, so the profile cannot be kept: try again",
    isLasting: true,
  })

/** Changes of one profile wait for each other. */
export const inTurn = <A, E>(concordId: string, attempt: Effect.Effect<A | "stale", E>, context: LedgerContext) =>
  Turns.inTurn(`profile ${concordId}`, "too many changes of the same person", attempt, context)

/** Writes a profile in place of the one before. `erased`: the person was erased, and nothing is kept. */
export const write = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  profile: Profile,
  idempotencyRecord: IdempotencyRecord | undefined,
  context: LedgerContext,
): Effect.fn.Return<Kept | "erased", StoreUnavailable> {
  const datum = { concordId, kind: "profile", json: JSON.stringify(profile) } as const
  const { personal } = yield* PersonalData.commit(organization, [datum], context)
  if (personal === undefined) return yield* keysAway()
  const kept = yield* context.store.people.keepProfile(organization, concordId, personal, idempotencyRecord)
  if (kept !== "stale") return kept
  // Another process may have erased the person, with its key, and kept its identifiers.
  PersonKeys.forget(organization, [concordId], context)
  const { erasedAt } = yield* context.store.people.person(organization, concordId)
  return erasedAt === undefined ? kept : "erased"
})

/** Keeps a visitor's profile, in place of the one before. */
export const keep = Effect.fnUntraced(function* (
  update: ProfileUpdate,
  context: LedgerContext,
): Effect.fn.Return<ProfileOutcome | Idempotency.KeyConflict, StoreUnavailable> {
  const { idempotency, identifiers, organization, profile, session } = update
  const hasIdentifier = Object.keys(identifiers).length > 0
  const person = hasIdentifier ? Identifiers.normalize(identifiers) : { identifiers }
  if ("faults" in person) return { _tag: "Refused", faults: person.faults }
  const carryOut = Effect.gen(function* () {
    const unproven = yield* unprovenOf(update, person.identifiers, context)
    const outcome: ProfileOutcome = { _tag: "ProfileKept", profile, unproven }
    // The record leaves the profile out, because a profile that is emptied later would remain in it. A repeated request
    // carries the profile itself.
    const { idempotencyRecord } = yield* Idempotency.recordOf(idempotency, context, JSON.stringify(unproven))
    const kept = yield* write(organization, session.concordId, profile, idempotencyRecord, context)
    if (kept === "stale") return kept
    if (kept === "erased") return sessionEnded
    return kept === "repeated" ? Idempotency.keptBefore : outcome
  })
  const turn = inTurn(session.concordId, carryOut, context)
  const outcome = yield* Idempotency.once(organization, idempotency, context, turn)
  if (outcome._tag !== "Repeated") return outcome
  return { _tag: "ProfileKept", profile, unproven: JSON.parse(outcome.answer), isRepeated: true }
})
