/**
 * Reads which person an alias names or named, and which aliases a person has or had.
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { HeldAlias, Named } from "../../core/model/People.ts"
import type { AliasState } from "../../core/ports/PeopleStore.ts"
import { prepareArrays } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

/** Reads aliases through one connection; a caller that reads several does so in one snapshot. */
export interface AliasReader {
  /** The person that a hash names: now, or as known at an instant. */
  readonly named: (organization: Lane.Owner, hash: string, knownAt: Instant | undefined) => Named | undefined
  readonly state: (organization: Lane.Owner, hash: string) => AliasState
  /** The states of several hashes; must be called in a snapshot. */
  readonly states: (organization: Lane.Owner, hashes: ReadonlyArray<string>) => ReadonlyArray<AliasState>
  readonly formerly: (organization: Lane.Owner, hash: string) => ReadonlyArray<HeldAlias>
  readonly of: (organization: Lane.Owner, concordId: string) => ReadonlyArray<HeldAlias>
  readonly contextsOf: (organization: Lane.Owner, concordId: string) => ReadonlyArray<HeldAlias>
}

type Row = Readonly<Record<string, SQLOutputValue>>

const kindOf = ({ kind }: Row): Named["kind"] =>
  // Only the writer writes this column, and it writes the kinds of claims.
  typeof kind === "string" ? (kind as Named["kind"]) : undefined

const toNamed = (row: Row): Named => ({
  concordId: Uuid.fromBytes(row["person"] as Uint8Array),
  kind: kindOf(row),
  dateCreated: Number(row["recorded_at"]),
})

/** A row of the state of a hash, which is read for every identifier that is recorded. */
type StateRow = readonly [
  person: Uint8Array<ArrayBuffer> | null,
  kind: string | null,
  recordedAt: number | null,
  releasedAt: number | null,
]

const nothing: AliasState = { named: undefined, releasedAt: undefined }

const toState = (row: StateRow | undefined): AliasState => {
  if (row === undefined) return nothing
  const [person, kind, recorded_at, releasedAt] = row
  if (person === null && releasedAt === null) return nothing
  const named = person === null ? undefined : toNamed({ person, kind, recorded_at })
  return { named, releasedAt: releasedAt ?? undefined }
}

const toHeld = (row: Row): HeldAlias => {
  const { hash, is_renamed, project, released_at } = row
  return {
    ...toNamed(row),
    hash: Uuid.toHex(hash as Uint8Array),
    ...(project instanceof Uint8Array && { project: Uuid.fromBytes(project) }),
    ...(released_at !== null && { releasedAt: Number(released_at) }),
    ...(is_renamed === 1 && { isRenamed: true }),
  }
}

const ofPerson = (table: string, released: string): string => `
  SELECT person, kind, project, hash, recorded_at, ${released} FROM ${table}
  WHERE person = ?1 AND lane BETWEEN ?2 AND ?3 AND kind IS NOT 'contextId'`

/** Prepares the statements. */
export const make = (db: DatabaseSync): AliasReader => {
  const selectNow = db.prepare("SELECT person, kind, recorded_at FROM alias WHERE lane = ? AND hash = ?")
  const selectThen = db.prepare(`
    SELECT person, kind, recorded_at FROM former_alias
    WHERE lane = ? AND hash = ? AND recorded_at <= ? AND released_at > ? ORDER BY recorded_at, released_at LIMIT 1`)
  const selectState = prepareArrays(
    db,
    `
    SELECT a.person, a.kind, a.recorded_at,
      (SELECT max(released_at) FROM former_alias f WHERE f.lane = ?1 AND f.hash = ?2) AS released_at
    FROM (SELECT 1) LEFT JOIN alias a ON a.lane = ?1 AND a.hash = ?2`,
  )
  // Most ledgers have no released aliases. Without the search for those, a state takes a third less time.
  const selectUnreleased = prepareArrays(
    db,
    "SELECT person, kind, recorded_at, NULL AS released_at FROM alias WHERE lane = ? AND hash = ?",
  )
  const selectAnyFormer = db.prepare("SELECT 1 FROM former_alias WHERE lane BETWEEN ? AND ? LIMIT 1")
  const selectFormer = db.prepare(`
    SELECT person, kind, project, hash, recorded_at, released_at, is_renamed FROM former_alias
    WHERE lane = ? AND hash = ? ORDER BY released_at, recorded_at`)
  const selectOfPerson = db.prepare(`
    ${ofPerson("alias", "NULL AS released_at, 0 AS is_renamed")}
    UNION ALL ${ofPerson("former_alias", "released_at, is_renamed")}
    ORDER BY recorded_at, hash, released_at NULLS LAST`)
  const selectContexts = db.prepare(`
    SELECT person, kind, project, hash, recorded_at, NULL AS released_at, 0 AS is_renamed FROM alias
    WHERE person = ?1 AND lane BETWEEN ?2 AND ?3 AND kind = 'contextId' ORDER BY recorded_at, hash`)
  const keyOf = (organization: Lane.Owner, hash: string) => [Lane.of(organization, hash), Uuid.toBytes(hash)] as const
  const stateBy = (select: StatementSync, organization: Lane.Owner, hash: string): AliasState => {
    const row: unknown = select.get(...keyOf(organization, hash))
    return toState(row as StateRow | undefined)
  }
  return {
    named: (organization, hash, knownAt) => {
      const key = keyOf(organization, hash)
      const then = knownAt === undefined ? undefined : selectThen.get(...key, knownAt, knownAt)
      const row = then ?? selectNow.get(...key)
      return row === undefined || Number(row["recorded_at"]) > (knownAt ?? Infinity) ? undefined : toNamed(row)
    },
    state: (organization, hash) => stateBy(selectState, organization, hash),
    states: (organization, hashes) => {
      const hasFormer = selectAnyFormer.get(...Lane.range(organization)) !== undefined
      return hashes.map((hash) => stateBy(hasFormer ? selectState : selectUnreleased, organization, hash))
    },
    formerly: (organization, hash) => selectFormer.all(...keyOf(organization, hash)).map(toHeld),
    of: (organization, concordId) =>
      selectOfPerson.all(Uuid.toBytes(concordId), ...Lane.range(organization)).map(toHeld),
    contextsOf: (organization, concordId) =>
      selectContexts.all(Uuid.toBytes(concordId), ...Lane.range(organization)).map(toHeld),
  }
}
