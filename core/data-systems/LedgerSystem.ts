/**
 * The consent ledger itself as a data system. Every organization has it, no one changes it, and it is not kept: it
 * follows from the organization. Its task of a compliance request is done by the ledger.
 */
import type { Instant } from "../engine/Instant.ts"
import type { DataSystem } from "./DataSystem.ts"

/** Its id, in every installation and organization: a UUIDv5. */
export const id = "3ef4a9fc-f815-55fb-8679-2ae845ff758e"

/** The members of an organization that it follows from. */
export interface LedgerOwner {
  readonly id: string
  readonly dateCreated: Instant
}

/** The consent ledger of an organization. */
export const of = ({ dateCreated, id: organization }: LedgerOwner): DataSystem => ({
  id,
  organization,
  dateCreated,
  dateUpdated: dateCreated,
  name: "Consent ledger",
  status: "active",
  crossBorder: false,
  attributes: {},
  projectIds: [],
})
