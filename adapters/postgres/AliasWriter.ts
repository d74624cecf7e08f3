/**
 * Writes which person an alias names.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Claim } from "../../core/model/People.ts"
import type { Release } from "../../core/ports/PeopleStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as PersonWriter from "./PersonWriter.ts"
import * as Sql from "./Sql.ts"

/** A claim of an alias in an organization. */
export interface OrganizationClaim {
  readonly organization: Lane.Owner
  readonly claim: Claim
}

const claimed = ArrayColumns.make<OrganizationClaim>({
  lane: ["bigint", ({ claim, organization }) => Lane.of(organization, claim.hash)],
  hash: ["bytea", ({ claim }) => ArrayColumns.bytes(claim.hash)],
  person: ["uuid", ({ claim }) => claim.concordId],
  recorded_at: ["bigint", ({ claim }) => claim.dateCreated],
  kind: ["text", ({ claim }) => claim.kind],
  project: ["uuid", ({ claim }) => claim.project],
  normalization: ["bigint", ({ claim }) => claim.normalization],
})

/**
 * Fills in the kinds of aliases that were claimed before kinds were kept. Returns how many rows it has changed: fewer
 * than there were if one was released meanwhile.
 */
const fillIn = (sql: Sql.Sql, parameters: ReadonlyArray<Sql.Parameter>) =>
  Sql.write(
    sql,
    `UPDATE alias a SET kind = v.kind, project = v.project, normalization = v.normalization FROM ${claimed.rows} v
     WHERE a.lane = v.lane AND a.hash = v.hash AND a.person = v.person AND a.kind IS NULL`,
    parameters,
  )

const compared = ArrayColumns.make<OrganizationClaim>({
  lane: ["bigint", ({ claim, organization }) => Lane.of(organization, claim.hash)],
  hash: ["bytea", ({ claim }) => ArrayColumns.bytes(claim.hash)],
  released_at: ["bigint", ({ claim }) => claim.releasedAt],
})

/**
 * Whether no alias was released since it was read for its claim. It is read after the aliases are inserted, because an
 * insertion may wait for the transaction that releases one.
 */
const areUnreleased = (sql: Sql.Sql, claims: ReadonlyArray<OrganizationClaim>) => {
  const read = claims.filter(({ claim }) => claim.releasedAt !== undefined)
  if (read.length === 0) return Effect.succeed(true)
  const later = Sql.query(
    sql,
    `SELECT FROM ${compared.rows} v JOIN former_alias f ON f.lane = v.lane AND f.hash = v.hash
     WHERE f.released_at > v.released_at LIMIT 1`,
    compared.parameters(read),
  )
  return Effect.map(later, ({ length }) => length === 0)
}

/**
 * Locks people and then inserts the aliases, each in ascending order: the people that a claim names by something else
 * than a browser's `contextId`, and others whose revisions are raised, too. Returns false if an alias names another
 * person or was released since it was read, or if a person had another revision than the one it must have.
 */
export const claim = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  claims: ReadonlyArray<OrganizationClaim>,
  others: ReadonlyArray<PersonWriter.RaisedPerson> = [],
) {
  const identified = claims
    .filter(({ claim }) => claim.kind !== "contextId")
    .map(({ claim: { concordId }, organization }) => ({ organization, concordId, isIdentified: true }))
  const raise = PersonWriter.raiseSeen(sql, [...identified, ...others])
  if (claims.length === 0) return yield* raise
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
  const [areAsSeen, inserted, areRead] = yield* Effect.all([raise, insert, areUnreleased(sql, claims)], {
    concurrency: "unbounded",
  })
  if (!areAsSeen || !areRead || inserted === byKey.size) return areAsSeen && areRead
  const own = yield* Sql.query<{ readonly is_unknown: boolean }>(
    sql,
    `SELECT a.kind IS NULL AS is_unknown FROM ${claimed.rows} v
     JOIN alias a ON a.lane = v.lane AND a.hash = v.hash AND a.person = v.person`,
    parameters,
  )
  if (own.length !== byKey.size) return false
  const unknown = own.filter(({ is_unknown }) => is_unknown).length
  return unknown === 0 || (yield* fillIn(sql, parameters)) === unknown
})

const released = ArrayColumns.make<Release & Pick<OrganizationClaim, "organization">>({
  lane: ["bigint", ({ hash, organization }) => Lane.of(organization, hash)],
  hash: ["bytea", ({ hash }) => ArrayColumns.bytes(hash)],
  released_at: ["bigint", ({ dateCreated }) => dateCreated],
  is_renamed: ["boolean", ({ isRenamed }) => isRenamed === true],
})

interface ReleasedRow {
  readonly lane: number
  readonly hash: string
  readonly recorded_at: number
  readonly released_at: number | null
  readonly person: string
  readonly kind: string | null
  readonly project: string | null
  readonly is_renamed: boolean
}

const former = ArrayColumns.make<ReleasedRow>({
  lane: ["bigint", ({ lane }) => lane],
  hash: ["bytea", ({ hash }) => ArrayColumns.bytes(hash)],
  recorded_at: ["bigint", ({ recorded_at }) => recorded_at],
  released_at: ["bigint", ({ released_at }) => released_at],
  person: ["uuid", ({ person }) => person],
  kind: ["text", ({ kind }) => kind],
  project: ["uuid", ({ project }) => project],
  is_renamed: ["boolean", ({ is_renamed }) => is_renamed],
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
     RETURNING a.lane, encode(a.hash, 'hex') AS hash, a.recorded_at, v.released_at, a.person, a.kind, a.project,
       v.is_renamed`,
    released.parameters(releases.map((each) => ({ ...each, organization }))),
  )
  const kept = rows.filter(({ released_at }) => released_at !== null)
  if (kept.length > 0) {
    yield* Sql.query(sql, `INSERT INTO former_alias SELECT * FROM ${former.rows} v`, former.parameters(kept))
  }
  yield* PersonWriter.raise(
    sql,
    organization,
    rows.map(({ person }) => person),
  )
})
