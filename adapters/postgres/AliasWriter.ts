/**
 * Aliases: the hashes of identifiers, each of which names one person.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Claim, Named } from "../../core/model/People.ts"
import type { Release } from "../../core/ports/PeopleStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as Sql from "./Sql.ts"

/** A claim of an alias in an organization. */
export interface OrganizationClaim {
  readonly organization: Lane.Owner
  readonly claim: Claim
}

interface Alias {
  readonly organization: Lane.Owner
  readonly hash: string
}

const hashes = ArrayColumns.make<Alias>({
  lane: ["bigint", ({ hash, organization }) => Lane.of(organization, hash)],
  hash: ["bytea", ({ hash }) => ArrayColumns.bytes(hash)],
})

interface NamedRow {
  readonly hash: string
  readonly person: string
  readonly recorded_at: number
}

/** The person that each hash names, in the order of the hashes; `undefined` for a hash that names no one. */
export const find = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  wanted: ReadonlyArray<string>,
) {
  if (wanted.length === 0) return []
  const rows = yield* Sql.query<NamedRow>(
    sql,
    `SELECT encode(v.hash, 'hex') AS hash, a.person, a.recorded_at FROM ${hashes.rows} v
     JOIN alias a ON a.lane = v.lane AND a.hash = v.hash`,
    hashes.parameters(wanted.map((hash) => ({ organization, hash }))),
  )
  return inOrder(wanted, rows)
})

/** Like {@link find}, as known at an instant: what a hash named before its release comes before what it names now. */
export const findAsKnown = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  wanted: ReadonlyArray<string>,
  knownAt: Instant,
) {
  if (wanted.length === 0) return []
  const rows = yield* Sql.query<NamedRow>(
    sql,
    `SELECT encode(v.hash, 'hex') AS hash, a.person, a.recorded_at FROM ${hashes.rows} v
     JOIN (SELECT lane, hash, person, recorded_at, 9223372036854775807 AS released_at FROM alias
       UNION ALL SELECT lane, hash, person, recorded_at, released_at FROM former_alias) a
     ON a.lane = v.lane AND a.hash = v.hash WHERE a.recorded_at <= $3 AND a.released_at > $3
     ORDER BY a.released_at = 9223372036854775807 DESC, a.recorded_at DESC, a.released_at DESC`,
    [...hashes.parameters(wanted.map((hash) => ({ organization, hash }))), knownAt],
  )
  return inOrder(wanted, rows)
})

/** Of several rows of one hash, the last one counts. */
const inOrder = (wanted: ReadonlyArray<string>, rows: ReadonlyArray<NamedRow>): ReadonlyArray<Named | undefined> => {
  const named = new Map(
    rows.map(({ hash, person, recorded_at }): readonly [string, Named] => [
      hash,
      { concordId: person, dateCreated: recorded_at },
    ]),
  )
  return wanted.map((hash) => named.get(hash))
}

interface Person {
  readonly organization: Lane.Owner
  readonly concordId: string
}

/** The keys of people: their lane and their id. */
export const people = ArrayColumns.make<Person>({
  lane: ["bigint", ({ concordId, organization }) => Lane.of(organization, concordId)],
  person: ["uuid", ({ concordId }) => concordId],
})

/**
 * Marks the people as identified that a claim names by something else than a browser's `contextId`, in ascending order.
 */
const identify = (sql: Sql.Sql, claims: ReadonlyArray<OrganizationClaim>) => {
  const named = new Map(
    claims
      .filter(({ claim }) => claim.kind !== "contextId")
      .map(({ claim: { concordId }, organization }) => [concordId, { organization, concordId }]),
  )
  return named.size === 0
    ? Effect.void
    : Sql.query(
        sql,
        `INSERT INTO person (lane, person, revision, is_identified)
         SELECT lane, person, 1, true FROM ${people.rows} v ORDER BY lane, person
         ON CONFLICT (lane, person) DO UPDATE SET revision = person.revision + 1, is_identified = true`,
        people.parameters([...named.values()]),
      )
}

const claimed = ArrayColumns.make<OrganizationClaim>({
  lane: ["bigint", ({ claim, organization }) => Lane.of(organization, claim.hash)],
  hash: ["bytea", ({ claim }) => ArrayColumns.bytes(claim.hash)],
  person: ["uuid", ({ claim }) => claim.concordId],
  recorded_at: ["bigint", ({ claim }) => claim.dateCreated],
})

/**
 * Locks the people that are identified and then inserts the aliases, each in ascending order. Returns false if an alias
 * names another person.
 */
export const claim = Effect.fnUntraced(function* (sql: Sql.Sql, claims: ReadonlyArray<OrganizationClaim>) {
  if (claims.length === 0) return true
  const byKey = new Map<string, OrganizationClaim>()
  for (const each of claims) {
    const key = `${Lane.of(each.organization, each.claim.hash)} ${each.claim.hash}`
    if ((byKey.get(key) ?? each).claim.concordId !== each.claim.concordId) return false
    byKey.set(key, each)
  }
  const parameters = claimed.parameters([...byKey.values()])
  const insert = Sql.write(
    sql,
    `INSERT INTO alias SELECT * FROM ${claimed.rows} v ORDER BY lane, hash ON CONFLICT (lane, hash) DO NOTHING`,
    parameters,
  )
  const [, inserted] = yield* Effect.all([identify(sql, claims), insert], { concurrency: "unbounded" })
  if (inserted === byKey.size) return true
  const rows = yield* Sql.query(
    sql,
    `SELECT 1 AS own FROM ${claimed.rows} v
     JOIN alias a ON a.lane = v.lane AND a.hash = v.hash AND a.person = v.person`,
    parameters,
  )
  return rows.length === byKey.size
})

/** Raises the revision of people, in ascending order. */
export const raise = (sql: Sql.Sql, organization: Lane.Owner, concordIds: Iterable<string>) =>
  Sql.query(
    sql,
    `INSERT INTO person (lane, person, revision, is_identified)
     SELECT lane, person, 1, false FROM ${people.rows} v ORDER BY lane, person
     ON CONFLICT (lane, person) DO UPDATE SET revision = person.revision + 1`,
    people.parameters([...new Set(concordIds)].map((concordId) => ({ organization, concordId }))),
  )

const released = ArrayColumns.make<Release & Pick<Alias, "organization">>({
  lane: ["bigint", ({ hash, organization }) => Lane.of(organization, hash)],
  hash: ["bytea", ({ hash }) => ArrayColumns.bytes(hash)],
  released_at: ["bigint", ({ dateCreated }) => dateCreated],
})

interface ReleasedRow extends NamedRow {
  readonly lane: number
  readonly released_at: number | null
}

const former = ArrayColumns.make<ReleasedRow>({
  lane: ["bigint", ({ lane }) => lane],
  hash: ["bytea", ({ hash }) => ArrayColumns.bytes(hash)],
  recorded_at: ["bigint", ({ recorded_at }) => recorded_at],
  released_at: ["bigint", ({ released_at }) => released_at],
  person: ["uuid", ({ person }) => person],
})

/** Removes aliases, keeps what they were, and raises the revision of the people that they named. */
export const release = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  releases: ReadonlyArray<Release>,
) {
  if (releases.length === 0) return
  const rows = yield* Sql.query<ReleasedRow>(
    sql,
    `DELETE FROM alias a USING ${released.rows} v WHERE a.lane = v.lane AND a.hash = v.hash
     RETURNING a.lane, encode(a.hash, 'hex') AS hash, a.recorded_at, v.released_at, a.person`,
    released.parameters(releases.map((each) => ({ ...each, organization }))),
  )
  const kept = rows.filter(({ released_at }) => released_at !== null)
  if (kept.length > 0) {
    yield* Sql.query(sql, `INSERT INTO former_alias SELECT * FROM ${former.rows} v`, former.parameters(kept))
  }
  const named = rows.map(({ person }) => person)
  if (named.length > 0) yield* raise(sql, organization, named)
})
