/**
 * Reads all events of a PostgreSQL ledger, ordered by person, in bounded memory and from one snapshot: it does not see
 * what is committed meanwhile, and blocks no writer.
 */
import { createHash } from "node:crypto"
import { Effect, Pull, type Scope, Stream } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import type { ListedType } from "../../core/model/Catalog.ts"
import * as TypeHistory from "../../core/model/TypeHistory.ts"
import * as EventColumnBuilder from "../../core/simulation/EventColumnBuilder.ts"
import * as EventColumns from "../../core/simulation/EventColumns.ts"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import type { ConsentType } from "../../core/engine/ConsentType.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import * as People from "../../core/model/People.ts"
import { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as ConnectFault from "./ConnectFault.ts"
import * as Migrations from "./Migrations.ts"
import * as Sql from "./Sql.ts"

/** A ledger being read. */
export interface PersonReader {
  /** The consent types of every project, each with its own rules. */
  readonly types: ReadonlyArray<ConsentType>
  /** How many events there are. */
  readonly events: number
  /** SHA-256 of what identifies the snapshot: the ends of the lanes, the consent types, and which people are joined. */
  readonly sha256: string
  /** The next people; `undefined` after the last. */
  readonly next: Effect.Effect<EventColumns.EventColumns | undefined, StoreUnavailable>
}

interface Row {
  readonly person: string
  readonly event_id: string
  readonly consent_type: string
  readonly version: number
  readonly consent_state: ConsentState
  readonly consent_date: Instant
  readonly recorded_at: Instant
  readonly expiration_date: number | null
}

/** Events of joined people have the id of the survivor, and are ordered by it. */
const inOrder = `
  SELECT coalesce(j.survivor, e.person) AS person, e.event_id, e.consent_type, e.version, e.consent_state, e.consent_date,
    e.recorded_at, e.expiration_date
  FROM event e LEFT JOIN unnest($1::uuid[], $2::uuid[]) AS j (member, survivor) ON j.member = e.person
  ORDER BY 1, e.consent_date, e.event_id`

/** A transaction without time limits that sees one snapshot. It ends with the scope. */
const snapshot = Effect.fnUntraced(function* (url: string) {
  const sql = yield* Sql.connect(url)
  const fault = yield* Migrations.faultOfDatabase(sql)
  if (fault !== undefined) {
    return yield* new StoreUnavailable({ reason: `${ConnectFault.placeOf(url)}: ${fault.reason}`, isLasting: true })
  }
  const connection = yield* sql.reserve
  const run = (statement: string) => connection.executeUnprepared(statement, [], undefined)
  yield* Effect.acquireRelease(run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"), () =>
    Effect.ignore(run("ROLLBACK")),
  )
  yield* run("SET LOCAL statement_timeout = 0")
  yield* run("SET LOCAL idle_in_transaction_session_timeout = 0")
  return connection
})

const read = <Found extends object>(connection: Connection, statement: string) =>
  Effect.map(
    connection.executeUnprepared(statement, [], undefined),
    // Only this store writes the columns, with the types that they are read as.
    (rows): ReadonlyArray<Found> => rows,
  )

/** The ends of the lanes, the consent types, and the groups of joined people. */
const readFrame = Effect.fnUntraced(function* (connection: Connection, knownAt: Instant) {
  const lanes = yield* read<{ readonly lane: number; readonly next_position: number }>(
    connection,
    "SELECT lane, next_position FROM lane_head ORDER BY lane",
  )
  const listed = yield* read<{ readonly body: string }>(
    connection,
    "SELECT body FROM catalog_entry WHERE lane = 0 AND kind = 'consentTypes' ORDER BY revision, ordinal",
  )
  const facts = yield* read<{ readonly body: string }>(
    connection,
    "SELECT DISTINCT body FROM person_fact ORDER BY body",
  )
  const types = TypeHistory.of(listed.map(({ body }): ListedType => JSON.parse(body))).map(TypeHistory.forEngine)
  const groups = People.groups(
    facts.map(({ body }) => JSON.parse(body)),
    knownAt,
  )
  return { lanes, types, groups }
})

/** Adds rows to a builder, and collects the batches that it has filled. */
const batcher = (builder: EventColumnBuilder.EventColumnBuilder) => {
  const ready: Array<EventColumns.EventColumns> = []
  const add = (row: Row): void => {
    const slot = builder.add(row.person, row.consent_type)
    slot.state = EventColumns.stateIndex(row.consent_state)
    slot.version = row.version
    slot.consentDate = row.consent_date
    slot.dateCreated = row.recorded_at
    slot.expirationDate = row.expiration_date ?? NaN
    slot.ids = { at: () => row.event_id }
    slot.row = 0
    if (builder.isFull()) ready.push(builder.flush())
  }
  return { ready, add }
}

/** Opens a ledger; fails if the database cannot be reached or is not a ledger. It is closed with the scope. */
export const make = (
  url: string,
  knownAt: Instant,
  keepsIds: boolean,
): Effect.Effect<PersonReader, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const connection = yield* snapshot(url)
    const { groups, lanes, types } = yield* readFrame(connection, knownAt)
    const joined = groups.flatMap(({ members, survivor }) => members.map((member) => ({ member, survivor })))
    const rows: Stream.Stream<Row, SqlError> = connection.executeStream(
      inOrder,
      [joined.map(({ member }) => member), joined.map(({ survivor }) => survivor)],
      undefined,
    )
    const pull = yield* Stream.toPull(rows)
    const builder = EventColumnBuilder.make(knownAt, keepsIds)
    const { add, ready } = batcher(builder)
    let hasEnded = false

    const more = Pull.matchEffect(pull, {
      onSuccess: (chunk) => Effect.sync(() => chunk.forEach(add)),
      onFailure: Effect.failCause,
      onDone: () =>
        Effect.sync(() => {
          hasEnded = true
          ready.push(builder.finish())
        }),
    })
    const next = Effect.gen(function* () {
      while (ready.length === 0 && !hasEnded) yield* more
      return ready.shift()
    })
    return {
      types,
      events: lanes.reduce((sum, { next_position }) => sum + next_position, 0),
      sha256: createHash("sha256")
        .update(JSON.stringify([lanes, types, groups]))
        .digest("hex"),
      next: Effect.mapError(next, Sql.unavailable),
    }
  }).pipe(
    Effect.provide(Reactivity.layer),
    Effect.mapError((error) => (Sql.isSqlError(error) ? ConnectFault.of(url, error) : error)),
  )
