/**
 * Writes identity and profiles: aliases, facts, and identity tokens that were used.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import type { Fact } from "../../core/model/People.ts"
import * as PeopleLanes from "../../core/ports/PeopleLanes.ts"
import type { Kept, IdentityChange, IdempotencyRecord } from "../../core/ports/LedgerStore.ts"
import type { AliasWriter } from "./AliasWriter.ts"
import type { IdempotencyWriter } from "./IdempotencyWriter.ts"
import type { JoinedWriter } from "./JoinedWriter.ts"
import type { SessionWriter } from "./SessionWriter.ts"
import * as Uuid from "./Uuid.ts"

/**
 * How long a used identity token is kept after it has expired, in milliseconds, compared with the expiry of the token
 * that is used now. A token lives for an hour at most, so a used one stays known for more than a day after it has
 * expired, even if the clock is set back.
 */
const expiredKeptMillis = 2 * 24 * 60 * 60 * 1000

type IdentityToken = NonNullable<IdentityChange["identityToken"]>

const prepareStatements = (db: DatabaseSync) => ({
  revision: db.prepare("SELECT revision FROM person WHERE lane = ? AND person = ?"),
  raiseRevision: db.prepare(`
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
  usedToken: db.prepare("SELECT 1 FROM used_identity_token WHERE hash = ?"),
  useToken: db.prepare("INSERT INTO used_identity_token VALUES (?, ?)"),
  removeExpiredTokens: db.prepare("DELETE FROM used_identity_token WHERE expires_at < ?"),
})

/** The commands about people. */
export interface PeopleWriter {
  readonly changePeople: (change: IdentityChange) => Kept | "used"
  readonly keepProfile: (keep: {
    readonly organization: Lane.Owner
    readonly concordId: string
    readonly profile: string
    readonly idempotencyRecord: IdempotencyRecord | undefined
  }) => Kept
}

/** Prepares the statements. */
export const make = (
  db: DatabaseSync,
  aliases: AliasWriter,
  joined: JoinedWriter,
  sessions: SessionWriter,
  idempotency: IdempotencyWriter,
): PeopleWriter => {
  const statements = prepareStatements(db)

  const isAsSeen = (organization: Lane.Owner, { concordId, revision }: IdentityChange["seen"][number]): boolean => {
    const row = statements.revision.get(Lane.of(organization, concordId), Uuid.toBytes(concordId))
    return Number(row?.["revision"] ?? 0) === revision
  }

  const recordFact = (organization: Lane.Owner, fact: Fact): void => {
    const body = JSON.stringify(fact)
    for (const concordId of new Set([fact.member, fact.survivor])) {
      const lane = Lane.of(organization, concordId)
      statements.raiseRevision.run(lane, Uuid.toBytes(concordId))
      statements.insertFact.run(lane, Uuid.toBytes(concordId), body)
    }
  }

  const isUsed = ({ hash }: IdentityToken): boolean => statements.usedToken.get(Uuid.toBytes(hash)) !== undefined

  const useToken = ({ hash, expiresAt }: IdentityToken): void => {
    statements.removeExpiredTokens.run(expiresAt - expiredKeptMillis)
    statements.useToken.run(Uuid.toBytes(hash), expiresAt)
  }

  const changePeople = (change: IdentityChange): Kept | "used" => {
    const { organization, seen, claims, releases, facts, joining, identityToken, session, ends, idempotencyRecord } =
      change
    if (idempotency.has(organization, idempotencyRecord)) return "repeated"
    if (identityToken !== undefined && isUsed(identityToken)) return "used"
    const isCurrent =
      seen.every((each) => isAsSeen(organization, each)) && (joining === undefined || joined.isCurrent(joining))
    if (!isCurrent || !claims.every((claim) => aliases.isFree(organization, claim))) return "stale"
    for (const release of releases) aliases.release(organization, release)
    for (const claim of claims) aliases.claim(organization, claim)
    for (const fact of facts) recordFact(organization, fact)
    if (joining !== undefined) joined.change(organization, joining)
    for (const lane of PeopleLanes.of(change)) statements.raiseEnd.run(lane)
    if (identityToken !== undefined) useToken(identityToken)
    if (ends !== undefined) sessions.end(ends)
    if (session !== undefined) sessions.open(session)
    idempotency.keep(organization, idempotencyRecord)
    return "kept"
  }

  return {
    changePeople,
    keepProfile: ({ organization, concordId, profile, idempotencyRecord }) => {
      if (idempotency.has(organization, idempotencyRecord)) return "repeated"
      statements.keepProfile.run(Lane.of(organization, concordId), Uuid.toBytes(concordId), profile)
      idempotency.keep(organization, idempotencyRecord)
      return "kept"
    },
  }
}
