/**
 * Writes identity changes and profiles, and the identity tokens that were used.
 */
import type { DatabaseSync } from "node:sqlite"
import type * as Lane from "../../core/model/Lane.ts"
import * as PeopleLanes from "../../core/ports/PeopleLanes.ts"
import * as UsedKeys from "../../core/ports/UsedKeys.ts"
import type { Kept, IdentityChange, IdempotencyRecord, PersonalWrites } from "../../core/ports/LedgerStore.ts"
import type { AliasWriter } from "./AliasWriter.ts"
import type { PersonalWriter } from "./PersonalWriter.ts"
import type { PersonWriter } from "./PersonWriter.ts"
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
  usedToken: db.prepare("SELECT 1 FROM used_identity_token WHERE hash = ?"),
  useToken: db.prepare("INSERT INTO used_identity_token VALUES (?, ?, ?)"),
  removeExpiredTokens: db.prepare("DELETE FROM used_identity_token WHERE expires_at < ?"),
})

/** The commands about people. */
export interface PeopleWriter {
  readonly changePeople: (change: IdentityChange) => Kept | "used"
  readonly keepProfile: (keep: {
    readonly organization: Lane.Owner
    readonly concordId: string
    readonly personal: PersonalWrites
    readonly idempotencyRecord: IdempotencyRecord | undefined
  }) => Kept
}

/** Prepares the statements. */
export const make = (
  db: DatabaseSync,
  aliases: AliasWriter,
  people: PersonWriter,
  joined: JoinedWriter,
  sessions: SessionWriter,
  personal: PersonalWriter,
  idempotency: IdempotencyWriter,
): PeopleWriter => {
  const statements = prepareStatements(db)

  const isUsed = ({ hash }: IdentityToken): boolean => statements.usedToken.get(Uuid.toBytes(hash)) !== undefined

  const useToken = ({ concordId, hash, expiresAt }: IdentityToken): void => {
    statements.removeExpiredTokens.run(expiresAt - expiredKeptMillis)
    statements.useToken.run(Uuid.toBytes(hash), expiresAt, Uuid.toBytes(concordId))
  }

  /** Whether one of the people of a change was erased. */
  const isAboutErased = (change: IdentityChange): boolean => {
    const { claims, facts, organization, personal: written, seen, session } = change
    const used = UsedKeys.of(written)
    const people = new Set([...seen, ...claims].map(({ concordId }) => concordId))
    for (const { member, survivor } of facts) people.add(member).add(survivor)
    if (session !== undefined) people.add(session.concordId)
    for (const person of used.keys()) people.add(person)
    return people.values().some((person) => personal.isErased(organization, person, used.get(person)))
  }

  const changePeople = (change: IdentityChange): Kept | "used" => {
    const { organization, seen, claims, releases, facts, joining, identityToken, session, ends, idempotencyRecord } =
      change
    if (idempotency.has(organization, idempotencyRecord)) return "repeated"
    if (identityToken !== undefined && isUsed(identityToken)) return "used"
    const isCurrent = people.areAsSeen(organization, seen) && (joining === undefined || joined.isCurrent(joining))
    const released = new Set(releases.map(({ hash }) => hash))
    if (!isCurrent || !claims.every((claim) => released.has(claim.hash) || aliases.isFree(organization, claim)))
      return "stale"
    if (isAboutErased(change) || !personal.areFree(organization, change.personal)) return "stale"
    personal.keep(organization, change.personal)
    for (const release of releases) aliases.release(organization, release)
    aliases.claim(organization, claims)
    for (const fact of facts) people.record(organization, fact)
    if (joining !== undefined) joined.change(organization, joining)
    people.count(PeopleLanes.of(change))
    if (identityToken !== undefined) useToken(identityToken)
    if (ends !== undefined) sessions.end(ends)
    if (session !== undefined) sessions.open(session)
    idempotency.keep(organization, idempotencyRecord)
    return "kept"
  }

  return {
    changePeople,
    keepProfile: ({ organization, concordId, personal: kept, idempotencyRecord }) => {
      if (idempotency.has(organization, idempotencyRecord)) return "repeated"
      const usedKey = UsedKeys.of(kept).get(concordId)
      if (personal.isErased(organization, concordId, usedKey) || !personal.areFree(organization, kept)) return "stale"
      personal.keep(organization, kept)
      idempotency.keep(organization, idempotencyRecord)
      return "kept"
    },
  }
}
