/**
 * Checks the log, lane by lane in the order of positions: none missing or twice, no `dateCreated` that goes back, every body
 * as its digest says, every column as the body says, every person in its own lane.
 */
import { Effect } from "effect"
import type { Digest } from "effect/crypto"
import * as Lane from "../model/Lane.ts"
import type { Next, Row, Snapshot } from "../ports/LedgerRows.ts"
import * as EventBody from "../ledger/EventBody.ts"
import type { Findings } from "./Findings.ts"
import * as TableReader from "../transfer/TableReader.ts"
import * as Sha256 from "../ledger/Sha256.ts"
import * as CatalogCheck from "./CatalogCheck.ts"

/** One lane of the log. */
export interface LaneReport extends TableReader.LaneDigest {
  /** The id of the project; left out where no project has the lane. */
  readonly project?: string
}

/** A lane being read: what the next event must not come before. */
interface Reading {
  readonly lane: number
  next: number
  recordedAt: number
  events: number
  digest: string
  readonly types: Set<string>
}

/** What is wrong with an event by itself, by what its body says. */
const faultsOf = Effect.fnUntraced(function* (
  row: Row<"event">,
  { projects }: CatalogCheck.Owners,
  digest: Digest.Digest["Service"],
) {
  const said = EventBody.read(row.body)
  if (said === undefined) return ["the body cannot be read"]
  const { externalId } = said
  const hash = typeof externalId === "string" ? yield* Sha256.hex(digest, externalId) : (externalId ?? null)
  const columns = Object.entries({ ...said.columns, external_id: hash })
  const faults = columns
    .filter(([name, value]) => row[name as keyof typeof row] !== value)
    .map(([name]) => `${name} is not what the body says`)
  const project = projects.get(String(said.project))
  if (project === undefined || project.organization !== said.organization) {
    faults.push("the body names a project that is not set up")
  } else if (Lane.of(project, row.person) !== row.lane) {
    faults.push("is not in the lane of its person")
  }
  return faults
})

const range = (first: number, last: number): string =>
  first === last ? `position ${first} is missing` : `positions ${first} to ${last} are missing`

/** Whether a lane is its owner's: a project's, and one that the project has. */
const projectOf = (lane: number, { byNumber }: CatalogCheck.Owners): string | undefined => {
  const owner = byNumber.get(CatalogCheck.numberOf(lane))
  return owner !== undefined && "organization" in owner && lane % Lane.maxCount < owner.lanes ? owner.id : undefined
}

/** Checks the log. Answers its lanes, and the consent types used in each. */
export const check = Effect.fnUntraced(function* (
  events: Next<"event">,
  snapshot: Snapshot,
  owners: CatalogCheck.Owners,
  digest: Digest.Digest["Service"],
  findings: Findings,
) {
  const lanes = new Map<number, Reading>()
  const readingOf = (lane: number): Reading => {
    const known = lanes.get(lane)
    if (known !== undefined) return known
    const reading = { lane, next: 0, recordedAt: -Infinity, events: 0, digest: "", types: new Set<string>() }
    lanes.set(lane, reading)
    return reading
  }

  const use = Effect.fnUntraced(function* (row: Row<"event">) {
    const { lane, position } = row
    const reading = readingOf(lane)
    const note = (what: string) => findings.note({ table: "event", lane, position, what })
    if (position > reading.next) {
      findings.note({ table: "event", lane, position: reading.next, what: range(reading.next, position - 1) })
    }
    if (position < reading.next) note("the position is there twice, or is none")
    if (row.recorded_at < reading.recordedAt) note("recorded_at is before that of the event before it")
    const actual = yield* Sha256.hex(digest, row.body)
    if (actual !== row.digest) note("the body is not what its digest says")
    for (const what of yield* faultsOf(row, owners, digest)) note(what)
    reading.next = position + 1
    reading.recordedAt = row.recorded_at
    reading.events++
    reading.types.add(row.consent_type)
    reading.digest = yield* TableReader.chain(digest, reading.digest, actual)
  })
  yield* TableReader.forEach(events, (rows) => Effect.forEach(rows, use, { discard: true }))

  const heads = new Map((yield* TableReader.all(snapshot, "lane_head")).map((head) => [head.lane, head]))
  for (const lane of [...new Set([...heads.keys(), ...lanes.keys()])].toSorted((a, b) => a - b)) {
    const { events, next, recordedAt } = readingOf(lane)
    const head = heads.get(lane)
    const note = (what: string) => findings.note({ table: "lane_head", lane, what })
    if (projectOf(lane, owners) === undefined) note("is a lane of no project")
    if (head === undefined) note("the lane has events, and no lane head")
    else if (head.next_position > next) {
      findings.note({ table: "event", lane, position: next, what: range(next, head.next_position - 1) })
    } else if (head.next_position < next) note(`next_position is not ${next}`)
    if (head !== undefined && events > 0 && head.last_recorded_at !== recordedAt) {
      note("last_recorded_at is not that of the last event")
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
