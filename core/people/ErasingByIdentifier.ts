/**
 * Erasing the person that an identifier names, in two requests: the first one counts, and the second one confirms the
 * `concordId` that the first was answered with.
 *
 * A contact point that is shared by several accounts does not say which of their people wishes to be erased.
 */
import { Effect, Option } from "effect"
import * as Idempotency from "../ledger/Idempotency.ts"
import type * as Identifiers from "../ledger/Identifiers.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as PersonalFacts from "../ledger/PersonalFacts.ts"
import type { Organization } from "../model/Catalog.ts"
import type * as People from "../model/People.ts"
import * as Resolution from "../model/Resolution.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Erasing from "./Erasing.ts"
import * as ErasurePreview from "./ErasurePreview.ts"
import * as Releasing from "./Releasing.ts"

/** A request to erase the person that an identifier names. */
export interface ErasingByIdentifier extends Omit<Erasing.Erasing, "concordId"> {
  readonly identifier: Releasing.Identifier
  /** The `concordId` that an earlier request was answered with; left out by that one. */
  readonly confirm?: string
}

/** What must be confirmed before anything is erased. */
export interface ConfirmNeeded extends ErasurePreview.ErasurePreview {
  readonly _tag: "ConfirmNeeded"
}

/** Why nothing was erased. */
export type Refusal =
  | ConfirmNeeded
  /** The identifier names no one. */
  | { readonly _tag: "NotNamed" }
  /** Another person than the confirmed one is named. */
  | { readonly _tag: "NotConfirmed" }
  /** Several people are meant by it. */
  | { readonly _tag: "ContactShared" }
  | { readonly _tag: "Refused"; readonly faults: ReadonlyArray<Identifiers.IdentifierFault> }

/** Every outcome of a request. */
export type IdentifierOutcome = Erasing.ErasedPerson | Erasing.LogUnavailable | Refusal

/** Whether a contact point of a person was left out of an item about another person. */
export const isShared = Effect.fnUntraced(function* (
  organization: Organization,
  { hash, kind }: People.Alias,
  concordId: string,
  context: LedgerContext,
) {
  if (!Resolution.isContactPoint(kind)) return false
  const stored = (yield* Joins.facts(organization, concordId, context)).filter((fact) => fact.kind === "shared")
  const { facts } = yield* PersonalFacts.open(organization, stored, context)
  // A fact whose identifier cannot be read now may be about this one.
  return facts.some(
    ({ alias = hash, identifier, member }) => member === concordId && identifier?.kind === kind && alias === hash,
  )
})

const carryOut = Effect.fnUntraced(function* (
  organization: Organization,
  { confirm, identifier, ...erasing }: ErasingByIdentifier,
  context: LedgerContext,
): Effect.fn.Return<IdentifierOutcome | Idempotency.KeptBefore, StoreUnavailable> {
  const hashed = yield* Releasing.hashesOf(organization, identifier, context)
  if ("faults" in hashed) return { _tag: "Refused", faults: hashed.faults }
  const found = yield* context.store.people.byAlias(organization, hashed.hashes)
  const named = [...new Set(found.flatMap((each) => each?.concordId ?? []))]
  const [first] = named
  if (first === undefined) return { _tag: "NotNamed" }
  const counted = yield* Effect.forEach(named, (each) => Joins.counted(organization, each, context))
  if (new Set(counted.map(({ survivor }) => survivor)).size > 1) return { _tag: "ContactShared" }
  for (const each of named) {
    if (yield* isShared(organization, hashed.alias, each, context)) return { _tag: "ContactShared" }
  }
  if (confirm === undefined) {
    const preview = Option.getOrUndefined(yield* ErasurePreview.of(organization, first, context))
    // It was erased after its identifier was read.
    if (preview === undefined || "destroyed" in preview) return { _tag: "NotNamed" }
    return { _tag: "ConfirmNeeded", ...preview }
  }
  const { survivor } = counted[0]!
  if (confirm !== survivor && confirm !== first) return { _tag: "NotConfirmed" }
  const outcome = yield* Erasing.carryOut(organization, { ...erasing, concordId: first }, context)
  return "_tag" in outcome && outcome._tag === "NeverKnown" ? { _tag: "NotNamed" } : outcome
})

/** Erases the person that an identifier names, if it is confirmed. */
export const erase = Effect.fnUntraced(function* (
  organization: Organization,
  erasing: ErasingByIdentifier,
  context: LedgerContext,
): Effect.fn.Return<IdentifierOutcome | Idempotency.KeyConflict, StoreUnavailable> {
  const outcome = yield* Idempotency.once<IdentifierOutcome, StoreUnavailable, never>(
    organization,
    erasing.idempotency,
    context,
    carryOut(organization, erasing, context),
  )
  return outcome._tag === "Repeated" ? yield* Erasing.repeated(organization, outcome.answer, context) : outcome
})
