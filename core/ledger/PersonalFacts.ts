/**
 * The personal members of facts: the hash of the identifier, the one after a rename, the evidence and the reason. They
 * are kept apart from the fact, under the key of its survivor.
 */
import { Effect, Struct } from "effect"
import type { Owner } from "../model/Lane.ts"
import type { Fact } from "../model/People.ts"
import { type PersonalWrites, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as PersonalData from "./PersonalData.ts"

type PersonalMembers = Pick<Fact, "alias" | "evidence" | "reason" | "renamedTo">

/** A fact whose instant may not be known yet. */
type AnyFact = Omit<Fact, "dateCreated"> & Partial<Pick<Fact, "dateCreated">>

const membersOf = ({ alias, evidence, reason, renamedTo }: PersonalMembers): PersonalMembers => ({
  ...(alias !== undefined && { alias }),
  ...(evidence !== undefined && { evidence }),
  ...(renamedTo !== undefined && { renamedTo }),
  ...(reason !== undefined && { reason }),
})

/** A fact without its personal members. */
export const withoutMembers = <Given extends AnyFact>(fact: Given): Given =>
  // Only optional members are left out.
  Struct.omit(fact, ["alias", "evidence", "reason", "renamedTo"]) as Omit<Given, keyof PersonalMembers> as Given

const isPersonal = (fact: AnyFact): boolean => Object.keys(membersOf(fact)).length > 0

/** Facts as they are stored, and the commitments to further data. */
export interface CommittedFacts<Stored> {
  /** In the order of the facts. */
  readonly facts: ReadonlyArray<Stored>
  /** In the order of the further data. */
  readonly commitments: ReadonlyArray<string>
  readonly personal?: PersonalWrites
  /** The personal data that the write keeps, as JSON, by their commitments. */
  readonly kept: ReadonlyMap<string, string>
}

/** Commits to the personal members of facts, and to further data of the same write. */
export const commit = Effect.fnUntraced(function* <Given extends AnyFact>(
  organization: Owner,
  facts: ReadonlyArray<Given>,
  further: ReadonlyArray<PersonalData.PersonalDatum>,
  context: LedgerContext,
  newPeople?: ReadonlySet<string>,
): Effect.fn.Return<CommittedFacts<Given>, StoreUnavailable> {
  const data = facts
    .filter(isPersonal)
    .map((fact) => ({ concordId: fact.survivor, kind: "fact", json: JSON.stringify(membersOf(fact)) }) as const)
  const committed = yield* PersonalData.commit(organization, [...data, ...further], context, newPeople)
  const { commitments, kept, personal } = committed
  let next = 0
  const stored = facts.map((fact): Given =>
    isPersonal(fact) ? { ...withoutMembers(fact), commitment: commitments[next++]! } : fact,
  )
  const ofFurther = commitments.slice(data.length)
  return { facts: stored, commitments: ofFurther, kept, ...(personal !== undefined && { personal }) }
})

/** Facts with their personal members, where these can be opened. */
export interface OpenedFacts {
  readonly facts: ReadonlyArray<Fact>
  /** Whether some could not be opened because the keys are away. */
  readonly isAway: boolean
}

/** Opens the personal members of facts, with one statement for all. */
export const open = Effect.fnUntraced(function* (
  organization: Owner,
  facts: ReadonlyArray<Fact>,
  context: LedgerContext,
): Effect.fn.Return<OpenedFacts, StoreUnavailable> {
  const data = facts.flatMap(({ commitment, survivor }): ReadonlyArray<PersonalData.CommittedDatum> =>
    commitment === undefined ? [] : [{ concordId: survivor, kind: "fact", commitment }],
  )
  const { isAway, opened } = yield* PersonalData.openAll(organization, data, context)
  const withMembers = facts.map((fact): Fact => {
    const json = fact.commitment === undefined ? undefined : opened.get(fact.commitment)
    return json === undefined ? fact : { ...fact, ...(JSON.parse(json) as PersonalMembers) }
  })
  return { facts: withMembers, isAway }
})

/** As {@link open}, for a request that needs every member that is there: fails while the keys are away. */
export const openKept = Effect.fnUntraced(function* (
  organization: Owner,
  facts: ReadonlyArray<Fact>,
  context: LedgerContext,
): Effect.fn.Return<ReadonlyArray<Fact>, StoreUnavailable> {
  const opened = yield* open(organization, facts, context)
  if (opened.isAway) return yield* new StoreUnavailable({ reason: "the keys of people are away" })
  return opened.facts
})
