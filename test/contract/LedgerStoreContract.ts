/**
 * The contract of the port `LedgerStore`, as data: what every store of the ledger must keep. Published as
 * `assent/testing`.
 *
 * Run each clause against a new and empty store, in any test runner: `Effect.runPromise(Effect.provide(clause.check,
 * layer))`. A clause that does not hold dies with an `AssertionError`.
 */
import { catalogClauses } from "./catalog.ts"
import { erasureClauses } from "./erasures.ts"
import { eventListClauses } from "./eventLists.ts"
import { eventClauses } from "./events.ts"
import { heldAliasClauses } from "./heldAliases.ts"
import { idempotencyClauses } from "./idempotency.ts"
import { joinedPeopleClauses } from "./joinedPeople.ts"
import { peopleClauses } from "./people.ts"
import { personalDataClauses } from "./personalData.ts"
import type { Clause } from "./samples.ts"
import { sessionClauses } from "./sessions.ts"

export type { Clause }

/** Every clause of the contract. */
export const clauses: ReadonlyArray<Clause> = [
  ...catalogClauses,
  ...erasureClauses,
  ...eventClauses,
  ...eventListClauses,
  ...heldAliasClauses,
  ...idempotencyClauses,
  ...joinedPeopleClauses,
  ...peopleClauses,
  ...personalDataClauses,
  ...sessionClauses,
]
