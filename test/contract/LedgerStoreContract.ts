/**
 * The contract of the port `LedgerStore`, as data: what every store of the ledger must keep. Published as
 * `assent/testing`.
 *
 * Run each clause against a new and empty store, in any test runner: `Effect.runPromise(Effect.provide(clause.check,
 * layer))`. A clause that does not hold dies with an `AssertionError`.
 */
import { catalogClauses } from "./catalog.ts"
import { complianceClauses } from "./compliance.ts"
import { erasureClauses } from "./erasures.ts"
import { heldErasureClauses } from "./heldErasures.ts"
import { eventListClauses } from "./eventLists.ts"
import { eventClauses } from "./events.ts"
import { feedClauses } from "./feed.ts"
import { heldAliasClauses } from "./heldAliases.ts"
import { idempotencyClauses } from "./idempotency.ts"
import { joinedPeopleClauses } from "./joinedPeople.ts"
import { metricsClauses } from "./metrics.ts"
import { outboxClauses } from "./outbox.ts"
import { peopleClauses } from "./people.ts"
import { personalDataClauses } from "./personalData.ts"
import { requestFileClauses } from "./requestFiles.ts"
import type { Clause } from "./samples.ts"
import { sessionClauses } from "./sessions.ts"
import { webhookClauses } from "./webhooks.ts"

export type { Clause }

/** Every clause of the contract. */
export const clauses: ReadonlyArray<Clause> = [
  ...catalogClauses,
  ...complianceClauses,
  ...erasureClauses,
  ...heldErasureClauses,
  ...eventClauses,
  ...eventListClauses,
  ...feedClauses,
  ...heldAliasClauses,
  ...idempotencyClauses,
  ...joinedPeopleClauses,
  ...metricsClauses,
  ...outboxClauses,
  ...peopleClauses,
  ...personalDataClauses,
  ...requestFileClauses,
  ...sessionClauses,
  ...webhookClauses,
]
