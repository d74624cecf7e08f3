/**
 * Brings a ledger to the tables that this version needs. The migrations that it lacks are applied in order, all in one
 * transaction; `PRAGMA user_version` holds the number of the last one.
 *
 * An empty file gets every migration, so its schema is, byte for byte, that of a ledger which an older version made. A
 * ledger with an organization from before personal data was kept apart is not migrated in place.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Ledger from "./migrations/0002-ledger.ts"
import * as PeopleHead from "./migrations/0003-people-head.ts"
import * as TableNames from "./migrations/0004-table-names.ts"
import * as JoinedHeads from "./migrations/0005-joined-heads.ts"
import * as UsedVersions from "./migrations/0006-used-versions.ts"
import * as AliasKinds from "./migrations/0007-alias-kinds.ts"
import * as PersonalData from "./migrations/0008-personal-data.ts"
import * as ChangeFeed from "./migrations/0009-change-feed.ts"
import * as Webhooks from "./migrations/0010-webhooks.ts"
import * as Compliance from "./migrations/0011-compliance.ts"
import * as OutboxAndFiles from "./migrations/0012-outbox-and-files.ts"
import * as TasksInOutbox from "./migrations/0013-tasks-in-outbox.ts"
import * as EntryPrivate from "./migrations/0014-entry-private.ts"
import * as Metrics from "./migrations/0015-metrics.ts"
import * as HeldErasures from "./migrations/0016-held-erasures.ts"

/** One step, and its statements. */
export interface Migration {
  /** The `user_version` of a ledger after this step. */
  readonly number: number
  readonly sql: string
}

/** Why a file is not a ledger with this version's tables. No error of a port, because the threads load no port. */
export class NotCurrent extends Error {
  readonly kind: "NoLedger" | "UpgradeNeeded"
  readonly reason: string

  constructor(kind: "NoLedger" | "UpgradeNeeded", reason: string) {
    super(reason)
    this.kind = kind
    this.reason = reason
  }
}

/** The migration that is applied to a ledger without an organization only. */
const personalData = 8

/** Every migration, in order; the numbers have no gap. */
export const migrations: ReadonlyArray<Migration> = [
  { number: 2, sql: Ledger.sql },
  { number: 3, sql: PeopleHead.sql },
  { number: 4, sql: TableNames.sql },
  { number: 5, sql: JoinedHeads.sql },
  { number: 6, sql: UsedVersions.sql },
  { number: 7, sql: AliasKinds.sql },
  { number: personalData, sql: PersonalData.sql },
  { number: 9, sql: ChangeFeed.sql },
  { number: 10, sql: Webhooks.sql },
  { number: 11, sql: Compliance.sql },
  { number: 12, sql: OutboxAndFiles.sql },
  { number: 13, sql: TasksInOutbox.sql },
  { number: 14, sql: EntryPrivate.sql },
  { number: 15, sql: Metrics.sql },
  { number: 16, sql: HeldErasures.sql },
]

/** "asst" in ASCII: marks a SQLite file as a ledger (`PRAGMA application_id`). */
export const applicationId = 0x61737374

const pragma = (db: DatabaseSync, name: string): unknown => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]

const isEmpty = (db: DatabaseSync): boolean => db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"] === 0

/**
 * The migrations that a file lacks; an empty list for a file that is not a ledger, or has an unknown `user_version`.
 */
const missing = (db: DatabaseSync): ReadonlyArray<Migration> => {
  if (isEmpty(db)) return migrations
  if (pragma(db, "application_id") !== applicationId) return []
  const last = migrations.findIndex(({ number }) => number === pragma(db, "user_version"))
  return last === -1 ? [] : migrations.slice(last + 1)
}

/** Whether a ledger of any version has an organization. The table of the catalog had another name at first. */
const hasOrganization = (db: DatabaseSync): boolean => {
  const table = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('catalog_entry', 'configuration')")
    .get()?.["name"]
  if (table === undefined) return false
  return db.prepare(`SELECT 1 FROM ${String(table)} WHERE kind = 'organizations' LIMIT 1`).get() !== undefined
}

const fromBefore = "the ledger was written by an earlier version of Assent: stop its servers"

/** Why a file that is not empty is not a ledger with this version's tables; `undefined` if it is one. */
export const faultOf = (db: DatabaseSync): NotCurrent | undefined => {
  if (pragma(db, "application_id") !== applicationId) {
    return new NotCurrent(
      "NoLedger",
      "the file is not an Assent ledger: name a ledger, or a file that does not exist yet",
    )
  }
  if (pragma(db, "user_version") === migrations.at(-1)?.number) return undefined
  if (Number(pragma(db, "user_version")) < 0) {
    const reason = "an upgrade of the ledger has not ended: run assent upgrade --store URL again"
    return new NotCurrent("UpgradeNeeded", reason)
  }
  if (Number(pragma(db, "user_version")) > migrations.at(-1)!.number) {
    return new NotCurrent("NoLedger", "the ledger was written by a later version of Assent: run that version")
  }
  const lacks = missing(db)
  if (lacks.length === 0)
    return new NotCurrent("NoLedger", "the ledger was written by another version of Assent: run that version")
  return lacks.some(({ number }) => number === personalData) && hasOrganization(db)
    ? new NotCurrent("UpgradeNeeded", `${fromBefore}, then run assent upgrade --store URL`)
    : new NotCurrent("NoLedger", `${fromBefore}, then start this version's, which migrates it`)
}

/**
 * Applies what is missing. Throws `NotCurrent` for a file with which that is not done, and an error of SQLite where a
 * migration fails; then the file stays as it was.
 */
export const run = (db: DatabaseSync): void => {
  db.exec("BEGIN IMMEDIATE")
  try {
    if (isEmpty(db)) db.exec(`PRAGMA application_id = ${applicationId}`)
    const before = faultOf(db)
    if (before?.kind === "UpgradeNeeded") throw before
    for (const { number, sql } of missing(db)) db.exec(`${sql}; PRAGMA user_version = ${number}`)
    const fault = faultOf(db)
    if (fault !== undefined) throw fault
    db.exec("COMMIT")
  } catch (error) {
    // A full or failing disk ends the transaction by itself, and a second error would hide the first.
    if (db.isTransaction) db.exec("ROLLBACK")
    throw error
  }
}
