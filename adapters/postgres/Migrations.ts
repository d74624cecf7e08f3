/**
 * Creates and changes the tables of a database until they are those of this version: numbered files, each of which is
 * applied once. A database is refused if a migration was edited after it had been applied, because its tables may
 * differ from the file.
 *
 * Engines differ only in their table definitions: on Citus each table is distributed by its lane when it is created.
 * The statements that read and write are the same on both.
 */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import type { SqlError } from "effect/sql/SqlError"
import { NoLedger, UpgradeNeeded } from "../../core/ports/LedgerRows.ts"
import { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as Ledger from "./migrations/0001-ledger.ts"
import * as Attempts from "./migrations/0002-attempts.ts"
import * as PeopleHead from "./migrations/0003-people-head.ts"
import * as TableNames from "./migrations/0004-table-names.ts"
import * as JoinedHeads from "./migrations/0005-joined-heads.ts"
import * as JoinedRebuild from "./JoinedRebuild.ts"
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
import * as ConnectFault from "./ConnectFault.ts"
import * as Sql from "./Sql.ts"

/** The engines that the tables can be made for. */
export const engines = ["postgres", "citus"] as const
export type Engine = (typeof engines)[number]

/** A migration with its statements. */
export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

/** The migration that gives the catalog its table name. */
const tableNames = 4

/** The migration after which the rows about people that are joined already are written. */
const joinedHeads = 5

/** The migration that only changes a ledger without an organization: any other one is upgraded. */
const personalData = 8

/** Every migration, in its order. */
export const migrations: ReadonlyArray<Migration> = [
  { number: 1, name: "ledger", sql: Ledger.sql },
  { number: 2, name: "attempts", sql: Attempts.sql },
  { number: 3, name: "people-head", sql: PeopleHead.sql },
  { number: tableNames, name: "table-names", sql: TableNames.sql },
  { number: joinedHeads, name: "joined-heads", sql: JoinedHeads.sql },
  { number: 6, name: "used-versions", sql: UsedVersions.sql },
  { number: 7, name: "alias-kinds", sql: AliasKinds.sql },
  { number: personalData, name: "personal-data", sql: PersonalData.sql },
  { number: 9, name: "change-feed", sql: ChangeFeed.sql },
  { number: 10, name: "webhooks", sql: Webhooks.sql },
  { number: 11, name: "compliance", sql: Compliance.sql },
  { number: 12, name: "outbox-and-files", sql: OutboxAndFiles.sql },
  { number: 13, name: "tasks-in-outbox", sql: TasksInOutbox.sql },
  { number: 14, name: "entry-private", sql: EntryPrivate.sql },
  { number: 15, name: "metrics", sql: Metrics.sql },
  { number: 16, name: "held-erasures", sql: HeldErasures.sql },
]

const fromBefore = "the ledger was written by an earlier version of Assent: stop its servers"

/** The reason of {@link UpgradeNeeded}. */
const upgradeNeeded = `${fromBefore}, then run assent upgrade --store URL`

/** The number of the row of `migration` that marks a ledger while it is upgraded: no version has such a migration. */
export const upgradeMark = -1

const upgradeBegun = "an upgrade of the ledger has not ended: run assent upgrade --store URL again"

const digestOf = ({ sql }: Migration): string => createHash("sha256").update(sql).digest("hex")

/**
 * The table that records which migrations were applied. It is the only table without a lane, because it is about the
 * tables themselves; only migrations write to it.
 */
export const migrationTable = [
  `CREATE TABLE IF NOT EXISTS migration (
  number bigint NOT NULL PRIMARY KEY,
  name text NOT NULL,
  digest text NOT NULL
)`,
  "ALTER TABLE migration ADD COLUMN IF NOT EXISTS engine text NOT NULL DEFAULT 'postgres'",
]

/**
 * The statement that distributes a table that was just created. All tables are colocated, so that a transaction writes
 * the rows of one lane on one server.
 */
const distribution = (statement: string, engine: Engine): ReadonlyArray<string> => {
  const table = /^CREATE TABLE (\w+)/.exec(statement)?.[1]
  if (engine === "postgres" || table === undefined) return []
  const colocated = table === "lane_head" ? "none" : "lane_head"
  return [`SELECT create_distributed_table('${table}', 'lane', colocate_with => '${colocated}')`]
}

/** Citus does not change how much is kept in the statistics of a column. */
const isPossible = (statement: string, engine: Engine): boolean =>
  engine === "postgres" || !/^ALTER TABLE \w+ ALTER COLUMN \w+ SET STATISTICS /.test(statement)

/** The statements of a migration; the last one records it. No statement may contain a semicolon. */
export const statementsOf = (migration: Migration, engine: Engine): ReadonlyArray<string> => [
  // Every server of the engine has a copy, because each can be asked which migrations were applied.
  ...(engine === "citus" && migration.number === 1 ? ["SELECT create_reference_table('migration')"] : []),
  ...migration.sql
    .split(";")
    .map((statement) => statement.trim())
    .flatMap((statement) =>
      statement !== "" && isPossible(statement, engine) ? [statement, ...distribution(statement, engine)] : [],
    ),
  `INSERT INTO migration VALUES (${migration.number}, '${migration.name}', '${digestOf(migration)}', '${engine}')`,
]

/** The migrations that a database lacks, and the engine of its tables. */
export interface Missing {
  readonly engine: Engine
  readonly migrations: ReadonlyArray<Migration>
}

/**
 * Makes a file for `psql` fail in a database in which people are joined, because the file cannot write their merged
 * heads.
 */
const refuseJoined =
  "SELECT CAST(concat('people are joined: apply this migration with assent migrate, fact ', lane) AS bigint) FROM person_fact LIMIT 1"

/** Makes a file for `psql` fail in a database with an organization, because its events have to be written again. */
const refuseOrganizations =
  "SELECT CAST(concat('the ledger has organizations: upgrade it with assent upgrade, revision ', revision) AS bigint)" +
  " FROM catalog_entry WHERE kind = 'organizations' LIMIT 1"

/** The statements that a file for `psql` has after those of a migration. */
const refusals = new Map([
  [joinedHeads, refuseJoined],
  [personalData, refuseOrganizations],
])

/** The statements that apply the missing migrations, as a file for `psql`. */
export const script = ({ engine, migrations }: Missing): string =>
  migrations.length === 0
    ? ""
    : [
        ...migrationTable,
        ...migrations.flatMap((migration) => [
          "BEGIN",
          ...statementsOf(migration, engine),
          ...(refusals.has(migration.number) ? [refusals.get(migration.number)!] : []),
          "COMMIT",
        ]),
        "",
      ].join(";\n")

interface Applied {
  readonly number: number
  readonly digest: string
  readonly engine: Engine
}

/**
 * The migrations that were applied. Fails with a syntax error if the database has no tables yet, or only tables from
 * before migrations recorded an engine.
 */
export const applied = (sql: Sql.Sql): Effect.Effect<ReadonlyArray<Applied>, SqlError> =>
  Sql.query<Applied>(sql, "SELECT number, digest, engine FROM migration ORDER BY number")

/** Why an applied migration is not one of this version; `undefined` if it is. */
export const faultOf = ({ digest, number }: Applied): string | undefined => {
  const migration = migrations.find((each) => each.number === number)
  if (migration === undefined) return "the database was written by a later version of Assent: run that version"
  return digestOf(migration) === digest ? undefined : `migration ${number} was edited after it was applied`
}

/**
 * Whether a database has an organization, whose events have to be written again. Before migration 4 the table had
 * another name.
 */
const hasOrganization = (sql: Sql.Sql, isMissing: (migration: number) => boolean) =>
  Effect.map(
    Sql.query(
      sql,
      `SELECT 1 AS found FROM ${isMissing(tableNames) ? "configuration" : "catalog_entry"} WHERE kind = 'organizations' LIMIT 1`,
    ),
    (rows) => rows.length > 0,
  )

/** Why a database is not a ledger with this version's tables; `undefined` if it is one. Changes nothing. */
export const faultOfDatabase = Effect.fnUntraced(function* (sql: Sql.Sql) {
  const [found] = yield* Sql.query<{ readonly is: boolean }>(sql, `SELECT to_regclass('migration') IS NOT NULL AS "is"`)
  if (found?.is !== true)
    return new NoLedger({ reason: "it holds no ledger: name another database, or make the tables with assent migrate" })
  const numbers = yield* Sql.query<{ readonly number: number }>(sql, "SELECT number FROM migration ORDER BY number")
  const applied = numbers.map(({ number }) => number)
  const expected = migrations.map(({ number }) => number).join()
  if (applied.join() === expected) return undefined
  if (applied[0] === upgradeMark) return new UpgradeNeeded({ reason: upgradeBegun })
  if (!expected.startsWith(`${applied.join()},`)) {
    return new NoLedger({ reason: "the ledger was written by another version of Assent: run that version" })
  }
  const isOld = yield* hasOrganization(sql, (number) => !applied.includes(number))
  return isOld && !applied.includes(personalData)
    ? new UpgradeNeeded({ reason: upgradeNeeded })
    : new NoLedger({ reason: `${fromBefore}, then run assent migrate` })
})

/**
 * The migrations that are missing after the known ones, for the engine that the tables were made for or else the wanted
 * one.
 */
const missing = Effect.fnUntraced(function* (known: ReadonlyArray<Applied>, wanted: Engine | undefined) {
  if (known[0]?.number === upgradeMark) return yield* new UpgradeNeeded({ reason: upgradeBegun })
  for (const each of known) {
    const reason = faultOf(each)
    if (reason !== undefined) return yield* new StoreUnavailable({ reason, isLasting: true })
  }
  const engine = known[0]?.engine ?? wanted ?? "postgres"
  if (wanted !== undefined && wanted !== engine) {
    return yield* new StoreUnavailable({
      reason: `the tables were made for ${engine}, and cannot become those of ${wanted}`,
      isLasting: true,
    })
  }
  const numbers = new Set(known.map(({ number }) => number))
  const found: Missing = { engine, migrations: migrations.filter(({ number }) => !numbers.has(number)) }
  return found
})

/** Finds the migrations that are missing; changes nothing. */
export const find = (
  sql: Sql.Sql,
  wanted?: Engine,
): Effect.Effect<Missing, SqlError | StoreUnavailable | UpgradeNeeded> =>
  Sql.retryOnInterruption(Sql.retryOnContention(applied(sql))).pipe(
    Effect.catchIf(
      ({ reason }) => reason._tag === "SqlSyntaxError",
      () => Effect.succeed([]),
    ),
    Effect.flatMap((known) => missing(known, wanted)),
  )

/** Fails if tables are to be distributed in a database without Citus. */
const expectEngine = Effect.fnUntraced(function* (sql: Sql.Sql, { engine, migrations }: Missing) {
  if (engine !== "citus" || migrations.length === 0) return
  const found = yield* Sql.query(
    sql,
    "SELECT 1 AS found FROM pg_proc WHERE proname = 'create_distributed_table' LIMIT 1",
  )
  if (found.length > 0) return
  const reason =
    "this database has no Citus: run CREATE EXTENSION citus in it, or leave --engine citus out; nothing was changed"
  return yield* new StoreUnavailable({ reason, isLasting: true })
})

/** Fails if the database has an organization from before personal data were kept apart. */
const expectUpgraded = Effect.fnUntraced(function* (sql: Sql.Sql, { migrations: missing }: Missing) {
  const isMissing = (wanted: number) => missing.some(({ number }) => number === wanted)
  if (isMissing(1) || !isMissing(personalData)) return
  if (yield* hasOrganization(sql, isMissing)) return yield* new UpgradeNeeded({ reason: upgradeNeeded })
})

/**
 * Applies the missing migrations in one transaction, and returns them. Of several processes that do it at the same time
 * one applies them. If none is missing, no right to create tables is needed.
 */
export const run = Effect.fnUntraced(function* (sql: Sql.Sql, wanted?: Engine) {
  const found = yield* find(sql, wanted)
  if (found.migrations.length === 0) return found
  yield* expectEngine(sql, found)
  // Also without the right to make tables. Another process may rename the table of the catalog meanwhile.
  yield* Effect.catchIf(
    expectUpgraded(sql, found),
    (error) => Sql.isSqlError(error) && error.reason._tag === "SqlSyntaxError",
    () => Effect.void,
  )
  const steps = Effect.gen(function* () {
    for (const statement of migrationTable) yield* Sql.query(sql, statement)
    yield* Sql.query(sql, "LOCK TABLE migration IN EXCLUSIVE MODE")
    const left = yield* missing(yield* applied(sql), wanted)
    yield* expectUpgraded(sql, left)
    for (const migration of left.migrations) {
      for (const statement of statementsOf(migration, left.engine)) yield* Sql.query(sql, statement)
    }
    if (left.migrations.some(({ number }) => number === joinedHeads)) yield* JoinedRebuild.rebuild(sql)
    return left
  })
  // Of two processes that create the table at the same moment one fails in spite of IF NOT EXISTS; it is there at the
  // next try.
  return yield* Effect.retry(Sql.transaction(sql, steps), {
    times: 5,
    while: (error) => Sql.isSqlError(error) && error.reason._tag === "UniqueViolation",
  })
})

/** Fails for a standby. */
export const expectPrimary = Effect.fnUntraced(function* (sql: Sql.Sql) {
  const standby = Sql.query<{ readonly is: boolean }>(sql, `SELECT pg_is_in_recovery() AS "is"`)
  const [found] = yield* Sql.retryOnInterruption(Sql.retryOnContention(standby))
  if (found!.is) return yield* new StoreUnavailable({ reason: ConnectFault.standby, isLasting: true })
})

/** Connects to a database, and closes the connections after use. */
export const using = <A, E extends Exclude<ConnectFault.Failure, SqlError> = never>(
  url: string,
  use: (sql: Sql.Sql) => Effect.Effect<A, SqlError | E>,
): Effect.Effect<A, StoreUnavailable | Exclude<E, SqlError>> =>
  Effect.flatMap(Sql.connect(url), use).pipe(Effect.scoped, Effect.provide(Reactivity.layer), (step) =>
    ConnectFault.placing(url, step),
  )
