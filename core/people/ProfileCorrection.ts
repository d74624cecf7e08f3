/**
 * Corrects profiles, where a person has asked for it: members of the profile of the person are replaced, and the same
 * members of the profiles of everyone that is joined with it, so that no profile goes on saying what is wrong.
 */
import { Effect } from "effect"
import type { KeysUnavailable } from "../ports/Keys.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Joins from "../ledger/Joins.ts"
import { asStore, type LedgerContext } from "../ledger/LedgerContext.ts"
import * as PersonalData from "../ledger/PersonalData.ts"
import type { Organization } from "../model/Catalog.ts"
import * as People from "../model/People.ts"
import * as Profiles from "./Profiles.ts"

/** The members of a profile that become other ones; `null` removes a member. */
export type Correction = { readonly [Field: string]: unknown }

/** A profile after a correction of the members `fields`. */
const corrected = (
  before: Profiles.Profile,
  correction: Correction,
  fields: ReadonlyArray<string>,
): Profiles.Profile => {
  const changed = Object.fromEntries(fields.map((field) => [field, correction[field]]))
  return Object.fromEntries(Object.entries({ ...before, ...changed }).filter(([, value]) => value !== null))
}

/** The profiles of people; empty for one that has none, or none that can be read any more. */
const read = Effect.fnUntraced(function* (
  organization: Organization,
  people: ReadonlyArray<string>,
  context: LedgerContext,
): Effect.fn.Return<ReadonlyArray<Profiles.Profile>, StoreUnavailable | KeysUnavailable> {
  const places = people.map((concordId) => ({ concordId, kind: "profile", id: "" }) as const)
  const parts = yield* context.store.personal.parts(organization, places)
  const profiles: Array<Profiles.Profile> = []
  for (const part of parts) {
    const json = part && (yield* PersonalData.open(organization, part, context))
    profiles.push(json === undefined ? {} : (JSON.parse(json) as Profiles.Profile))
  }
  return profiles
})

/** Corrects the profile of one person: all members of a correction, or those that the profile has. */
const correctOne = (
  organization: Organization,
  concordId: string,
  correction: Correction,
  isAll: boolean,
  context: LedgerContext,
) =>
  Profiles.inTurn(
    concordId,
    Effect.gen(function* () {
      const [before = {}] = yield* read(organization, [concordId], context)
      const fields = Object.keys(correction).filter((field) => isAll || Object.hasOwn(before, field))
      const after = corrected(before, correction, fields)
      if (JSON.stringify(after) === JSON.stringify(before)) return "kept"
      return yield* Profiles.write(organization, concordId, after, undefined, context)
    }),
    context,
  )

/**
 * Corrects the profile of a person, and the members that the profiles of those have that are joined with it. Done
 * again, it changes nothing. `false`: the person was erased.
 */
export const carryOut = Effect.fnUntraced(
  function* (organization: Organization, concordId: string, correction: Correction, context: LedgerContext) {
    const facts = yield* Joins.facts(organization, concordId, context)
    const members = People.joinedWith(facts, concordId, Infinity).members.filter((member) => member !== concordId)
    const profiles = yield* read(organization, members, context)
    const others = members.filter((_, index) =>
      Object.keys(correction).some((field) => Object.hasOwn(profiles[index]!, field)),
    )
    for (const person of [concordId, ...others]) {
      const kept = yield* correctOne(organization, person, correction, person === concordId, context)
      if (kept === "erased") return false
    }
    return true
  },
  Effect.catchTag("KeysUnavailable", (failure) => Effect.fail(asStore(failure))),
)
