/**
 * Writes who is who: aliases, the facts of joining, proofs that were used, sessions and profiles.
 */
import type { DatabaseSync } from "node:sqlite"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { Fact } from "../../core/model/People.ts"
import * as PeopleLanes from "../../core/ports/PeopleLanes.ts"
import type { Kept, IdentityChange, IdempotencyRecord, Session } from "../../core/ports/LedgerStore.ts"
import type { AliasWriter } from "./AliasWriter.ts"
import type { IdempotencyWriter } from "./IdempotencyWriter.ts"
import * as Uuid from "./Uuid.ts"

/** How long an expired session or proof is kept, so that a clock that is set back does not bring it back. */
const expiredKeptMillis = 24 * 60 * 60 * 1000

const prepareStatements = (db: DatabaseSync) => ({
  revision: db.prepare("SELECT revision FROM person WHERE lane = ? AND person = ?"),
  touch: db.prepare(`
    INSERT INTO person (lane, person, revision, is_identified) VALUES (?, ?, 1, 0)
    ON CONFLICT (lane, person) DO UPDATE SET revision = revision + 1`),
  insertFact: db.prepare(`
    INSERT INTO person_fact (lane, person, ordinal, body)
    SELECT ?1, ?2, coalesce(max(ordinal) + 1, 0), ?3 FROM person_fact WHERE lane = ?1 AND person = ?2`),
  raiseEnd: db.prepare(`
    INSERT INTO people_head (lane, next_position) VALUES (?, 1)
    ON CONFLICT (lane) DO UPDATE SET next_position = next_position + 1`),
  keepProfile: db.prepare(`
    INSERT INTO person (lane, person, revision, is_identified, profile) VALUES (?, ?, 0, 0, ?)
    ON CONFLICT (lane, person) DO UPDATE SET profile = excluded.profile`),
  useProof: db.prepare("INSERT INTO used_identity_token VALUES (?, ?)"),
  proof: db.prepare("SELECT 1 FROM used_identity_token WHERE hash = ?"),
  forgetProofs: db.prepare("DELETE FROM used_identity_token WHERE expires_at < ?"),
  openSession: db.prepare("INSERT INTO session VALUES (?, ?, ?, ?) ON CONFLICT (token_hash) DO NOTHING"),
  extendSession: db.prepare("UPDATE session SET expires_at = ? WHERE token_hash = ? AND expires_at >= ?"),
  endSession: db.prepare("UPDATE session SET expires_at = min(expires_at, ?) WHERE token_hash = ?"),
  endSessionsOf: db.prepare("UPDATE session SET expires_at = min(expires_at, ?) WHERE person = ?"),
  forgetSessions: db.prepare("DELETE FROM session WHERE expires_at < ?"),
})

/** People of one connection. */
export interface PeopleWriter {
  readonly change: (change: IdentityChange) => Kept | "used"
  readonly keepProfile: (
    organization: Lane.Owner,
    concordId: string,
    profile: string,
    idempotencyRecord: IdempotencyRecord | undefined,
  ) => Kept
  readonly extendSession: (tokenHash: string, seen: Instant, expiresAt: Instant) => Kept
}

/** Prepares the statements. */
export const make = (db: DatabaseSync, aliases: AliasWriter, idempotency: IdempotencyWriter): PeopleWriter => {
  const statements = prepareStatements(db)

  const isAsSeen = (organization: Lane.Owner, { concordId, revision }: IdentityChange["seen"][number]): boolean => {
    const row = statements.revision.get(Lane.of(organization, concordId), Uuid.toBytes(concordId))
    return Number(row?.["revision"] ?? 0) === revision
  }

  const recordFact = (organization: Lane.Owner, fact: Fact): void => {
    const body = JSON.stringify(fact)
    for (const concordId of new Set([fact.member, fact.survivor])) {
      const lane = Lane.of(organization, concordId)
      statements.touch.run(lane, Uuid.toBytes(concordId))
      statements.insertFact.run(lane, Uuid.toBytes(concordId), body)
    }
  }

  const openSession = (session: Session): void => {
    const { concordId, expiresAt, tokenHash } = session
    statements.forgetSessions.run(expiresAt - expiredKeptMillis)
    statements.openSession.run(Uuid.toBytes(tokenHash), Uuid.toBytes(concordId), expiresAt, JSON.stringify(session))
  }

  const endSessions = ({ at, sessionsOf, tokenHash }: NonNullable<IdentityChange["ends"]>): void => {
    if (tokenHash !== undefined) statements.endSession.run(at, Uuid.toBytes(tokenHash))
    if (sessionsOf !== undefined) statements.endSessionsOf.run(at, Uuid.toBytes(sessionsOf))
  }

  const useProof = ({ hash, expiresAt }: NonNullable<IdentityChange["identityToken"]>): void => {
    statements.forgetProofs.run(expiresAt - 2 * expiredKeptMillis)
    statements.useProof.run(Uuid.toBytes(hash), expiresAt)
  }

  const change = (change: IdentityChange): Kept | "used" => {
    const {
      organization,
      seen,
      claims,
      releases,
      facts,
      identityToken: proof,
      session,
      ends,
      idempotencyRecord,
    } = change
    if (idempotency.has(organization, idempotencyRecord)) return "repeated"
    if (proof !== undefined && statements.proof.get(Uuid.toBytes(proof.hash)) !== undefined) return "used"
    const isCurrent = seen.every((each) => isAsSeen(organization, each))
    if (!isCurrent || !claims.every((claim) => aliases.isFree(organization, claim))) return "stale"
    for (const hash of releases) aliases.release(organization, hash)
    for (const claim of claims) aliases.claim(organization, claim)
    for (const fact of facts) recordFact(organization, fact)
    for (const lane of PeopleLanes.of(change)) statements.raiseEnd.run(lane)
    if (proof !== undefined) useProof(proof)
    if (ends !== undefined) endSessions(ends)
    if (session !== undefined) openSession(session)
    idempotency.keep(organization, idempotencyRecord)
    return "kept"
  }

  return {
    change,
    keepProfile: (organization, concordId, profile, idempotencyRecord) => {
      if (idempotency.has(organization, idempotencyRecord)) return "repeated"
      statements.keepProfile.run(Lane.of(organization, concordId), Uuid.toBytes(concordId), profile)
      idempotency.keep(organization, idempotencyRecord)
      return "kept"
    },
    extendSession: (tokenHash, seen, expiresAt) => {
      statements.extendSession.run(expiresAt, Uuid.toBytes(tokenHash), seen)
      return "kept"
    },
  }
}
