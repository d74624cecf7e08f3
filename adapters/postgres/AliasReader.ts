/**
 * Reads which person an alias names or named, and which aliases people have or had.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { HeldAlias, Named } from "../../core/model/People.ts"
import type { AliasState } from "../../core/ports/PeopleStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as Sql from "./Sql.ts"

interface Alias {
  readonly organization: Lane.Owner
  readonly hash: string
}

const hashes = ArrayColumns.make<Alias>({
  lane: ["bigint", ({ hash, organization }) => Lane.of(organization, hash)],
  hash: ["bytea", ({ hash }) => ArrayColumns.bytes(hash)],
})

const parametersOf = (organization: Lane.Owner, wanted: ReadonlyArray<string>) =>
  hashes.parameters(wanted.map((hash) => ({ organization, hash })))

interface NamedRow {
  readonly hash: string
  readonly person: string
  readonly kind: Named["kind"] | null
  readonly recorded_at: number
}

const toNamed = ({ kind, person, recorded_at }: Omit<NamedRow, "hash">): Named => ({
  concordId: person,
  kind: kind ?? undefined,
  dateCreated: recorded_at,
})

/** Of several rows of one hash, the last one counts. */
const inOrder = (wanted: ReadonlyArray<string>, rows: ReadonlyArray<NamedRow>): ReadonlyArray<Named | undefined> => {
  const named = new Map(rows.map((row) => [row.hash, toNamed(row)]))
  return wanted.map((hash) => named.get(hash))
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
    `SELECT encode(v.hash, 'hex') AS hash, a.person, a.kind, a.recorded_at FROM ${hashes.rows} v
     JOIN alias a ON a.lane = v.lane AND a.hash = v.hash`,
    parametersOf(organization, wanted),
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
    `SELECT encode(v.hash, 'hex') AS hash, a.person, a.kind, a.recorded_at FROM ${hashes.rows} v
     JOIN (SELECT lane, hash, person, kind, recorded_at, 9223372036854775807 AS released_at FROM alias
       UNION ALL SELECT lane, hash, person, kind, recorded_at, released_at FROM former_alias) a
     ON a.lane = v.lane AND a.hash = v.hash WHERE a.recorded_at <= $3 AND a.released_at > $3
     ORDER BY a.released_at = 9223372036854775807 DESC, a.recorded_at DESC, a.released_at DESC`,
    [...parametersOf(organization, wanted), knownAt],
  )
  return inOrder(wanted, rows)
})

/** Either the person that a hash names, or a release of it. */
type StateRow =
  | (NamedRow & { readonly released_at: null })
  | { readonly hash: string; readonly released_at: number; readonly person: null }

/** The person that each hash names, and its last release, in the order of the hashes. */
export const states = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  wanted: ReadonlyArray<string>,
) {
  if (wanted.length === 0) return []
  const rows = yield* Sql.query<StateRow>(
    sql,
    `SELECT encode(v.hash, 'hex') AS hash, a.person, a.kind, a.recorded_at, a.released_at FROM ${hashes.rows} v
     JOIN (SELECT lane, hash, person, kind, recorded_at, NULL::bigint AS released_at FROM alias
       UNION ALL SELECT lane, hash, NULL::uuid, NULL::text, NULL::bigint, released_at FROM former_alias) a
     ON a.lane = v.lane AND a.hash = v.hash`,
    parametersOf(organization, wanted),
  )
  const named = new Map<string, Named>()
  const releasedAt = new Map<string, Instant>()
  for (const row of rows) {
    if (row.person !== null) named.set(row.hash, toNamed(row))
    else releasedAt.set(row.hash, Math.max(row.released_at, releasedAt.get(row.hash) ?? -Infinity))
  }
  return wanted.map((hash): AliasState => ({ named: named.get(hash), releasedAt: releasedAt.get(hash) }))
})

interface HeldRow extends NamedRow {
  readonly project: string | null
  readonly released_at: number | null
  readonly is_renamed: boolean
}

const toHeld = (row: HeldRow): HeldAlias => ({
  ...toNamed(row),
  hash: row.hash,
  ...(row.project !== null && { project: row.project }),
  ...(row.released_at !== null && { releasedAt: row.released_at }),
  ...(row.is_renamed && { isRenamed: true }),
})

/** What each hash named until it was released, in the order of the hashes and then of the releases. */
export const formerly = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  wanted: ReadonlyArray<string>,
) {
  if (wanted.length === 0) return []
  const rows = yield* Sql.query<HeldRow>(
    sql,
    `SELECT encode(v.hash, 'hex') AS hash, f.person, f.kind, f.project, f.recorded_at, f.released_at, f.is_renamed
     FROM ${hashes.rows} v JOIN former_alias f ON f.lane = v.lane AND f.hash = v.hash
     ORDER BY f.released_at, f.recorded_at`,
    parametersOf(organization, wanted),
  )
  const ofHash = Map.groupBy(rows, ({ hash }) => hash)
  return wanted.map((hash) => (ofHash.get(hash) ?? []).map(toHeld))
})

const selectOf = (table: string, released: string): string => `
  SELECT person, kind, project, hash, recorded_at, ${released} FROM ${table}
  WHERE lane = ANY($1::bigint[]) AND person = ANY($2::uuid[]) AND kind IS DISTINCT FROM 'contextId'`

/** The rows of each person, in the order of the people. */
const byPerson = (people: ReadonlyArray<string>, rows: ReadonlyArray<HeldRow>) => {
  const ofPerson = Map.groupBy(rows, ({ person }) => person)
  return people.map((person) => (ofPerson.get(person) ?? []).map(toHeld))
}

/** The aliases that name or named each of some people, in the order of the people and then of the claims. */
export const ofPeople = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  people: ReadonlyArray<string>,
) {
  if (people.length === 0) return []
  const rows = yield* Sql.query<HeldRow>(
    sql,
    `SELECT a.person, a.kind, a.project, encode(a.hash, 'hex') AS hash, a.recorded_at, a.released_at, a.is_renamed
     FROM (${selectOf("alias", "NULL::bigint AS released_at, false AS is_renamed")}
       UNION ALL ${selectOf("former_alias", "released_at, is_renamed")}) a
     ORDER BY a.recorded_at, a.hash, a.released_at`,
    [Lane.all(organization), people],
  )
  return byPerson(people, rows)
})

/** The `contextId`s that name each of some people, in the order of the people and then of the claims. */
export const contextsOf = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  people: ReadonlyArray<string>,
) {
  if (people.length === 0) return []
  const rows = yield* Sql.query<HeldRow>(
    sql,
    `SELECT person, kind, project, encode(hash, 'hex') AS hash, recorded_at, NULL::bigint AS released_at,
       false AS is_renamed
     FROM alias a WHERE lane = ANY($1::bigint[]) AND person = ANY($2::uuid[]) AND kind = 'contextId'
     ORDER BY recorded_at, a.hash`,
    [Lane.all(organization), people],
  )
  return byPerson(people, rows)
})
