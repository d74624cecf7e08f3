/**
 * Reads a whole SQLite ledger in the order of its people, in bounded memory and from one snapshot: it does not see
 * what is committed meanwhile, and does not block writers.
 */
import { createHash } from "node:crypto"
import { existsSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { Effect, type Scope } from "effect"
import * as TypeHistory from "../../core/model/TypeHistory.ts"
import * as EventColumns from "../../core/simulation/EventColumns.ts"
import * as EventColumnBuilder from "../../core/simulation/EventColumnBuilder.ts"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import type { ConsentType } from "../../core/engine/ConsentType.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import * as People from "../../core/model/People.ts"
import { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as FileFault from "./FileFault.ts"
import * as Migrations from "./Migrations.ts"
import * as Reader from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

/** A ledger being read. */
export interface PersonReader {
  /** The consent types of every project, each with its own rules. */
  readonly types: ReadonlyArray<ConsentType>
  /** The number of events. */
  readonly events: number
  /** SHA-256 of the snapshot: of the end of each lane, the consent types, and the joins in force. */
  readonly sha256: string
  /** The events of the next people; `undefined` after the last. */
  readonly next: Effect.Effect<EventColumns.EventColumns | undefined, StoreUnavailable>
}

type Row = readonly [
  person: Uint8Array,
  id: Uint8Array,
  consentType: Uint8Array,
  version: number,
  consentState: ConsentState,
  consentDate: Instant,
  dateCreated: Instant,
  expirationDate: number | null,
]

/** The position in a lane, or in the events of joined people: the next event, and those that follow. */
interface Cursor {
  row: Row
  readonly rest: Iterator<Row>
}

const attempt = <A>(step: () => A): Effect.Effect<A, StoreUnavailable> =>
  Effect.try({
    try: step,
    catch: (error) => new StoreUnavailable({ reason: error instanceof Error ? error.message : "the disk failed" }),
  })

const openSnapshot = (path: string): DatabaseSync => {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 10_000 })
  try {
    const fault = Migrations.faultOf(db)
    if (fault !== undefined) throw fault
    db.exec("BEGIN")
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

const rowsWhere = (db: DatabaseSync, condition: string, ...values: ReadonlyArray<number | Uint8Array>) => {
  const statement = db.prepare(`
    SELECT person, event_id, consent_type, version, consent_state, consent_date, recorded_at, expiration_date
    FROM event WHERE ${condition} ORDER BY person, consent_date, event_id`)
  statement.setReturnArrays(true)
  const rows: IteratorObject<unknown, undefined> = statement.iterate(...values)
  // Only the writer writes these columns, and it writes these types.
  return rows as IteratorObject<Row, undefined>
}

/** The groups of joined people, as known at `knownAt`. */
const joinedPeople = (db: DatabaseSync, knownAt: Instant): ReadonlyArray<People.Joined> => {
  const bodies = db.prepare("SELECT DISTINCT body FROM person_fact").all()
  return People.groups(
    bodies.map(({ body }) => JSON.parse(String(body))),
    knownAt,
  )
}

/** The events of joined people, under the id of the survivor of their join. */
function* joinedRows(
  db: DatabaseSync,
  lanes: ReadonlyArray<number>,
  groups: ReadonlyArray<People.Joined>,
): Generator<Row, undefined> {
  for (const { members, survivor } of groups) {
    const person = Uuid.toBytes(survivor)
    for (const member of members) {
      for (const lane of lanes) {
        for (const [, ...row] of rowsWhere(db, "lane = ? AND person = ?", lane, Uuid.toBytes(member))) {
          yield [person, ...row]
        }
      }
    }
  }
}

/** Every event, person by person: merges the lanes and the events of joined people by their next person. */
function* rowsByPerson(
  db: DatabaseSync,
  lanes: ReadonlyArray<number>,
  groups: ReadonlyArray<People.Joined>,
): Generator<Row, void> {
  const joined = new Set(groups.flatMap(({ members }) => members))
  const isNotJoined = ([person]: Row) => !joined.has(Uuid.fromBytes(person))
  const ofLanes = lanes.map((lane) => {
    const rows = rowsWhere(db, "lane = ?", lane)
    return joined.size === 0 ? rows : rows.filter(isNotJoined)
  })
  const cursors: Array<Cursor> = []
  for (const rest of [...ofLanes, joinedRows(db, lanes, groups)]) {
    const first = rest.next()
    if (first.done !== true) cursors.push({ row: first.value, rest })
  }
  while (cursors.length > 0) {
    let least = cursors[0]!
    for (const cursor of cursors) if (Buffer.compare(cursor.row[0], least.row[0]) < 0) least = cursor
    const person = least.row[0]
    for (let isSame = true; isSame;) {
      yield least.row
      const next = least.rest.next()
      if (next.done === true) {
        cursors.splice(cursors.indexOf(least), 1)
        break
      }
      least.row = next.value
      isSame = Buffer.compare(person, next.value[0]) === 0
    }
  }
}

function* batches(
  rows: Iterable<Row>,
  builder: EventColumnBuilder.EventColumnBuilder,
): Generator<EventColumns.EventColumns, void> {
  const types = new Map<string, string>()
  const typeIdOf = (bytes: Uint8Array): string => {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")
    let id = types.get(key)
    if (id === undefined) types.set(key, (id = Uuid.fromBytes(bytes)))
    return id
  }
  let person: Uint8Array = new Uint8Array()
  let concordId = ""
  for (const row of rows) {
    if (row[0] !== person && Buffer.compare(row[0], person) !== 0) {
      person = row[0]
      concordId = Uuid.fromBytes(person)
    }
    const slot = builder.add(concordId, typeIdOf(row[2]))
    slot.state = EventColumns.stateIndex(row[4])
    slot.version = row[3]
    slot.consentDate = row[5]
    slot.dateCreated = row[6]
    slot.expirationDate = row[7] ?? NaN
    slot.ids = { at: () => Uuid.fromBytes(row[1]) }
    slot.row = 0
    if (builder.isFull()) yield builder.flush()
  }
  yield builder.finish()
}

/** Opens a ledger for reading; it is closed with the scope. Fails if the file is missing or is not a ledger. */
export const make = (
  path: string,
  knownAt: Instant,
  keepsIds: boolean,
): Effect.Effect<PersonReader, StoreUnavailable, Scope.Scope> =>
  Effect.acquireRelease(
    existsSync(path)
      ? Reader.opening(path, () => openSnapshot(path))
      : new StoreUnavailable({ reason: FileFault.missing(path), isLasting: true }),
    (db) => Effect.sync(() => db.close()),
  ).pipe(
    Effect.flatMap((db) =>
      attempt(() => {
        const lanes = db.prepare("SELECT lane, next_position FROM lane_head ORDER BY lane").all()
        const listed = db
          .prepare("SELECT body FROM catalog_entry WHERE kind = 'consentTypes' ORDER BY revision, ordinal")
          .all()
          .map(({ body }) => String(body))
        const joined = joinedPeople(db, knownAt)
        const rows = batches(
          rowsByPerson(
            db,
            lanes.map(({ lane }) => Number(lane)),
            joined,
          ),
          EventColumnBuilder.make(knownAt, keepsIds),
        )
        return {
          types: TypeHistory.of(listed.map((body) => JSON.parse(body))).map(TypeHistory.forEngine),
          events: lanes.reduce((sum, { next_position }) => sum + Number(next_position), 0),
          sha256: createHash("sha256")
            .update(JSON.stringify([lanes, listed, joined]))
            .digest("hex"),
          next: attempt(() => {
            const next = rows.next()
            return next.done === true ? undefined : next.value
          }),
        }
      }),
    ),
  )
