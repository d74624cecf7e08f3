/**
 * Checks that the stored heads are the fold of the log (semantics, section 2). Both are read in the order of people, at
 * the same time, so that the memory does not depend on the number of people.
 */
import { Effect } from "effect"
import * as Order from "../engine/Order.ts"
import type { ColumnName, Next, Row, Snapshot } from "../ports/LedgerRows.ts"
import type { Findings } from "./Findings.ts"
import * as TableReader from "../transfer/TableReader.ts"

/** The columns of an event that a head has. */
type Deciding = Row<"event", ColumnName<"head">>

const columns = [
  "lane",
  "position",
  "person",
  "event_id",
  "consent_type",
  "consent_state",
  "consent_date",
  "recorded_at",
] as const

/** Reads the events in the order of their people. */
export const events = (snapshot: Snapshot) =>
  snapshot.rows("event", { columns, by: ["lane", "person", "consent_date", "event_id"] })

const orderOf = ({ consent_date, event_id, recorded_at }: Deciding) => ({
  consentDate: consent_date,
  dateCreated: recorded_at,
  id: event_id,
})

/** The columns of a head are among those of an event. */
type Head = Row<"head">

const compare = (a: number | string, b: number | string): number => (a < b ? -1 : a > b ? 1 : 0)

const compareKeys = (a: Head, b: Head): number =>
  compare(a.lane, b.lane) ||
  compare(a.person, b.person) ||
  compare(a.consent_type, b.consent_type) ||
  compare(a.consent_state, b.consent_state)

const placeOf = ({ consent_state, consent_type, lane, person }: Head) => ({
  table: "head" as const,
  lane,
  person,
  consentType: consent_type,
  consentState: consent_state,
})

/** The columns of a head that are not in its key. */
const rest = ["consent_date", "recorded_at", "event_id", "position"] as const

/** Folds the events of the next person into its heads, and goes on to the person after it. */
const foldNext = Effect.fnUntraced(function* (events: TableReader.Reader<"event", ColumnName<"head">>) {
  const heads = new Map<string, Head>()
  const first = events.row!
  let count = 0
  while (events.row?.lane === first.lane && events.row.person === first.person) {
    const { row } = events
    const key = `${row.consent_type} ${row.consent_state}`
    const head = heads.get(key)
    if (head === undefined || Order.isLater(orderOf(row), orderOf(head))) heads.set(key, row)
    count++
    yield* events.advance
  }
  return { count, heads: [...heads.values()].toSorted(compareKeys) }
})

/**
 * Checks the heads, read in the order of their key, against {@link events}. Returns the number of events and of people.
 */
export const check = Effect.fnUntraced(function* (
  byPerson: Next<"event", ColumnName<"head">>,
  heads: Next<"head">,
  findings: Findings,
) {
  const events = yield* TableReader.reader(byPerson)
  const kept = yield* TableReader.reader(heads)
  const noteAdditional = (head: Head) => findings.note({ ...placeOf(head), what: "the log has no such event" })

  const compareNext = Effect.fnUntraced(function* (expected: Head) {
    while (kept.row !== undefined && compareKeys(kept.row, expected) < 0) {
      noteAdditional(kept.row)
      yield* kept.advance
    }
    const { row } = kept
    if (row === undefined || compareKeys(row, expected) !== 0) {
      return findings.note({ ...placeOf(expected), what: `is missing: it is position ${expected.position}` })
    }
    const wrong = rest.filter((name) => row[name] !== expected[name])
    if (wrong.length > 0) {
      const what = `is not the latest event, position ${expected.position}: ${wrong.join(", ")}`
      findings.note({ ...placeOf(expected), what })
    }
    yield* kept.advance
  })

  let count = 0
  let people = 0
  while (events.row !== undefined) {
    const folded = yield* foldNext(events)
    for (const expected of folded.heads) yield* compareNext(expected)
    count += folded.count
    if (++people % 500 === 0) yield* Effect.yieldNow
  }
  while (kept.row !== undefined) {
    noteAdditional(kept.row)
    yield* kept.advance
  }
  return { events: count, people }
})
