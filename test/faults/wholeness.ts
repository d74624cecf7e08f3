/**
 * Whether a ledger is whole: checked in SQL, without the code of the store, the same for SQLite and PostgreSQL.
 */
import { createHash } from "node:crypto"
import { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Sql from "../../adapters/postgres/Sql.ts"

type Row = Readonly<Record<string, unknown>>

/** A ledger that can be queried. */
export interface Asked {
  /** Returns the rows of each statement. */
  readonly ask: (statements: ReadonlyArray<string>) => Promise<ReadonlyArray<ReadonlyArray<Row>>>
  /** SQL for a column of bytes in lower-case hexadecimal. */
  readonly hex: (column: string) => string
}

/** The ledger of a file. */
export const sqlite = (path: string): Asked => ({
  ask: async (statements) => {
    const db = new DatabaseSync(path, { readOnly: true })
    try {
      return statements.map((sql) => db.prepare(sql).all())
    } finally {
      db.close()
    }
  },
  hex: (column) => `lower(hex(${column}))`,
})

/** The ledger of a database. */
export const postgres = (url: string): Asked => ({
  ask: (statements) =>
    Effect.flatMap(Sql.connect(url), (connection) =>
      Effect.forEach(statements, (sql) => Sql.query<Row>(connection, sql)),
    ).pipe(Effect.scoped, Effect.provide(Reactivity.layer), Effect.runPromise),
  hex: (column) => `encode(${column}, 'hex')`,
})

const laneHeads = `
  SELECT h.lane FROM lane_head h LEFT JOIN event e ON e.lane = h.lane
  GROUP BY h.lane, h.next_position, h.last_recorded_at
  HAVING count(e.position) <> h.next_position
    OR (h.next_position > 0 AND (min(e.position) <> 0 OR max(e.position) <> h.next_position - 1
      OR max(e.recorded_at) > h.last_recorded_at))`

const headless = "SELECT lane FROM event WHERE lane NOT IN (SELECT lane FROM lane_head)"

const goingBack = `
  SELECT a.lane FROM event a JOIN event b ON b.lane = a.lane AND b.position = a.position + 1
  WHERE b.recorded_at < a.recorded_at`

const heads = "SELECT lane, person, consent_type, consent_state, event_id, position FROM head"

const folded = `
  SELECT lane, person, consent_type, consent_state, event_id, position FROM (
    SELECT *, row_number() OVER (
      PARTITION BY lane, person, consent_type, consent_state
      ORDER BY consent_date DESC, recorded_at DESC, event_id DESC) AS rank FROM event) ranked WHERE rank = 1`

/** Queries that must find no row, by the fault that a row shows. */
const rules: Readonly<Record<string, string>> = {
  "positions have a gap, or a lane head does not count them": laneHeads,
  "a lane has no head": headless,
  "dateCreated goes back inside a lane": goingBack,
  "heads lack what the fold of the events has": `${folded} EXCEPT ${heads}`,
  "heads have what the fold of the events lacks": `${heads} EXCEPT ${folded}`,
}

/** The leaf hash of a body (RFC 6962, section 2.1). */
const leafOf = (body: string): string => createHash("sha256").update(`\0${body}`).digest("hex")

/**
 * Faults of the events: an acknowledged one is lost, one is there twice, a request is incomplete, a body was changed.
 */
const ofEvents = (rows: ReadonlyArray<Row>, acknowledged: ReadonlyArray<string>): ReadonlyArray<string> => {
  const bodies = rows.map(({ body }) => JSON.parse(String(body)))
  const ids = new Set(bodies.map(({ id }) => id))
  const requests = Map.groupBy(
    bodies.filter(({ request }) => request !== undefined),
    ({ request }) => request,
  )
  const lost = acknowledged.filter((id) => !ids.has(id))
  return [
    ...(lost.length > 0 ? [`${lost.length} of ${acknowledged.length} acknowledged events are lost`] : []),
    ...(ids.size < bodies.length ? ["an event is there twice"] : []),
    ...([...requests.values()].some((of) => of.length !== of[0].size) ? ["a request is there in part"] : []),
    ...(rows.some(({ body, leaf }) => leafOf(String(body)) !== leaf) ? ["a body is not what it was"] : []),
  ]
}

/** All faults of a ledger; empty if it is whole and holds every acknowledged event once. */
export const faultsOf = async (
  { ask, hex }: Asked,
  acknowledged: ReadonlyArray<string>,
): Promise<ReadonlyArray<string>> => {
  const [events, ...found] = await ask([`SELECT body, ${hex("leaf")} AS leaf FROM event`, ...Object.values(rules)])
  const broken = Object.keys(rules).filter((_, index) => found[index]!.length > 0)
  return [...broken, ...ofEvents(events!, acknowledged)]
}
