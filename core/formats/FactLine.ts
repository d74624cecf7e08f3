/**
 * A fact about the identity of a person as JSON, over HTTP and in the answer of access.
 *
 * The hash of the identifier is not shown to anyone. Personal data is shown as far as the fact has been opened.
 */
import * as Instant from "../engine/Instant.ts"
import type { Fact, IdentityEvidence } from "../model/People.ts"

/** Converts the evidence of a fact. */
export const evidenceOf = (evidence: IdentityEvidence) => ({
  ...evidence,
  issuedAt: Instant.format(evidence.issuedAt),
  expiresAt: Instant.format(evidence.expiresAt),
})

/** Converts a fact. */
export const of = ({ dateCreated, evidence, id, identifier, join, kind, reason, region, ...people }: Fact) => ({
  id,
  kind,
  member: people.member,
  survivor: people.survivor,
  submitter: people.submitter,
  ...(join !== undefined && { join }),
  ...(identifier !== undefined && { identifier }),
  ...(region !== undefined && { region }),
  ...(reason !== undefined && { reason }),
  dateCreated: Instant.format(dateCreated),
  ...(evidence !== undefined && { evidence: evidenceOf(evidence) }),
})
