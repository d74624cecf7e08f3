/**
 * The upgrade of a ledger in a PostgreSQL database: new tables in a schema of their own, which take the place of the
 * earlier ones in one transaction.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import * as Lane from "../../core/model/Lane.ts"
import { batchRows, NoLedger, type Table, type TableName, tables } from "../../core/ports/LedgerRows.ts"
import type { RowKey, LedgerUpgrade, NextRows, Upgrade } from "../../core/ports/LedgerUpgrade.ts"
import { tablesBefore } from "../../core/ports/TablesBefore.ts"
import * as ConnectFault from "./ConnectFault.ts"
import * as PostgresRows from "./PostgresRows.ts"
import * as RowForm from "./RowForm.ts"
import * as Scrub from "./Scrub.ts"
import * as Sql from "./Sql.ts"
import * as UpgradeSchemas from "./UpgradeSchemas.ts"

const failing = <A>(effect: Effect.Effect<A, SqlError>) => Effect.mapError(effect, PostgresRows.failureOf)

/** A value of a key as it is written in a statement. */
const literal = (kind: string, value: string | number): string => {
  if (typeof value === "number") return String(value)
  const quoted = `'${value.replaceAll("'", "''")}'`
  return kind === "bytes" ? `decode(${quoted}, 'hex')` : kind === "uuid" ? `${quoted}::uuid` : quoted
}

/** Names cursors: each has a name of its own. */
const makeCursors = (sql: Sql.Sql) => {
  let cursors = 0
  /** The rows of a table in the order of their key, after a key. */
  return (schema: string, name: TableName, table: Table, after: RowKey | undefined) => {
    const { columns, key } = table
    const names = key.map((column) => `t.${column}`).join(", ")
    const values = after?.map((value, index) => literal(columns[key[index]!]!, value)).join(", ")
    const where = values === undefined ? "" : `WHERE (${names}) > (${values})`
    const order = key.length === 0 ? "" : `ORDER BY ${names}`
    const select = `SELECT ${RowForm.selectList(RowForm.columnsOf(table))} FROM ${schema}.${name} t ${where} ${order}`
    const cursor = `upgrade_${++cursors}`
    const fetch = Sql.query<object>(sql, `FETCH ${batchRows(name)} FROM ${cursor}`)
    const next: NextRows<RowForm.Values> = failing(Effect.map(fetch, (rows) => rows.map(RowForm.decodeText)))
    return failing(Effect.as(Sql.query(sql, `DECLARE ${cursor} NO SCROLL CURSOR FOR ${select}`), next))
  }
}

/** Finds rows of a new table by their whole key. */
const finder = (sql: Sql.Sql, { after }: UpgradeSchemas.Schemas, name: TableName) => {
  const table: Table = tables[name]
  const columns = RowForm.columnsOf(table).filter(([column]) => table.key.includes(column))
  const wanted = RowForm.keys(columns)
  const shown = RowForm.selectList(RowForm.columnsOf(table).map(([column, kind]) => [`t.${column}`, kind] as const))
  return (places: ReadonlyArray<RowForm.Values>) => {
    if (places.length === 0) return Effect.succeed([])
    const { from, join, parameters } = wanted(places)
    const statement = `SELECT w.index::bigint AS index, ${shown} FROM ${from} JOIN ${after}.${name} t ON ${join}`
    return failing(
      Effect.map(Sql.query<{ readonly index: number }>(sql, statement, parameters), (rows) => {
        const found = new Map(rows.map(({ index, ...row }) => [index - 1, RowForm.decodeText(row)]))
        return places.map((_, index) => found.get(index))
      }),
    )
  }
}

/** Tables whose rows may be there already: a step writes the keys of people that an earlier one has written. */
const isShared = (name: TableName): boolean => name === "person_key" || name === "personal_data"

/** Writes a step through a connection of its own, so that what is written is there even if the reading ends. */
const writer =
  (sql: Sql.Sql, { after }: UpgradeSchemas.Schemas): Upgrade["write"] =>
  (part, place, rows) =>
    failing(
      Sql.transactionOnce(
        sql,
        Effect.gen(function* () {
          // A step that is lost with the machine is done again; the swap waits for the disk.
          yield* Sql.query(sql, "SET LOCAL synchronous_commit = off")
          yield* Sql.query(sql, "SET LOCAL statement_timeout = 0")
          for (const [name, all] of Object.entries(rows)) {
            const table = name as TableName
            const values: ReadonlyArray<RowForm.Values> = all
            if (values.length === 0) continue
            const end = isShared(table) ? "ON CONFLICT DO NOTHING" : ""
            const { parameters, statement } = RowForm.insertion(`${after}.${table}`, table, tables[table], values, end)
            yield* Sql.query(sql, statement, parameters)
          }
          yield* Sql.query(
            sql,
            `INSERT INTO ${after}.${UpgradeSchemas.placesTable} VALUES ($1, $2)
             ON CONFLICT (part) DO UPDATE SET place = excluded.place`,
            [part, JSON.stringify(place)],
          )
        }),
      ),
    )

/** `reading` is inside of a transaction, and `writing` outside of any. */
const upgradeOf = (reading: Sql.Sql, writing: Sql.Sql, schemas: UpgradeSchemas.Schemas): Upgrade => {
  const rowsOf = makeCursors(reading)
  const personKeys = finder(reading, schemas, "person_key")
  const personalData = finder(reading, schemas, "personal_data")
  const facts = `SELECT ${RowForm.selectList(RowForm.columnsOf(tablesBefore.person_fact))}
    FROM ${schemas.before}.person_fact WHERE lane = $1 AND person = $2`
  const factsOf = (lane: number, person: string) =>
    failing(Effect.map(Sql.query<object>(reading, facts, [lane, person]), (rows) => rows.map(RowForm.decodeText)))
  const count = (schema: string) => (name: string) =>
    failing(
      Effect.map(
        Sql.query<{ readonly count: number }>(reading, `SELECT count(*) AS count FROM ${schema}.${name}`),
        ([found]) => found!.count,
      ),
    )
  // The values of rows are those of the columns of their tables.
  return {
    before: (name, key) => rowsOf(schemas.before, name, tablesBefore[name], key) as never,
    factsOf: (organization, concordId) => factsOf(Lane.of(organization, concordId), concordId) as never,
    after: (name, key) => rowsOf(schemas.after, name, tables[name], key) as never,
    personKeys: (places) => personKeys(places) as never,
    personalData: (places) => personalData(places) as never,
    places: failing(
      Effect.map(
        Sql.query<{ readonly part: string; readonly place: string }>(
          reading,
          `SELECT part, place FROM ${schemas.after}.${UpgradeSchemas.placesTable}`,
        ),
        (rows) => new Map(rows.map(({ part, place }) => [part, JSON.parse(place) as RowKey])),
      ),
    ),
    write: writer(writing, schemas),
    count: count(schemas.after),
    countBefore: count(schemas.before),
  }
}

const hint =
  "the planner's earlier statistics hold clear text: run VACUUM pg_statistic as the owner of the database or a superuser"

/** Removes the statistics of the earlier tables, which hold clear text, from the file of the catalog. */
const removeStatistics = Effect.fnUntraced(
  function* (sql: Sql.Sql) {
    const isRemoved = yield* Scrub.vacuumStatistics(sql)
    const [owner] = yield* Sql.query<{ readonly is: boolean }>(
      sql,
      `SELECT pg_has_role(datdba, 'USAGE') AS "is" FROM pg_database WHERE datname = current_database()`,
    )
    if (!isRemoved || owner?.is !== true) yield* Effect.logWarning(hint)
  },
  (statements) => Effect.ignore(statements),
)

const run =
  (url: string): LedgerUpgrade["run"] =>
  (steps) =>
    PostgresRows.withDatabase(
      url,
      Effect.fnUntraced(function* (writing) {
        const schemas = yield* UpgradeSchemas.find(writing)
        yield* UpgradeSchemas.begin(writing, schemas)
        const reading = yield* Sql.connect(url, 1)
        const { isSame, value } = yield* PostgresRows.transaction(
          reading,
          "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
          Effect.andThen(
            UpgradeSchemas.holdAlone(reading, schemas),
            Effect.suspend(() => steps(upgradeOf(reading, writing, schemas))),
          ),
        )
        yield* isSame ? UpgradeSchemas.swap(writing, schemas) : UpgradeSchemas.abandon(writing, schemas)
        if (isSame) yield* removeStatistics(writing)
        return value
      }),
    )

const state = (url: string): LedgerUpgrade["state"] =>
  PostgresRows.withDatabase(
    url,
    Effect.fnUntraced(function* (sql) {
      const found = yield* UpgradeSchemas.stateOf(sql)
      return typeof found === "string"
        ? found
        : yield* new NoLedger({ reason: `${ConnectFault.placeOf(url)}: ${found.fault}` })
    }),
  )

/** The upgrade of the ledger in a database. */
export const make = (url: string): LedgerUpgrade => ({ state: state(url), run: run(url) })
