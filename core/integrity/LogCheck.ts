/**
 * Checks the log, lane by lane in the order of positions: no position is missing or repeated, `dateCreated` never goes
 * back, every body has its leaf hash, every column agrees with the body, every person is in its own lane, and external
 * ids lead to their events. Stored changes lie between the events.
 */
import { Effect } from "effect"
import type { Digest } from "effect/crypto"
import * as Lane from "../model/Lane.ts"
import type { Next, Row, Snapshot } from "../ports/LedgerRows.ts"
import * as EventBody from "../ledger/EventBody.ts"
import type { ChangeCheck } from "./FeedCheck.ts"
import type { Findings } from "./Findings.ts"
import type { ExternalIdCheck } from "./LookupCheck.ts"
import * as TableReader from "../transfer/TableReader.ts"
import * as Sha256 from "../ledger/Sha256.ts"
import * as CatalogCheck from "./CatalogCheck.ts"

/** One lane of the log. */
export interface LaneReport extends TableReader.LaneDigest {
  /** The id of the project; left out if no project has the lane. */
  readonly project?: string
}

/** A lane while it is read, with the position and instant that its next event must not precede. */
interface LaneProgress {
  readonly lane: number
  next: number
  recordedAt: number
  events: number
  digest: string
  /** The versions that its events name, by their consent types. */
  readonly types: Map<string, Set<number>>
}

/** The faults of an event by itself: its columns and its lane must agree with its body. */
const faultsOf = (
  row: Row<"event">,
  body: EventBody.BodyMembers | undefined,
  { projects }: CatalogCheck.Owners,
): ReadonlyArray<string> => {
  if (body === undefined) return ["the body cannot be read"]
  const faults = Object.entries(body.columns)
    .filter(([name, value]) => row[name as keyof typeof row] !== value)
    .map(([name]) => `${name} is not what the body says`)
  for (const name of body.wrongClaims) faults.push(`${name} is not a date-time of a refusal`)
  if (body.hasWrongLanguage) faults.push("language is not a tag of BCP 47")
  if (body.hasWrongEvidence) faults.push("evidence has other members or values than evidence can have")
  const project = projects.get(String(body.project))
  if (project === undefined || project.organization !== body.organization) {
    faults.push("the body names a project that is not set up")
  } else if (Lane.of(project, row.person) !== row.lane) {
    faults.push("is not in the lane of its person")
  }
  return faults
}

const range = (first: number, last: number): string =>
  first === last ? `position ${first} is missing` : `positions ${first} to ${last} are missing`

const beginning = (events: number): string => (events === 1 ? "the first event is" : `the first ${events} events are`)

/** The id of the project that has a lane; `undefined` if none has it. */
const projectOf = (lane: number, { byNumber }: CatalogCheck.Owners): string | undefined => {
  const owner = byNumber.get(CatalogCheck.numberOf(lane))
  return owner !== undefined && "organization" in owner && lane % Lane.maxCount < owner.lanes ? owner.id : undefined
}

/**
 * Checks the log, which must begin with the lanes of an `earlier` report. Returns its lanes, and the versions of
 * consent types used in each.
 */
export const check = Effect.fnUntraced(function* (
  events: Next<"event">,
  snapshot: Snapshot,
  owners: CatalogCheck.Owners,
  digest: Digest.Digest["Service"],
  externalIds: ExternalIdCheck,
  changes: ChangeCheck,
  earlier: ReadonlyArray<TableReader.LaneDigest>,
  findings: Findings,
) {
  const noted = new Map(earlier.map((each) => [each.lane, each]))
  const lanes = new Map<number, LaneProgress>()
  const progressOf = (lane: number): LaneProgress => {
    const known = lanes.get(lane)
    if (known !== undefined) return known
    const progress = {
      lane,
      next: 0,
      recordedAt: -Infinity,
      events: 0,
      digest: "",
      types: new Map<string, Set<number>>(),
    }
    lanes.set(lane, progress)
    return progress
  }

  const use = Effect.fnUntraced(function* (row: Row<"event">) {
    const { lane, position } = row
    const progress = progressOf(lane)
    const note = (what: string) => findings.note({ table: "event", lane, position, what })
    if (position > progress.next) {
      findings.note({ table: "event", lane, position: progress.next, what: range(progress.next, position - 1) })
    }
    if (position < progress.next) note("the position is there twice, or is none")
    if (row.recorded_at < progress.recordedAt) note("recorded_at is before that of the event before it")
    const actual = yield* Sha256.leaf(digest, row.body)
    if (actual !== row.leaf) note("the body is not what its leaf hash says")
    const body = EventBody.read(row.body)
    for (const what of faultsOf(row, body, owners)) note(what)
    yield* externalIds.follow(row, body?.commitment !== undefined)
    yield* changes.follow(row)
    progress.next = position + 1
    progress.recordedAt = row.recorded_at
    progress.events++
    progress.types.set(row.consent_type, (progress.types.get(row.consent_type) ?? new Set()).add(row.version))
    progress.digest = yield* TableReader.chain(digest, progress.digest, actual)
    const before = noted.get(lane)
    if (before?.events === progress.events && before.digest !== progress.digest) {
      findings.note({ table: "event", lane, what: `${beginning(progress.events)} not those of the earlier report` })
    }
  })
  yield* TableReader.forEach(events, (rows) => Effect.forEach(rows, use, { discard: true }))
  yield* externalIds.finish
  yield* changes.finish

  for (const { events, lane } of earlier) {
    const now = lanes.get(lane)?.events ?? 0
    if (now < events) {
      findings.note({ table: "event", lane, what: `has ${now} events, and ${events} in the earlier report` })
    }
  }

  const heads = new Map((yield* TableReader.all(snapshot, "lane_head")).map((head) => [head.lane, head]))
  for (const lane of [...new Set([...heads.keys(), ...lanes.keys()])].toSorted((a, b) => a - b)) {
    const { events, next, recordedAt } = progressOf(lane)
    const head = heads.get(lane)
    const note = (what: string) => findings.note({ table: "lane_head", lane, what })
    if (projectOf(lane, owners) === undefined) note("is a lane of no project")
    if (head === undefined) note("the lane has events, and no lane head")
    else if (head.next_position > next) {
      findings.note({ table: "event", lane, position: next, what: range(next, head.next_position - 1) })
    } else if (head.next_position < next) note(`next_position is not ${next}`)
    // A lane without events may have a row, because joined people live in it, or a change raised it.
    if (head !== undefined && !changes.isRaised(head, events > 0 ? recordedAt : 0)) {
      note("last_recorded_at is neither that of the last event nor after a change")
    }
  }
  const reports = [...lanes.values()].map(({ digest, events, lane }): LaneReport => {
    const project = projectOf(lane, owners)
    return { lane, ...(project !== undefined && { project }), events, digest }
  })
  return {
    lanes: reports.filter(({ events }) => events > 0).toSorted((a, b) => a.lane - b.lane),
    usedTypes: new Map([...lanes].map(([lane, { types }]) => [lane, types])),
  }
})
