/**
 * Changes who is who, in one transaction: the people first, in ascending order, then what they are changed by.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Fact } from "../../core/model/People.ts"
import * as PeopleLanes from "../../core/ports/PeopleLanes.ts"
import type { Kept, IdentityChange, Session } from "../../core/ports/LedgerStore.ts"
import * as AliasWriter from "./AliasWriter.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as IdempotentChange from "./IdempotentChange.ts"
import * as IdempotencyWriter from "./IdempotencyWriter.ts"
import * as Sql from "./Sql.ts"

/** What belongs to no project is spread over these lanes. */
export const everywhere: Lane.Owner = { number: 0, lanes: Lane.defaultCount }

/** How long an expired session or proof is kept, so that a clock that is set back does not bring it back. */
const expiredKeptMillis = 24 * 60 * 60 * 1000

/** Locks everybody whom the change is about, and tells whether they are as they were seen. */
const areAsSeen = Effect.fnUntraced(function* (sql: Sql.Sql, { claims, facts, organization, seen }: IdentityChange) {
  const revisions = new Map(seen.map(({ concordId, revision }) => [concordId, revision]))
  const named = claims.filter(({ kind }) => kind !== "contextId").map(({ concordId }) => concordId)
  const people = [
    ...new Set([...revisions.keys(), ...named, ...facts.flatMap(({ member, survivor }) => [member, survivor])]),
  ]
  if (people.length === 0) return true
  // An update that changes nothing locks what is there, and is planned over many shards where FOR UPDATE is not.
  const rows = yield* Sql.query<{ readonly person: string; readonly revision: number }>(
    sql,
    `INSERT INTO person (lane, person, revision, is_identified)
     SELECT lane, person, 0, false FROM ${AliasWriter.people.rows} v ORDER BY lane, person
     ON CONFLICT (lane, person) DO UPDATE SET revision = person.revision RETURNING person, revision`,
    AliasWriter.people.of(people.map((concordId) => ({ organization, concordId }))),
  )
  return rows.every(({ person, revision }) => (revisions.get(person) ?? revision) === revision)
})

const recordFact = Effect.fnUntraced(function* (sql: Sql.Sql, organization: Lane.Owner, fact: Fact) {
  const people = [...new Set([fact.member, fact.survivor])].toSorted()
  yield* AliasWriter.raise(sql, organization, people)
  for (const concordId of people) {
    const lane = Lane.of(organization, concordId)
    yield* Sql.query(
      sql,
      `INSERT INTO person_fact (lane, person, ordinal, body)
       SELECT $1::bigint, $2::uuid, coalesce(max(ordinal) + 1, 0), $3::text FROM person_fact WHERE lane = $1 AND person = $2`,
      [lane, concordId, JSON.stringify(fact)],
    )
  }
})

/** Uses a proof; answers false where it was used before. */
const useProof = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  { expiresAt, hash }: NonNullable<IdentityChange["identityToken"]>,
) {
  const lane = Lane.of(everywhere, hash)
  yield* Sql.query(sql, "DELETE FROM used_identity_token WHERE lane = $1 AND expires_at < $2", [
    lane,
    expiresAt - 2 * expiredKeptMillis,
  ])
  const rows = yield* Sql.query(
    sql,
    "INSERT INTO used_identity_token VALUES ($1, decode($2, 'hex'), $3) ON CONFLICT (lane, hash) DO NOTHING RETURNING lane",
    [lane, hash, expiresAt],
  )
  return rows.length > 0
})

const endSessions = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  { at, sessionsOf, tokenHash }: NonNullable<IdentityChange["ends"]>,
) {
  if (tokenHash !== undefined) {
    yield* Sql.query(
      sql,
      "UPDATE session SET expires_at = least(expires_at, $3) WHERE lane = $1 AND token_hash = decode($2, 'hex')",
      [Lane.of(everywhere, tokenHash), tokenHash, at],
    )
  }
  if (sessionsOf === undefined) return
  yield* Sql.query(
    sql,
    "UPDATE session SET expires_at = least(expires_at, $3) WHERE lane = ANY($1::bigint[]) AND person = $2",
    [Lane.all(everywhere), sessionsOf, at],
  )
})

const openSession = Effect.fnUntraced(function* (sql: Sql.Sql, session: Session) {
  const { concordId, expiresAt, tokenHash } = session
  const lane = Lane.of(everywhere, tokenHash)
  yield* Sql.query(sql, "DELETE FROM session WHERE lane = $1 AND expires_at < $2", [
    lane,
    expiresAt - expiredKeptMillis,
  ])
  yield* Sql.query(
    sql,
    `INSERT INTO session VALUES ($1, decode($2, 'hex'), $3, $4, $5) ON CONFLICT (lane, token_hash) DO NOTHING`,
    [lane, tokenHash, concordId, expiresAt, JSON.stringify(session)],
  )
})

const counted = ArrayColumns.make<number>({ lane: ["bigint", (lane) => lane] })

/** Counts the change in its lanes. The last step: whoever else changes somebody of the same lanes waits only for the commit. */
const count = (sql: Sql.Sql, change: IdentityChange) =>
  Sql.query(
    sql,
    `INSERT INTO people_head SELECT v.lane, 1 FROM ${counted.rows} v ORDER BY v.lane
     ON CONFLICT (lane) DO UPDATE SET next_position = people_head.next_position + 1`,
    counted.of(PeopleLanes.of(change)),
  )

const steps = Effect.fnUntraced(function* (sql: Sql.Sql, change: IdentityChange) {
  const { claims, ends, facts, organization, identityToken: proof, idempotencyRecord, releases, session } = change
  const idempotency = idempotencyRecord === undefined ? [] : [{ owner: organization, idempotencyRecord }]
  if (!(yield* IdempotencyWriter.keep(sql, idempotency))) return "repeated"
  if (!(yield* areAsSeen(sql, change))) return "stale"
  yield* AliasWriter.release(sql, organization, releases)
  const owned = claims.map((claim) => ({ organization, claim }))
  if (!(yield* AliasWriter.claim(sql, owned))) return "stale"
  for (const fact of facts) yield* recordFact(sql, organization, fact)
  if (proof !== undefined && !(yield* useProof(sql, proof))) return "used"
  if (ends !== undefined) yield* endSessions(sql, ends)
  if (session !== undefined) yield* openSession(sql, session)
  if (facts.length + releases.length > 0) yield* count(sql, change)
  return "kept"
})

/** Changes who is who. */
export const change = (sql: Sql.Sql, asked: IdentityChange) =>
  IdempotentChange.change<Kept | "used">(sql, asked.organization, steps(sql, asked))
