/**
 * Appends events to their lanes, at positions without a gap, and raises the heads, all in the caller's transaction.
 */
import { hash } from "node:crypto"
import type { DatabaseSync } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import * as UsedKeys from "../../core/ports/UsedKeys.ts"
import * as PeopleLanes from "../../core/ports/PeopleLanes.ts"
import type { Append, Appended, StoredEvent } from "../../core/ports/LedgerStore.ts"
import type { AliasWriter } from "./AliasWriter.ts"
import type { ComplianceWriter } from "./ComplianceWriter.ts"
import type { PersonalWriter } from "./PersonalWriter.ts"
import type { PersonWriter } from "./PersonWriter.ts"
import type { IdempotencyWriter } from "./IdempotencyWriter.ts"
import type { JoinedWriter } from "./JoinedWriter.ts"
import * as Uuid from "./Uuid.ts"

const prepareStatements = (db: DatabaseSync) => ({
  laneHead: db.prepare("SELECT next_position, last_recorded_at, has_joined, has_erased FROM lane_head WHERE lane = ?"),
  moveLaneHead: db.prepare(`
    INSERT INTO lane_head (lane, next_position, last_recorded_at, has_joined, has_erased) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (lane) DO UPDATE SET
      next_position = excluded.next_position, last_recorded_at = excluded.last_recorded_at,
      has_joined = excluded.has_joined, has_erased = excluded.has_erased`),
  eventById: db.prepare("SELECT leaf FROM event WHERE lane = ? AND event_id = ?"),
  insertEvent: db.prepare("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
  externalId: db.prepare("SELECT 1 FROM external_id WHERE lane = ? AND hash = ?"),
  insertExternalId: db.prepare("INSERT INTO external_id VALUES (?, ?, ?, ?, ?)"),
  laterHead: db.prepare(`
    SELECT 1 FROM head
    WHERE lane = ? AND person = ? AND consent_type = ? AND consent_state <> 'declined' AND consent_date > ?`),
  // Lanes come first, because only those that are later than the refusal are searched.
  laterJoinedHead: db.prepare(`
    SELECT 1 FROM person p CROSS JOIN lane_head l CROSS JOIN joined_head h
      ON h.lane = l.lane AND h.person = p.survivor AND h.consent_type = ?6
    WHERE p.lane = ?1 AND p.person = ?2 AND p.survivor IS NOT NULL
      AND l.lane BETWEEN ?3 AND ?4 AND l.last_recorded_at > ?5
      AND h.consent_state <> 'declined' AND h.consent_date > ?5 LIMIT 1`),
  useType: db.prepare("INSERT INTO used_type VALUES (?, ?, ?) ON CONFLICT DO NOTHING"),
  raiseHead: db.prepare(`
    INSERT INTO head VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (lane, person, consent_type, consent_state) DO UPDATE SET
      consent_date = excluded.consent_date, recorded_at = excluded.recorded_at,
      event_id = excluded.event_id, position = excluded.position
    WHERE (excluded.consent_date, excluded.recorded_at, excluded.event_id)
      > (head.consent_date, head.recorded_at, head.event_id)`),
})

/** The leaf hash of a body: SHA-256 of 0x00 and its bytes (RFC 6962, section 2.1). */
const leafOf = (body: string): Buffer => Buffer.from(hash("sha256", `\0${body}`), "hex")

type LaneHead = ReturnType<ReturnType<typeof prepareStatements>["laneHead"]["get"]>

/** The commands about events. */
export interface EventWriter {
  /** `isRetry`: an earlier attempt may have been committed, because the outcome of its transaction is not known. */
  readonly append: (request: Append, isRetry: boolean) => Appended
}

/** Prepares the statements. */
export const make = (
  db: DatabaseSync,
  aliases: AliasWriter,
  people: PersonWriter,
  joined: JoinedWriter,
  personal: PersonalWriter,
  compliance: ComplianceWriter,
  idempotency: IdempotencyWriter,
): EventWriter => {
  const statements = prepareStatements(db)
  /** Rows of `used_type` that this connection has committed; after a transaction that fails it is not used again. */
  const usedTypes = new Set<string>()

  const useType = (lane: number, { consentType, version }: StoredEvent, type: Uint8Array): void => {
    const key = `${lane} ${consentType} ${version}`
    if (usedTypes.has(key)) return
    statements.useType.run(lane, type, version)
    usedTypes.add(key)
  }

  const isRecorded = (lane: number, event: StoredEvent): boolean => {
    const row = statements.eventById.get(lane, Uuid.toBytes(event.id))
    return row !== undefined && leafOf(event.body).equals(row["leaf"] as Uint8Array)
  }

  const has = (project: Lane.Owner, { concordId, id }: Pick<StoredEvent, "concordId" | "id">): boolean =>
    statements.eventById.get(Lane.of(project, concordId), Uuid.toBytes(id)) !== undefined

  const hasExternalId = (project: Lane.Owner, { externalId }: StoredEvent): boolean =>
    externalId !== undefined &&
    statements.externalId.get(Lane.of(project, externalId), Uuid.toBytes(externalId)) !== undefined

  /** Whether a lane has no joined people. A join marks only lanes with events; the first append marks another one. */
  const isUnmarked = (head: LaneHead): boolean =>
    head !== undefined && head["has_joined"] !== 1 && Number(head["next_position"]) > 0

  /** Whether the person of one of the refusals, or one joined with it, has a later head of its type: a yes. */
  const isOvertaken = (
    { organization, project, refusals = [] }: Append,
    heads: ReadonlyMap<number, LaneHead>,
  ): boolean =>
    refusals.some(({ at, concordId, consentType }) => {
      const lane = Lane.of(project, concordId)
      const head = heads.get(lane)
      const [person, type] = [Uuid.toBytes(concordId), Uuid.toBytes(consentType)]
      // No event is later than its lane, so nothing is looked up unless the lane is later than the refusal.
      const isLater = Number(head?.["last_recorded_at"] ?? at) > at
      if (isLater && statements.laterHead.get(lane, person, type, at) !== undefined) return true
      if (isUnmarked(head)) return false
      const first = project.number * Lane.maxCount
      const owner = Lane.of(organization, concordId)
      return statements.laterJoinedHead.get(owner, person, first, first + project.lanes - 1, at, type) !== undefined
    })

  /**
   * Whether one of the people of an append was erased, or its key. An erasure marks the lanes of its people that have
   * events, so that a person is looked up only in a lane with the mark and in one without events.
   */
  const isAboutErased = (
    { claims, facts = [], ofErased, organization, personal: written, project }: Append,
    lanes: ReadonlyMap<number, ReadonlyArray<StoredEvent>>,
    heads: ReadonlyMap<number, LaneHead>,
  ): boolean => {
    const mayHave = (head: LaneHead): boolean => head?.["has_erased"] !== 0 || head["next_position"] === 0
    const used = UsedKeys.of(written)
    const people = new Set<string>()
    for (const [lane, ofLane] of lanes) {
      if (mayHave(heads.get(lane))) for (const { concordId } of ofLane) people.add(concordId)
    }
    const others = [
      ...claims.map(({ concordId }) => concordId),
      ...facts.flatMap(({ member, survivor }) => [member, survivor]),
      ...used.keys(),
    ]
    for (const person of others) if (mayHave(heads.get(Lane.of(project, person)))) people.add(person)
    return people
      .values()
      .some((person) => ofErased?.has(person) !== true && personal.isErased(organization, person, used.get(person)))
  }

  const insert = (project: Lane.Owner, lane: number, position: number, event: StoredEvent): void => {
    const person = Uuid.toBytes(event.concordId)
    const id = Uuid.toBytes(event.id)
    const type = Uuid.toBytes(event.consentType)
    const { consentState, consentDate, dateCreated, externalId } = event
    statements.insertEvent.run(
      lane,
      position,
      person,
      id,
      type,
      event.version,
      consentState,
      event.consentAction,
      consentDate,
      dateCreated,
      event.expirationDate ?? null,
      event.submitter,
      event.session ?? null,
      event.domain ?? null,
      event.geography ?? null,
      event.body,
      leafOf(event.body),
    )
    statements.raiseHead.run(lane, person, type, consentState, consentDate, dateCreated, id, position)
    useType(lane, event, type)
    if (externalId !== undefined) {
      statements.insertExternalId.run(Lane.of(project, externalId), Uuid.toBytes(externalId), lane, position, person)
    }
  }

  const append = (request: Append, isRetry: boolean): Appended => {
    const {
      after,
      project,
      organization,
      recordedAt,
      claims,
      events,
      facts = [],
      idempotencyRecord,
      seen = [],
    } = request
    const lanes = Map.groupBy(events, ({ concordId }) => Lane.of(project, concordId))
    const heads = new Map([...lanes.keys()].map((lane) => [lane, statements.laneHead.get(lane)]))
    if (isRetry && events.length > 0 && events.every((event) => isRecorded(Lane.of(project, event.concordId), event))) {
      return { _tag: "Appended" }
    }
    if (idempotency.has(organization, idempotencyRecord)) return { _tag: "Repeated" }
    // The last `dateCreated` of each lane in which the events would go back.
    const laterRecordedAt = [...lanes].flatMap(([lane, [first]]) => {
      const last = Number(heads.get(lane)?.["last_recorded_at"] ?? first!.dateCreated)
      return last > first!.dateCreated ? [last] : []
    })
    const isTaken =
      !people.areAsSeen(organization, seen) ||
      claims.some((claim) => !aliases.isFree(organization, claim)) ||
      isAboutErased(request, lanes, heads) ||
      !personal.areFree(organization, request.personal) ||
      compliance.isStale(project, request.compliance)
    const isEarly = after !== undefined && !has(project, after)
    const isLate = isOvertaken(request, heads)
    const isRefused = isEarly || isLate || laterRecordedAt.length > 0 || isTaken
    if (isRefused || events.some((event) => hasExternalId(project, event))) {
      const lastRecordedAt = Math.max(recordedAt, ...laterRecordedAt)
      return { _tag: "Stale", lastRecordedAt, ...(isLate && { isOvertaken: true }) }
    }
    aliases.claim(organization, claims)
    for (const { concordId } of seen) people.raise(organization, concordId)
    for (const fact of facts) people.record(organization, fact)
    if (facts.length > 0) people.count(PeopleLanes.ofAppends([request]))
    personal.keep(organization, request.personal)
    const positions = new Map<number, number>()
    for (const [lane, ofLane] of lanes) {
      const head = heads.get(lane)
      const first = Number(head?.["next_position"] ?? 0)
      for (const [index, event] of ofLane.entries()) insert(project, lane, first + index, event)
      const hasJoined = head?.["has_joined"] === 1 || (first === 0 && joined.hasAny(organization))
      if (hasJoined) {
        for (const [index, event] of ofLane.entries()) joined.raise(organization, lane, first + index, event)
      }
      const hasErased = head?.["has_erased"] === 1 || (first === 0 && personal.hasErased(organization))
      const end = first + ofLane.length
      statements.moveLaneHead.run(lane, end, ofLane.at(-1)!.dateCreated, hasJoined ? 1 : 0, hasErased ? 1 : 0)
      positions.set(lane, end)
    }
    compliance.keep(project, request.compliance)
    idempotency.keep(organization, idempotencyRecord)
    return { _tag: "Appended", positions }
  }

  return { append }
}
