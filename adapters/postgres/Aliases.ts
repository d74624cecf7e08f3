/**
 * Whom aliases name.
 */
import { Effect } from "effect"
import * as Lane from "../../core/Lane.ts"
import type { Claim, Named } from "../../core/People.ts"
import * as Sql from "./Sql.ts"

/** A claim, and whose aliases it is among. */
export interface Owned {
  readonly organization: Lane.Owner
  readonly claim: Claim
}

/** Whom each hash names. */
export const find = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  hashes: ReadonlyArray<string>,
) {
  if (hashes.length === 0) return []
  const rows = yield* Sql.query<{ readonly hash: string; readonly person: string; readonly recorded_at: number }>(
    sql,
    `SELECT v.hash, a.person, a.recorded_at FROM unnest($1::bigint[], $2::text[]) AS v (lane, hash)
     JOIN alias a ON a.lane = v.lane AND a.hash = decode(v.hash, 'hex')`,
    [hashes.map((hash) => Lane.of(organization, hash)), hashes],
  )
  const named = new Map(
    rows.map(({ hash, person, recorded_at }): readonly [string, Named] => [
      hash,
      { concordId: person, dateCreated: recorded_at },
    ]),
  )
  return hashes.map((hash) => named.get(hash))
})

const identify = (sql: Sql.Sql, claims: ReadonlyArray<Owned>) => {
  const people = new Map(
    claims
      .filter(({ claim }) => claim.kind !== "contextId")
      .map(({ claim, organization }) => [claim.concordId, Lane.of(organization, claim.concordId)]),
  )
  return people.size === 0
    ? Effect.void
    : Sql.query(
        sql,
        `INSERT INTO person (lane, person, revision, is_identified)
         SELECT lane, person, 1, true FROM unnest($1::bigint[], $2::uuid[]) AS v (lane, person) ORDER BY lane, person
         ON CONFLICT (lane, person) DO UPDATE SET revision = person.revision + 1, is_identified = true`,
        [[...people.values()], [...people.keys()]],
      )
}

/** Claims aliases, the people first and each in ascending order; answers false where an alias names somebody else. */
export const claim = Effect.fnUntraced(function* (sql: Sql.Sql, claims: ReadonlyArray<Owned>) {
  if (claims.length === 0) return true
  const wanted = new Map<string, Owned>()
  for (const each of claims) {
    const key = `${Lane.of(each.organization, each.claim.hash)} ${each.claim.hash}`
    if ((wanted.get(key) ?? each).claim.concordId !== each.claim.concordId) return false
    wanted.set(key, each)
  }
  yield* identify(sql, claims)
  const each = [...wanted.values()]
  const parameters = [
    each.map(({ claim, organization }) => Lane.of(organization, claim.hash)),
    each.map(({ claim }) => claim.hash),
    each.map(({ claim }) => claim.concordId),
  ]
  const inserted = yield* Sql.query(
    sql,
    `INSERT INTO alias SELECT v.lane, decode(v.hash, 'hex'), v.person, v.recorded_at
     FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::bigint[]) AS v (lane, hash, person, recorded_at)
     ORDER BY v.lane, v.hash ON CONFLICT (lane, hash) DO NOTHING RETURNING lane`,
    [...parameters, each.map(({ claim }) => claim.dateCreated)],
  )
  if (inserted.length === each.length) return true
  const rows = yield* Sql.query(
    sql,
    `SELECT 1 AS own FROM unnest($1::bigint[], $2::text[], $3::uuid[]) AS v (lane, hash, person)
     JOIN alias a ON a.lane = v.lane AND a.hash = decode(v.hash, 'hex') AND a.person = v.person`,
    parameters,
  )
  return rows.length === each.length
})

/** Lets hashes name nobody, and raises the revision of whom they named. */
export const release = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  hashes: ReadonlyArray<string>,
) {
  if (hashes.length === 0) return
  const rows = yield* Sql.query<{ readonly person: string }>(
    sql,
    `DELETE FROM alias a USING unnest($1::bigint[], $2::text[]) AS v (lane, hash)
     WHERE a.lane = v.lane AND a.hash = decode(v.hash, 'hex') RETURNING a.person`,
    [hashes.map((hash) => Lane.of(organization, hash)), hashes],
  )
  const people = [...new Set(rows.map(({ person }) => person))]
  yield* Sql.query(
    sql,
    `INSERT INTO person (lane, person, revision, is_identified)
     SELECT lane, person, 1, false FROM unnest($1::bigint[], $2::uuid[]) AS v (lane, person) ORDER BY lane, person
     ON CONFLICT (lane, person) DO UPDATE SET revision = person.revision + 1`,
    [people.map((person) => Lane.of(organization, person)), people],
  )
})
