/**
 * Erases people: deletes everything that is theirs alone, and keeps that they were erased.
 *
 * The rows are counted before they are deleted, because an erasure is never changed and must be there before former
 * aliases may be removed.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import * as ErasureBody from "../../core/ports/ErasureBody.ts"
import * as PeopleLanes from "../../core/ports/PeopleLanes.ts"
import type { Destroyed, Erasure, ErasureChange } from "../../core/ports/LedgerStore.ts"
import type { ComplianceWriter } from "./ComplianceWriter.ts"
import type { IdempotencyWriter } from "./IdempotencyWriter.ts"
import type { PersonalWriter } from "./PersonalWriter.ts"
import type { PersonWriter } from "./PersonWriter.ts"
import * as Uuid from "./Uuid.ts"

/** The commands about erasures. */
export interface ErasureCommands {
  readonly erase: (change: ErasureChange) => Erasure | "stale" | "repeated"
}

/**
 * The tables of an organization's lanes, and those whose rows are in lanes of projects or in none: a person is in one
 * organization only.
 */
const tablesOf = {
  aliases: "alias",
  formerAliases: "former_alias",
  personalData: "personal_data",
  personKeys: "person_key",
} as const
const otherTables = {
  sessions: "session",
  externalIds: "external_id",
  identityTokens: "used_identity_token",
} as const

const prepareRows = (db: DatabaseSync, table: string, condition: string) => ({
  count: db.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${condition}`),
  remove: db.prepare(`DELETE FROM ${table} WHERE ${condition}`),
})

type Rows = ReturnType<typeof prepareRows>

const prepareStatements = (db: DatabaseSync) => {
  const rows = <Name extends string>(tables: Readonly<Record<Name, string>>, condition: string) =>
    Object.fromEntries(
      Object.entries<string>(tables).map(([name, table]) => [name, prepareRows(db, table, condition)]),
    ) as Readonly<Record<Name, Rows>>
  return {
    ofPerson: rows(tablesOf, "person = ?1 AND lane BETWEEN ?2 AND ?3"),
    others: rows(otherTables, "person = ?"),
    revision: db.prepare("SELECT revision FROM catalog_head"),
    insert: db.prepare("INSERT INTO erasure VALUES (?, ?, ?, ?, ?, ?)"),
    insertHeld: db.prepare("INSERT INTO held_erasure VALUES (?, ?, ?, ?, ?, ?)"),
    held: db.prepare("SELECT 1 FROM held_erasure WHERE lane = ? AND person = ? AND erasure_id = ?"),
    markLanes: db.prepare(`
      UPDATE lane_head SET has_erased = 1
      WHERE has_erased = 0 AND lane IN (SELECT value FROM json_each(?))`),
  }
}

type Key = ReadonlyArray<number | Uint8Array>

/** Prepares the statements. */
export const make = (
  db: DatabaseSync,
  people: PersonWriter,
  personal: PersonalWriter,
  compliance: ComplianceWriter,
  idempotency: IdempotencyWriter,
): ErasureCommands => {
  const statements = prepareStatements(db)

  /** The statements that find rows of the members, each with its parameters; none where rows are kept. */
  const rowsOf = ({ members, organization, scope }: ErasureChange) => {
    const persons = members.map(Uuid.toBytes)
    const named = scope === undefined ? persons : []
    const inLanes = (person: Uint8Array): Key => [person, ...Lane.range(organization)]
    const within = persons.map(inLanes)
    const alone = persons.map((person): Key => [person])
    const { ofPerson, others } = statements
    return {
      aliases: [ofPerson.aliases, named.map(inLanes)],
      formerAliases: [ofPerson.formerAliases, named.map(inLanes)],
      personalData: [ofPerson.personalData, within],
      personKeys: [ofPerson.personKeys, within],
      sessions: [others.sessions, alone],
      externalIds: [others.externalIds, alone],
      identityTokens: [others.identityTokens, named.map((person): Key => [person])],
    } as const satisfies Record<Exclude<keyof Destroyed, "complianceRequests">, readonly [Rows, ReadonlyArray<Key>]>
  }

  /** Whether a member has an erasure of this id that kept its identifiers. */
  const isHeld = ({ id, members, organization, scope }: ErasureChange): boolean =>
    scope !== undefined &&
    members.some((member) => {
      const key = [Lane.of(organization, member), Uuid.toBytes(member), Uuid.toBytes(id)] as const
      return statements.held.get(...key) !== undefined
    })

  const isStale = (change: ErasureChange): boolean => {
    const { catalog, members, organization, seen } = change
    return (
      statements.revision.get()?.["revision"] !== catalog ||
      !people.areAsSeen(organization, seen) ||
      members.some((member) => personal.isErased(organization, member)) ||
      isHeld(change)
    )
  }

  const erase = (change: ErasureChange): Erasure | "stale" | "repeated" => {
    const { id, idempotencyRecord, organization, projects, reason, recordedAt, scope, submitter } = change
    if (idempotency.has(organization, idempotencyRecord)) return "repeated"
    if (isStale(change)) return "stale"
    const rows = rowsOf(change)
    const count = ([{ count }, keys]: readonly [Rows, ReadonlyArray<Key>]): number =>
      keys.reduce((sum, key) => sum + Number(count.get(...key)?.["n"]), 0)
    const requests = compliance.removePrivateOf(projects, change.members, recordedAt)
    const destroyed: Destroyed = {
      aliases: count(rows.aliases),
      formerAliases: count(rows.formerAliases),
      personalData: count(rows.personalData),
      personKeys: count(rows.personKeys),
      sessions: count(rows.sessions),
      externalIds: count(rows.externalIds),
      identityTokens: count(rows.identityTokens),
      ...(requests > 0 && { complianceRequests: requests }),
    }
    const members = change.members.toSorted()
    const insert = scope === undefined ? statements.insert : statements.insertHeld
    const body = ErasureBody.write(change)
    for (const member of members) {
      const key = [Lane.of(organization, member), Uuid.toBytes(member)] as const
      insert.run(...key, Uuid.toBytes(id), recordedAt, body, JSON.stringify(destroyed))
      people.raise(organization, member)
    }
    for (const [{ remove }, keys] of Object.values(rows)) for (const key of keys) remove.run(...key)
    if (scope === undefined) {
      people.note(organization, { kind: "erased", recordedAt, id, member: members[0]!, survivor: members[0]! })
      people.count([...new Set(members.map((member) => Lane.of(organization, member)))])
    }
    statements.markLanes.run(JSON.stringify(PeopleLanes.inProjects(projects, members)))
    idempotency.keep(organization, idempotencyRecord)
    return { id, recordedAt, members, submitter, reason, ...(scope !== undefined && { scope }), destroyed }
  }

  return { erase }
}
