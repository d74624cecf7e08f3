/**
 * Writes a step of a webhook in one transaction of one lane. Its cursors come first: their rows stay locked, so that
 * the rest of the step is written only by what has moved them. The statements are pipelined.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import * as Port from "../../core/ports/WebhookStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as PipelinedTransactions from "./PipelinedTransactions.ts"
import * as Sql from "./Sql.ts"

/** The tables that have rows of webhooks. */
export const tables = ["webhook_cursor", "parked", "dead_letter", "delivery"] as const

/** The first two parameters of each statement. */
const ownerOf = ({ project, webhook }: Port.WebhookStep) => [Port.laneOf(project, webhook), webhook] as const

type Cursor = Port.WebhookStep["cursors"][number]
type KeptCursor = Cursor & { readonly state: string }

const isKept = (cursor: Cursor): cursor is KeptCursor => cursor.state !== undefined

/** Statements that each write a row for each cursor of a list that has its revision `before`. */
const cursorStatements = {
  make: (sql: Sql.Sql, owner: ReadonlyArray<Sql.Parameter>, cursors: ReadonlyArray<KeptCursor>) =>
    Sql.write(
      sql,
      `INSERT INTO webhook_cursor SELECT $1::bigint, $2::uuid, v.name, 1, v.state
       FROM unnest($3::text[], $4::text[]) AS v (name, state) ORDER BY v.name
       ON CONFLICT (lane, webhook, name) DO NOTHING`,
      [...owner, cursors.map(({ name }) => name), cursors.map(({ state }) => state)],
    ),
  move: (sql: Sql.Sql, owner: ReadonlyArray<Sql.Parameter>, cursors: ReadonlyArray<KeptCursor>) =>
    Sql.write(
      sql,
      `UPDATE webhook_cursor c SET revision = c.revision + 1, state = v.state
       FROM unnest($3::text[], $4::text[], $5::bigint[]) AS v (name, state, before)
       WHERE c.lane = $1 AND c.webhook = $2 AND c.name = v.name AND c.revision = v.before`,
      [
        ...owner,
        cursors.map(({ name }) => name),
        cursors.map(({ state }) => state),
        cursors.map(({ before }) => before),
      ],
    ),
  remove: (sql: Sql.Sql, owner: ReadonlyArray<Sql.Parameter>, cursors: ReadonlyArray<Cursor>) =>
    Sql.write(
      sql,
      `DELETE FROM webhook_cursor c USING unnest($3::text[], $4::bigint[]) AS v (name, before)
       WHERE c.lane = $1 AND c.webhook = $2 AND c.name = v.name AND c.revision = v.before`,
      [...owner, cursors.map(({ name }) => name), cursors.map(({ before }) => before)],
    ),
  /** Counts those that are there, none of which should be. */
  expectNone: (sql: Sql.Sql, owner: ReadonlyArray<Sql.Parameter>, cursors: ReadonlyArray<Cursor>) =>
    Effect.map(
      Sql.query(
        sql,
        "SELECT 1 AS found FROM webhook_cursor WHERE lane = $1 AND webhook = $2 AND name = ANY($3::text[])",
        [...owner, cursors.map(({ name }) => name)],
      ),
      (rows) => cursors.length - rows.length,
    ),
}

/** The steps that move the cursors, or reject. */
const cursorSteps = (sql: Sql.Sql, step: Port.WebhookStep) => {
  const owner = ownerOf(step)
  const run = <Each extends Cursor>(
    statement: (
      sql: Sql.Sql,
      owner: ReadonlyArray<Sql.Parameter>,
      of: ReadonlyArray<Each>,
    ) => Effect.Effect<number, SqlError>,
    of: ReadonlyArray<Each>,
  ) =>
    of.length === 0
      ? []
      : [Effect.map(statement(sql, owner, of), (found) => (found === of.length ? undefined : ("stale" as const)))]
  const kept = step.cursors.filter(isKept)
  const removed = step.cursors.filter((cursor) => !isKept(cursor))
  const { expectNone, make, move, remove } = cursorStatements
  return [
    ...run(
      make,
      kept.filter(({ before }) => before === 0),
    ),
    ...run(
      move,
      kept.filter(({ before }) => before > 0),
    ),
    ...run(
      expectNone,
      removed.filter(({ before }) => before === 0),
    ),
    ...run(
      remove,
      removed.filter(({ before }) => before > 0),
    ),
  ]
}

interface Owned<Row> {
  readonly step: Port.WebhookStep
  readonly row: Row
}

const ownerColumns = {
  lane: ["bigint", ({ step }: Owned<unknown>) => ownerOf(step)[0]],
  webhook: ["uuid", ({ step }: Owned<unknown>) => step.webhook],
} as const

const itemColumns = {
  item_lane: ["bigint", ({ row }: Owned<Port.ItemKey>) => row.lane],
  position: ["bigint", ({ row }: Owned<Port.ItemKey>) => row.position],
  number: ["bigint", ({ row }: Owned<Port.ItemKey>) => row.number],
} as const

type PersonKey = Port.WebhookStep["unpark"][number]

const personColumn = { person: ["text", ({ row }: Owned<PersonKey>) => row.person] } as const

const slotOf = ({ n }: Port.LoggedTry): number => n % Port.triesKept

/** A table with a row for each key, as both are written. */
interface RowTable<Row extends Key, Key> {
  readonly name: (typeof tables)[number]
  readonly keyColumns: Readonly<Record<string, ArrayColumns.Column<Owned<Key>>>>
  readonly columns: Readonly<Record<string, ArrayColumns.Column<Owned<Row>>>>
}

const parked: RowTable<Port.ParkedChange, PersonKey> = {
  name: "parked",
  keyColumns: { ...ownerColumns, ...personColumn, ...itemColumns },
  columns: { tries: ["bigint", ({ row }) => row.tries], next_at: ["bigint", ({ row }) => row.nextAt] },
}

const deadLetters: RowTable<Port.DeadLetter, Port.ItemKey> = {
  name: "dead_letter",
  keyColumns: { ...ownerColumns, ...itemColumns },
  columns: {
    ...personColumn,
    buried_at: ["bigint", ({ row }) => row.at],
    tries: ["bigint", ({ row }) => row.tries],
    outcome: ["text", ({ row }) => row.outcome],
  },
}

const deliveries: RowTable<Port.LoggedTry, Port.LoggedTry> = {
  name: "delivery",
  keyColumns: { ...ownerColumns, slot: ["bigint", ({ row }) => slotOf(row)] },
  columns: {
    n: ["bigint", ({ row }) => row.n],
    change_id: ["text", ({ row }) => row.change],
    type: ["text", ({ row }) => row.type],
    attempt: ["bigint", ({ row }) => row.attempt],
    tried_at: ["bigint", ({ row }) => row.at],
    millis: ["bigint", ({ row }) => row.millis],
    outcome: ["text", ({ row }) => row.outcome],
    is_replay: ["boolean", ({ row }) => row.isReplay],
  },
}

/** The last of the rows with each key, because one statement cannot write a row twice. */
const lastOfEach = <Row extends Key, Key>(
  { keyColumns }: RowTable<Row, Key>,
  step: Port.WebhookStep,
  rows: ReadonlyArray<Row>,
): ReadonlyArray<Owned<Row>> => {
  const valuesOf = Object.values(keyColumns).map(([, valueOf]) => valueOf)
  const last = new Map<string, Owned<Row>>()
  for (const row of rows) last.set(valuesOf.map((valueOf) => valueOf({ step, row })).join(" "), { step, row })
  return [...last.values()]
}

/** Makes the steps that write to a table; none if there is nothing to write. */
const writerOf = <Row extends Key, Key>(table: RowTable<Row, Key>) => {
  const { columns, keyColumns, name } = table
  const rows = ArrayColumns.make<Owned<Row>>({ ...keyColumns, ...columns })
  const keys = ArrayColumns.make<Owned<Key>>(keyColumns)
  const key = Object.keys(keyColumns)
  const removed = `DELETE FROM ${name} r USING ${keys.rows} v WHERE ${key.map((each) => `r.${each} = v.${each}`).join(" AND ")}`
  const written = `INSERT INTO ${name} (${[...key, ...Object.keys(columns)].join(", ")}) SELECT * FROM ${rows.rows} v
    ON CONFLICT (${key.join(", ")}) DO UPDATE
      SET ${Object.keys(columns)
        .map((each) => `${each} = excluded.${each}`)
        .join(", ")}`
  return {
    remove: (sql: Sql.Sql, step: Port.WebhookStep, of: ReadonlyArray<Key>) =>
      of.length === 0
        ? []
        : [Effect.suspend(() => Sql.query(sql, removed, keys.parameters(of.map((row) => ({ step, row })))))],
    write: (sql: Sql.Sql, step: Port.WebhookStep, of: ReadonlyArray<Row>) =>
      of.length === 0
        ? []
        : [Effect.suspend(() => Sql.query(sql, written, rows.parameters(lastOfEach(table, step, of))))],
  }
}

const ofParked = writerOf(parked)
const ofDead = writerOf(deadLetters)
const ofTries = writerOf(deliveries)

/** The steps that write the rest of a step. */
const rowSteps = (sql: Sql.Sql, step: Port.WebhookStep) => [
  ...ofParked.remove(sql, step, step.unpark),
  ...ofParked.write(sql, step, step.park),
  ...ofDead.remove(sql, step, step.unbury),
  ...ofDead.write(sql, step, step.bury),
  ...ofTries.write(sql, step, step.tries),
]

/**
 * Whether the cursors are as a step leaves them: then an earlier try of it was committed, whose outcome was unknown, or
 * another server has written the same.
 */
const isWritten = Effect.fnUntraced(function* (sql: Sql.Sql, step: Port.WebhookStep) {
  const rows = yield* Sql.query<{ readonly name: string; readonly revision: number; readonly state: string }>(
    sql,
    "SELECT name, revision, state FROM webhook_cursor WHERE lane = $1 AND webhook = $2",
    ownerOf(step),
  )
  const found = new Map(rows.map((row) => [row.name, row]))
  return step.cursors.every(({ before, name, state }) => {
    const row = found.get(name)
    return state === undefined ? row === undefined : row?.revision === before + 1 && row.state === state
  })
})

/** Writes a step; tries again if it lost to others, or if the outcome of a commit is unknown. */
export const write = (sql: Sql.Sql, step: Port.WebhookStep): Effect.Effect<"written" | "stale", SqlError> =>
  Effect.suspend(() => {
    let isTried = false
    const steps = Effect.gen(function* () {
      const rows = rowSteps(sql, step).map(Effect.as(undefined))
      const rejection = yield* PipelinedTransactions.firstRejection<"stale">([...cursorSteps(sql, step), ...rows])
      return rejection === undefined ? ("written" as const) : yield* Effect.fail({ _tag: "Rollback" } as const)
    })
    const once = Effect.suspend(() => {
      const isAgain = isTried
      isTried = true
      return Sql.transaction(sql, steps).pipe(
        Effect.catchTag("Rollback", () =>
          isAgain
            ? Effect.map(isWritten(sql, step), (isOwn) => (isOwn ? ("written" as const) : ("stale" as const)))
            : Effect.succeed("stale" as const),
        ),
      )
    })
    return Sql.retryOnInterruption(once)
  })

/** Removes every row of a webhook. */
export const remove = (sql: Sql.Sql, lane: number, webhook: string) =>
  Sql.transaction(
    sql,
    PipelinedTransactions.firstRejection<undefined>(
      tables.map((table) =>
        Effect.as(Sql.query(sql, `DELETE FROM ${table} WHERE lane = $1 AND webhook = $2`, [lane, webhook]), undefined),
      ),
    ),
  )
