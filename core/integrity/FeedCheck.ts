/**
 * Checks the change feed: the numbers of a lane's changes have no gap, they lie between its events, nothing in the lane
 * goes back, and the places of the scheduler can be read.
 */
import { Effect } from "effect"
import * as Change from "../feed/Change.ts"
import * as Lane from "../model/Lane.ts"
import type { Next, Row, StoreDamaged } from "../ports/LedgerRows.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as TableReader from "../transfer/TableReader.ts"
import * as CatalogCheck from "./CatalogCheck.ts"
import type { Findings } from "./Findings.ts"

/** Follows the events of the log in the order of their lanes and positions, and checks the changes between them. */
export interface ChangeCheck {
  readonly follow: (
    event: Pick<Row<"event">, "lane" | "position" | "recorded_at">,
  ) => Effect.Effect<void, StoreUnavailable | StoreDamaged>
  /** Checks what is left after the last event. */
  readonly finish: Effect.Effect<void, StoreUnavailable | StoreDamaged>
  /**
   * Whether a lane head may have its `last_recorded_at`, with the last event of the lane recorded at `events`. A change
   * raises all lanes of its step, so the instant may come of a change in another lane of the project.
   */
  readonly isRaised: (head: Row<"lane_head">, events: number) => boolean
}

/** A lane while it is read. */
interface Progress {
  number: number
  /** The position of the next event. */
  position: number
  recordedAt: number
  /** Nothing is recorded in the lane before it, because of its changes. */
  raised: number
}

/** Whether a text is a JSON object. */
export const isObject = (body: string): boolean => {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === "object" && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

const isType = (type: string): boolean => (Change.types as ReadonlyArray<string>).includes(type)

/** The faults of a change by itself. */
const faultsOf = ({ body, lane, person, type }: Row<"change">, { byNumber }: CatalogCheck.Owners) => {
  const owner = byNumber.get(CatalogCheck.numberOf(lane))
  const faults: Array<string> = []
  if (owner === undefined || !("organization" in owner)) faults.push("is in a lane of no project")
  else if (person !== null && Lane.of(owner, person) !== lane) faults.push("is not in the lane of its person")
  if (!isObject(body)) faults.push("the body cannot be read")
  if (!isType(type)) faults.push("is of no known type")
  return faults
}

/** Notes which lane heads have an instant that changes have raised them to, as the changes are read. */
const raisedHeads = (heads: ReadonlyArray<Row<"lane_head">>) => {
  const wanted = new Set(heads.map((head) => `${CatalogCheck.numberOf(head.lane)} ${head.last_recorded_at}`))
  const found = new Set<string>()
  return {
    see: ({ lane, recorded_at }: Row<"change">): void => {
      const key = `${CatalogCheck.numberOf(lane)} ${recorded_at + 1}`
      if (wanted.has(key)) found.add(key)
    },
    has: (head: Row<"lane_head">): boolean => found.has(`${CatalogCheck.numberOf(head.lane)} ${head.last_recorded_at}`),
  }
}

/** Checks the changes, which are read with the events. */
export const changes = Effect.fnUntraced(function* (
  next: Next<"change">,
  feeds: ReadonlyArray<Row<"lane_feed">>,
  heads: ReadonlyArray<Row<"lane_head">>,
  owners: CatalogCheck.Owners,
  findings: Findings,
) {
  const reader = yield* TableReader.reader(next)
  const raisedBy = raisedHeads(heads)
  const ends = new Map(heads.map((head) => [head.lane, head.next_position]))
  const lanes = new Map<number, Progress>()
  const progressOf = (lane: number): Progress => {
    const progress = lanes.get(lane) ?? { number: 0, position: 0, recordedAt: -Infinity, raised: -Infinity }
    lanes.set(lane, progress)
    return progress
  }

  const use = (row: Row<"change">): void => {
    const { before_position, lane, number, recorded_at } = row
    const progress = progressOf(lane)
    const note = (what: string) => findings.note({ table: "change", lane, position: number, what })
    if (number !== progress.number) note(`number ${progress.number} is missing, or this is no number`)
    if (before_position < progress.position) note("before_position is before that of the change before it")
    if (before_position > (ends.get(lane) ?? 0)) note("before_position is behind the end of the lane")
    if (recorded_at < progress.recordedAt) note("recorded_at is before that of the item before it")
    for (const what of faultsOf(row, owners)) note(what)
    raisedBy.see(row)
    progress.number = number + 1
    progress.position = before_position
    progress.recordedAt = recorded_at
    progress.raised = recorded_at + 1
  }

  /** Checks the changes that come before a place of the log. */
  const skipTo = Effect.fnUntraced(function* (lane: number, position: number) {
    for (let row = reader.row; row !== undefined; row = reader.row) {
      if (row.lane > lane || (row.lane === lane && row.before_position > position)) return
      use(row)
      yield* reader.advance
    }
  })

  const follow: ChangeCheck["follow"] = Effect.fnUntraced(function* ({ lane, position, recorded_at }) {
    if (reader.row !== undefined) yield* skipTo(lane, position)
    const progress = lanes.get(lane)
    // A lane without changes is checked with the log.
    if (progress === undefined && (reader.row === undefined || reader.row.lane > lane)) return
    const of = progress ?? progressOf(lane)
    if (recorded_at < of.raised) {
      findings.note({ table: "event", lane, position, what: "recorded_at is not after that of a change before it" })
    }
    of.position = position + 1
    of.recordedAt = Math.max(of.recordedAt, recorded_at)
  })

  const finish = Effect.gen(function* () {
    yield* skipTo(Infinity, 0)
    const noted = new Set(feeds.map(({ lane }) => lane))
    for (const { incarnation, lane, next_number } of feeds) {
      const note = (what: string) => findings.note({ table: "lane_feed", lane, what })
      if (next_number !== (lanes.get(lane)?.number ?? 0)) note("next_number is not after the last change of the lane")
      if (incarnation < 1) note("incarnation is none")
    }
    for (const [lane, { number }] of lanes) {
      if (number > 0 && !noted.has(lane)) findings.note({ table: "lane_feed", lane, what: "is missing" })
    }
  })

  const isRaised: ChangeCheck["isRaised"] = (head, events) => {
    const { last_recorded_at, lane } = head
    const least = Math.max(events, lanes.get(lane)?.raised ?? -Infinity)
    return last_recorded_at === least || (last_recorded_at > least && raisedBy.has(head))
  }

  return { follow, finish, isRaised } satisfies ChangeCheck as ChangeCheck
})

/** Checks that places of the scheduler belong to projects, and can be read. */
export const dueScans = (next: Next<"due_scan">, { byNumber }: CatalogCheck.Owners, findings: Findings) =>
  TableReader.forEach(next, (rows) =>
    Effect.sync(() => {
      for (const { lane, name, state } of rows) {
        const owner = byNumber.get(CatalogCheck.numberOf(lane))
        const note = (what: string) => findings.note({ table: "due_scan", lane, what: `${name}: ${what}` })
        if (owner === undefined || !("organization" in owner)) note("is in a lane of no project")
        if (!isObject(state)) note("the state cannot be read")
      }
    }),
  )
