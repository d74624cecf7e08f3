/**
 * Appends the events of a group of requests in one transaction: positions without gap, heads raised, receipts kept.
 *
 * The lanes are locked first, in ascending order; then what the requests claim is inserted, in ascending order too, so that
 * two transactions never wait for each other. A request that cannot be kept takes the group with it: the requests are then
 * tried one by one.
 */
import { createHash } from "node:crypto"
import { Data, Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import * as Lane from "../../core/Lane.ts"
import * as Order from "../../core/Order.ts"
import type { Append, Appended, Receipt, StoredEvent } from "../../core/ports/LedgerStore.ts"
import * as Aliases from "./Aliases.ts"
import * as Receipts from "./Receipts.ts"
import * as Sql from "./Sql.ts"

/** One of the requests cannot be kept: nothing of the transaction is. */
class Abandoned extends Data.TaggedError("Abandoned")<{ readonly outcome: Appended }> {}

interface LaneHead {
  readonly lane: number
  readonly next_position: number
  readonly last_recorded_at: number
}

interface Placed {
  readonly event: StoredEvent
  readonly lane: number
  readonly position: number
  readonly project: Lane.Owner
}

/** The lanes that a request writes to, in ascending order. */
export const lanesOf = ({ events, project }: Append): ReadonlyArray<number> =>
  [...new Set(events.map(({ concordId }) => Lane.of(project, concordId)))].toSorted((a, b) => a - b)

const lock = Effect.fnUntraced(function* (sql: Sql.Sql, lanes: ReadonlyArray<number>) {
  // An update that changes nothing locks what is there, and is planned over many shards where FOR UPDATE is not.
  const rows = yield* Sql.query<LaneHead>(
    sql,
    `INSERT INTO lane_head SELECT lane, 0, 0 FROM unnest($1::bigint[]) lane ORDER BY lane
     ON CONFLICT (lane) DO UPDATE SET next_position = lane_head.next_position
     RETURNING lane, next_position, last_recorded_at`,
    [lanes],
  )
  return new Map(rows.map((row) => [row.lane, row]))
})

const digestOf = (body: string): string => createHash("sha256").update(body).digest("hex")

/** Whether every event is there already, from a commit whose outcome was not known. */
const isRecorded = Effect.fnUntraced(function* (sql: Sql.Sql, { events, project }: Append) {
  const rows = yield* Sql.query<{ readonly found: number }>(
    sql,
    `SELECT count(*) AS found FROM unnest($1::bigint[], $2::uuid[], $3::text[]) AS given (lane, event_id, digest)
     JOIN event e ON e.lane = given.lane AND e.event_id = given.event_id AND e.digest = decode(given.digest, 'hex')`,
    [
      events.map(({ concordId }) => Lane.of(project, concordId)),
      events.map(({ id }) => id),
      events.map(({ body }) => digestOf(body)),
    ],
  )
  return events.length > 0 && rows[0]?.found === events.length
})

const insertEvents = (sql: Sql.Sql, placed: ReadonlyArray<Placed>) =>
  Sql.query(
    sql,
    `INSERT INTO event SELECT v.lane, v.position, v.person, v.event_id, v.consent_type, v.version, v.consent_state,
       v.consent_action, v.consent_date, v.recorded_at, v.expiration_date, v.submitter, v.session, v.domain, v.geography,
       decode(v.external_id, 'hex'), v.body, decode(v.digest, 'hex')
     FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::text[], $8::text[],
       $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
       $17::text[], $18::text[])
     AS v (lane, position, person, event_id, consent_type, version, consent_state, consent_action, consent_date,
       recorded_at, expiration_date, submitter, session, domain, geography, external_id, body, digest)`,
    [
      placed.map(({ lane }) => lane),
      placed.map(({ position }) => position),
      placed.map(({ event }) => event.concordId),
      placed.map(({ event }) => event.id),
      placed.map(({ event }) => event.consentType),
      placed.map(({ event }) => event.version),
      placed.map(({ event }) => event.consentState),
      placed.map(({ event }) => event.consentAction),
      placed.map(({ event }) => event.consentDate),
      placed.map(({ event }) => event.dateCreated),
      placed.map(({ event }) => event.expirationDate ?? null),
      placed.map(({ event }) => event.submitter),
      placed.map(({ event }) => event.session ?? null),
      placed.map(({ event }) => event.domain ?? null),
      placed.map(({ event }) => event.geography ?? null),
      placed.map(({ event }) => event.externalId ?? null),
      placed.map(({ event }) => event.body),
      placed.map(({ event }) => digestOf(event.body)),
    ],
  )

/** The last of each person, type and state: a statement can raise a head once. */
const latest = (placed: ReadonlyArray<Placed>): ReadonlyArray<Placed> => {
  const heads = new Map<string, Placed>()
  for (const each of placed) {
    const { event, lane } = each
    const key = `${lane} ${event.concordId} ${event.consentType} ${event.consentState}`
    const before = heads.get(key)
    if (before === undefined || Order.isLater(event, before.event)) heads.set(key, each)
  }
  return [...heads.values()]
}

const raiseHeads = (sql: Sql.Sql, placed: ReadonlyArray<Placed>) => {
  const heads = latest(placed)
  return Sql.query(
    sql,
    `INSERT INTO head SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[],
       $7::uuid[], $8::bigint[])
     ON CONFLICT (lane, person, consent_type, consent_state) DO UPDATE SET
       consent_date = excluded.consent_date, recorded_at = excluded.recorded_at,
       event_id = excluded.event_id, position = excluded.position
     WHERE (excluded.consent_date, excluded.recorded_at, excluded.event_id)
       > (head.consent_date, head.recorded_at, head.event_id)`,
    [
      heads.map(({ lane }) => lane),
      heads.map(({ event }) => event.concordId),
      heads.map(({ event }) => event.consentType),
      heads.map(({ event }) => event.consentState),
      heads.map(({ event }) => event.consentDate),
      heads.map(({ event }) => event.dateCreated),
      heads.map(({ event }) => event.id),
      heads.map(({ position }) => position),
    ],
  )
}

const useTypes = (sql: Sql.Sql, placed: ReadonlyArray<Placed>) => {
  const used = new Map(placed.map(({ event, lane }) => [`${lane} ${event.consentType}`, { event, lane }]))
  return Sql.query(
    sql,
    `INSERT INTO used_type SELECT * FROM unnest($1::bigint[], $2::uuid[]) AS v (lane, consent_type)
     ORDER BY lane, consent_type ON CONFLICT (lane, consent_type) DO NOTHING`,
    [[...used.values()].map(({ lane }) => lane), [...used.values()].map(({ event }) => event.consentType)],
  )
}

/** Keeps the external ids; answers false where one is taken. */
const claimExternalIds = Effect.fnUntraced(function* (sql: Sql.Sql, placed: ReadonlyArray<Placed>) {
  const named = placed.filter(({ event }) => event.externalId !== undefined)
  if (named.length === 0) return true
  const rows = yield* Sql.query(
    sql,
    `INSERT INTO external_id SELECT v.lane, decode(v.hash, 'hex'), v.event_lane, v.position
     FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[]) AS v (lane, hash, event_lane, position)
     ORDER BY v.lane, v.hash ON CONFLICT (lane, hash) DO NOTHING RETURNING lane`,
    [
      named.map(({ event, project }) => Lane.of(project, event.externalId!)),
      named.map(({ event }) => event.externalId!),
      named.map(({ lane }) => lane),
      named.map(({ position }) => position),
    ],
  )
  return rows.length === named.length
})

const moveHeads = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  before: ReadonlyMap<number, LaneHead>,
  after: ReadonlyMap<number, LaneHead>,
) {
  const moved = [...after.values()]
  const rows = yield* Sql.query(
    sql,
    `UPDATE lane_head h SET next_position = v.next_position, last_recorded_at = v.last_recorded_at
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS v (lane, expected, next_position, last_recorded_at)
     WHERE h.lane = v.lane AND h.next_position = v.expected RETURNING h.lane`,
    [
      moved.map(({ lane }) => lane),
      moved.map(({ lane }) => before.get(lane)!.next_position),
      moved.map(({ next_position }) => next_position),
      moved.map(({ last_recorded_at }) => last_recorded_at),
    ],
  )
  if (rows.length !== moved.length) return yield* Effect.die("a lane was written to without its lock")
})

/** Places the events of a request in their lanes, and moves `heads` along; or says that one would go back in its lane. */
const place = (
  { events, project, recordedAt }: Append,
  heads: Map<number, LaneHead>,
): ReadonlyArray<Placed> | Appended => {
  const placed: Array<Placed> = []
  for (const event of events) {
    const lane = Lane.of(project, event.concordId)
    const { last_recorded_at, next_position: position } = heads.get(lane)!
    if (last_recorded_at > event.dateCreated) {
      return { _tag: "Stale", lastRecordedAt: Math.max(recordedAt, last_recorded_at) }
    }
    heads.set(lane, { lane, next_position: position + 1, last_recorded_at: event.dateCreated })
    placed.push({ event, lane, position, project })
  }
  return placed
}

/** Places the events of all requests, in the order of their instants: inside a lane they never go back. */
const placeAll = Effect.fnUntraced(function* (requests: ReadonlyArray<Append>, heads: Map<number, LaneHead>) {
  const all: Array<Placed> = []
  for (const request of requests.toSorted((a, b) => a.recordedAt - b.recordedAt)) {
    const placed = place(request, heads)
    if ("_tag" in placed) return yield* new Abandoned({ outcome: placed })
    all.push(...placed)
  }
  return all
})

const receiptsOf = (requests: ReadonlyArray<Append>): ReadonlyArray<Receipts.Owned> =>
  requests.flatMap(({ organization, receipt }): ReadonlyArray<{ owner: Lane.Owner; receipt: Receipt }> =>
    receipt === undefined ? [] : [{ owner: organization, receipt }],
  )

/** The steps of the transaction; abandons it for the first request that cannot be kept. */
const steps = Effect.fnUntraced(function* (sql: Sql.Sql, requests: ReadonlyArray<Append>, isRetry: boolean) {
  const [first] = requests
  const stale = { _tag: "Stale", lastRecordedAt: first!.recordedAt } as const
  const before = yield* lock(
    sql,
    [...new Set(requests.flatMap(lanesOf))].toSorted((a, b) => a - b),
  )
  if (isRetry && requests.length === 1 && (yield* isRecorded(sql, first!))) return
  const after = new Map(before)
  const placed = yield* placeAll(requests, after)
  const receipts = receiptsOf(requests)
  if (yield* Receipts.hasAny(sql, receipts)) return yield* new Abandoned({ outcome: { _tag: "Repeated" } })
  const claims = requests.flatMap(({ claims, organization }) => claims.map((claim) => ({ organization, claim })))
  if (!(yield* Aliases.claim(sql, claims))) return yield* new Abandoned({ outcome: stale })
  if (!(yield* claimExternalIds(sql, placed))) return yield* new Abandoned({ outcome: stale })
  if (placed.length > 0) {
    yield* insertEvents(sql, placed)
    yield* raiseHeads(sql, placed)
    yield* useTypes(sql, placed)
    yield* moveHeads(sql, before, after)
  }
  if (!(yield* Receipts.keep(sql, receipts))) return yield* new Abandoned({ outcome: { _tag: "Repeated" } })
})

const appended: Appended = { _tag: "Appended" }

/** Told how long a commit took, in milliseconds. */
type Committed = (millis: number) => void

const attempt = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  requests: ReadonlyArray<Append>,
  isRetry: boolean,
  committed: Committed,
) {
  let stepsEndedAt = 0
  const written = Effect.tap(steps(sql, requests, isRetry), () => Effect.sync(() => (stepsEndedAt = performance.now())))
  return yield* Sql.transaction(sql, written).pipe(
    Effect.tap(() => Effect.sync(() => committed(performance.now() - stepsEndedAt))),
    Effect.as(appended),
    Effect.catchTag("Abandoned", ({ outcome }) => Effect.succeed(outcome)),
  )
})

/** Whether a receipt that is there is the request's own; whoever writes the very same is answered the very same. */
const isOwnReceipt = Effect.fnUntraced(function* (sql: Sql.Sql, { events, organization, receipt }: Append) {
  if (receipt === undefined || events.length > 0) return false
  const found = yield* Receipts.find(sql, organization, receipt.hash)
  return found?.digest === receipt.digest && found.answer === receipt.answer && found.recordedAt === receipt.recordedAt
})

/** Appends one request; again with the same ids, where the outcome of a commit is not known. */
const alone = (
  sql: Sql.Sql,
  request: Append,
  isTried: boolean,
  committed: Committed,
): Effect.Effect<Appended, SqlError> =>
  Effect.suspend(() => {
    let isRetry = isTried
    const next = Effect.gen(function* () {
      const isAgain = isRetry
      isRetry = true
      const outcome = yield* attempt(sql, [request], isAgain, committed)
      const isOwn = isAgain && outcome._tag === "Repeated" && (yield* isOwnReceipt(sql, request))
      return isOwn ? appended : outcome
    })
    return Sql.persistently(next)
  })

/** Appends the requests of a group: together, or one by one where one of them stands in the way. */
export const group = Effect.fnUntraced(function* (sql: Sql.Sql, requests: ReadonlyArray<Append>, committed: Committed) {
  if (requests.length > 1) {
    const together = yield* Effect.result(attempt(sql, requests, false, committed))
    if (together._tag === "Success" && together.success._tag === "Appended") {
      return requests.map(() => Effect.succeed(appended))
    }
    const isUnknown = together._tag === "Failure" && Sql.isUnknown(together.failure)
    return yield* Effect.forEach(requests, (request) =>
      Effect.map(Effect.result(alone(sql, request, isUnknown, committed)), Effect.fromResult),
    )
  }
  return [Effect.fromResult(yield* Effect.result(alone(sql, requests[0]!, false, committed)))]
})
