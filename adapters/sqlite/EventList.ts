/**
 * Lists the events of a project: reads each lane by its own index, then merges the lanes (keyset paging).
 *
 * The first page fixes the end of each lane. Later pages read up to the same ends, from where the previous page
 * ended, so they neither skip nor repeat an event, whatever is recorded meanwhile.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import type { EventFilter, EventPage, EventOrder, PageRequest, PagePlace } from "../../core/ports/LedgerStore.ts"
import * as EventRow from "./EventRow.ts"
import * as Uuid from "./Uuid.ts"

/** Lists events through one connection. */
export type EventList = (project: Lane.Owner, filter: EventFilter, page: PageRequest) => EventPage

interface Condition {
  readonly sql: string
  readonly values: ReadonlyArray<SQLInputValue>
}

type Key = PagePlace["last"]

/** The most statements that are kept prepared; then all are dropped. */
const maxPrepared = 200

const column = { consentDate: "e.consent_date", dateCreated: "e.recorded_at" } as const

const isOneOf = (name: string, values: ReadonlyArray<SQLInputValue> | undefined): ReadonlyArray<Condition> =>
  values === undefined ? [] : [{ sql: `${name} IN (${values.map(() => "?").join(", ")})`, values }]

const isThe = (name: string, value: string | undefined): ReadonlyArray<Condition> =>
  isOneOf(name, value === undefined ? undefined : [value])

const conditionsOf = (filter: EventFilter, people: ReadonlyArray<string> | undefined): ReadonlyArray<Condition> => [
  { sql: "e.consent_date >= ?", values: [filter.startDate] },
  { sql: "e.consent_date < ?", values: [filter.endDate] },
  ...isOneOf("e.person", people?.map(Uuid.toBytes)),
  ...isOneOf("e.consent_type", filter.consentTypes?.map(Uuid.toBytes)),
  ...isOneOf("e.consent_state", filter.consentStates),
  ...isOneOf("e.consent_action", filter.consentActions),
  ...isThe("e.submitter", filter.submitter),
  ...isThe("e.session", filter.session),
  ...isThe("e.domain", filter.domain),
  ...isThe("e.geography", filter.geography),
]

/** The condition for events of one lane that come after a key: keys are ordered by date, then lane, then position. */
const after = ({ sort, order }: EventOrder, lane: number, [at, lastLane, position]: Key): Condition => {
  const than = order === "asc" ? ">" : "<"
  if (lane === lastLane) return { sql: `(${column[sort]}, e.position) ${than} (?, ?)`, values: [at, position] }
  const isLater = order === "asc" ? lane > lastLane : lane < lastLane
  return { sql: `${column[sort]} ${than}${isLater ? "=" : ""} ?`, values: [at] }
}

const direction = { asc: 1, desc: -1 } as const

const compare = ({ order }: EventOrder, a: Key, b: Key): number =>
  direction[order] * (a[0] - b[0] || a[1] - b[1] || a[2] - b[2])

const orderOf = ({ order, sort }: EventOrder, rest: string): string =>
  `ORDER BY ${column[sort]} ${order}, e.position ${order} ${rest}`

/** A lane of the list, and the conditions of its events. */
interface ListedLane {
  /** From 0 in the project. */
  readonly lane: number
  readonly conditions: ReadonlyArray<Condition>
}

/** A row with the key that it is ordered by. */
interface Found {
  readonly key: Key
  readonly row: EventRow.EventRow
}

/** Makes the list of one connection. A statement is prepared when it is first needed. */
export const make = (db: DatabaseSync): EventList => {
  const prepared = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    const statement = db.prepare(sql)
    statement.setReturnArrays(true)
    if (prepared.size >= maxPrepared) prepared.clear()
    prepared.set(sql, statement)
    return statement
  }
  const run = (select: string, conditions: ReadonlyArray<Condition>, rest = "", more: ReadonlyArray<number> = []) => {
    const where = conditions.map(({ sql }) => sql).join(" AND ")
    const values = conditions.flatMap((condition) => condition.values)
    // Each row is an array of the selected columns.
    const rows: unknown = prepare(`SELECT ${select} FROM event e WHERE ${where} ${rest}`).all(...values, ...more)
    return rows as ReadonlyArray<ReadonlyArray<unknown>>
  }

  /** The keys of a lane in the order of the list, read one by one. */
  const keysOf = ({ conditions, lane }: ListedLane, page: EventOrder) => {
    const where = conditions.map(({ sql }) => sql).join(" AND ")
    // A statement of its own, because all lanes are read at the same time.
    const statement = db.prepare(
      `SELECT ${column[page.sort]}, e.position FROM event e WHERE ${where} ${orderOf(page, "")}`,
    )
    statement.setReturnArrays(true)
    const rows: Iterator<unknown> = statement.iterate(...conditions.flatMap(({ values }) => values))
    return {
      next: (): Key | undefined => {
        const { done, value } = rows.next()
        if (done === true) return undefined
        const [at, position] = value as readonly [number, number]
        return [at, lane, position]
      },
      close: () => rows.return?.(),
    }
  }

  /**
   * The key of the `n`-th event of a list of at least `n` events. The lanes are merged key by key, so that the memory
   * does not grow with `n`.
   */
  const keyAt = (lanes: ReadonlyArray<ListedLane>, page: EventOrder, n: number): Key => {
    const open = lanes.map((lane) => keysOf(lane, page))
    try {
      const heads = open.map((keys) => keys.next())
      for (let passed = 1; ; passed++) {
        let first = -1
        for (const [at, key] of heads.entries()) {
          if (key !== undefined && (first === -1 || compare(page, key, heads[first]!) < 0)) first = at
        }
        if (passed === n) return heads[first]!
        heads[first] = open[first]!.next()
      }
    } finally {
      for (const keys of open) keys.close()
    }
  }

  const boundsOf = (project: Lane.Owner): ReadonlyArray<number> => {
    const first = project.number * Lane.maxCount
    const rows: unknown = prepare("SELECT lane, next_position FROM lane_head WHERE lane BETWEEN ? AND ?").all(
      first,
      first + project.lanes - 1,
    )
    const heads = new Map(
      (rows as ReadonlyArray<readonly [number, number]>).map(([lane, next]) => [lane - first, next]),
    )
    return Array.from({ length: project.lanes }, (_, lane) => heads.get(lane) ?? 0)
  }

  return (project, filter, page) => {
    const place = typeof page.from === "number" ? undefined : page.from
    const skipped = typeof page.from === "number" ? page.from : 0
    const bounds = place?.bounds ?? boundsOf(project)
    const byLane = filter.people && Map.groupBy(filter.people, (person) => Lane.of(project, person))
    const lanes = bounds.flatMap((bound, lane) => {
      const stored = project.number * Lane.maxCount + lane
      const people = byLane?.get(stored)
      if (bound === 0 || (byLane !== undefined && people === undefined)) return []
      const own = [
        { sql: "e.lane = ?", values: [stored] },
        { sql: "e.position < ?", values: [bound] },
      ]
      return [{ lane, conditions: [...own, ...conditionsOf(filter, people)] }]
    })
    const total =
      place?.total ?? lanes.reduce((sum, { conditions }) => sum + Number(run("count(*)", conditions)[0]![0]), 0)
    if (skipped >= total) return { total, events: [], bounds }
    const last = place?.last ?? (skipped === 0 ? undefined : keyAt(lanes, page, skipped))
    const found = lanes.flatMap(({ lane, conditions }): ReadonlyArray<Found> => {
      const left = last === undefined ? conditions : [...conditions, after(page, lane, last)]
      const rows = run(`${column[page.sort]}, e.position, ${EventRow.columns}`, left, orderOf(page, "LIMIT ?"), [
        page.limit,
      ])
      return rows.map(([at, position, ...columns]) => {
        const row: unknown = columns
        // The columns are those of `EventRow.columns`, in their order.
        return { key: [Number(at), lane, Number(position)], row: row as EventRow.EventRow }
      })
    })
    const listed = found.toSorted((a, b) => compare(page, a.key, b.key)).slice(0, page.limit)
    const offset = (place?.offset ?? skipped) + listed.length
    const events = listed.map(({ row }) => EventRow.toEvent(row))
    const end = listed.at(-1)?.key
    if (end === undefined || offset >= total) return { total, events, bounds }
    return { total, events, bounds, next: { bounds, total, offset, last: end } }
  }
}
