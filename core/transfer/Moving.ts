/**
 * Moving a ledger into an empty store: every row as it is, in one transaction. It is committed only if the rows read
 * back from the target are those of the source, and the source was not written to in the meantime.
 */
import { Data, Effect } from "effect"
import type { Digest } from "effect/crypto"
import {
  type LedgerRows,
  type Row,
  type Snapshot,
  type TableName,
  tableNames,
  type Target,
} from "../ports/LedgerRows.ts"
import * as TableReader from "./TableReader.ts"
import * as Sha256 from "../ledger/Sha256.ts"

/** The source was written to while it was read; the target was left empty. */
export class SourceChanged extends Data.TaggedError("SourceChanged")<{ readonly table: TableName }> {
  override get message(): string {
    const advice = "stop every server on it, and move again; the target was left empty"
    return `the source was written to meanwhile, in its table ${this.table}: ${advice}`
  }
}

/** The target does not have the rows of the source; it was left empty. A fault of a disk, or of this program. */
export class NotTheSame extends Data.TaggedError("NotTheSame")<{ readonly what: string }> {
  override get message(): string {
    return `${this.what} reads back from the target otherwise than from the source; the target was left empty`
  }
}

/** The source lacks events that its lane heads count, or has an event that was altered; nothing was moved. */
export class NotWhole extends Data.TaggedError("NotWhole")<{ readonly lane: number }> {
  override get message(): string {
    return `lane ${this.lane} of the source is not what it should be: see assent verify; nothing was moved`
  }
}

/** The rows that were moved. */
export interface Moved {
  readonly events: number
  /** A digest over the lanes; equal for equal logs, and equal to the one that `assent verify` reports. */
  readonly digest: string
  readonly lanes: ReadonlyArray<TableReader.LaneDigest>
  readonly tables: ReadonlyArray<TableReader.TableDigest>
}

/** Counts the events of each lane and computes its digest. Fails where the positions of a lane are not 0, 1, 2 … */
const makeLanes = (digest: Digest.Digest["Service"]) => {
  const lanes = new Map<number, TableReader.LaneDigest>()
  const add = Effect.fnUntraced(function* (row: Row<"event">) {
    const before = lanes.get(row.lane)
    const actual = yield* Sha256.leaf(digest, row.body)
    const isWhole = row.position === (before?.events ?? 0) && row.leaf === actual
    if (!isWhole) return yield* new NotWhole({ lane: row.lane })
    const chained = yield* TableReader.chain(digest, before?.digest ?? "", actual)
    lanes.set(row.lane, { lane: row.lane, events: (before?.events ?? 0) + 1, digest: chained })
  })
  return { add, all: () => [...lanes.values()] }
}

/** Reads tables of a ledger, hands their rows to `use`, and returns the digests of the tables and lanes. */
const readAll = Effect.fnUntraced(function* <E>(
  snapshot: Snapshot,
  names: ReadonlyArray<TableName>,
  digest: Digest.Digest["Service"],
  use: <Name extends TableName>(table: Name, rows: ReadonlyArray<Row<Name>>) => Effect.Effect<void, E>,
) {
  const lanes = makeLanes(digest)
  const tables: Array<TableReader.TableDigest> = []
  const readOne = Effect.fnUntraced(function* <Name extends TableName>(table: Name) {
    const { digestOfRead, next } = TableReader.digesting(table, yield* snapshot.rows(table), digest)
    yield* TableReader.forEach(next, (rows) => {
      // The rows of the table `event` are events.
      const events = table === "event" ? (rows as ReadonlyArray<Row<"event">>) : []
      return Effect.andThen(Effect.forEach(events, lanes.add, { discard: true }), use(table, rows))
    })
    tables.push(digestOfRead())
  })
  for (const table of names) yield* readOne(table)
  return { tables, lanes: lanes.all() }
})

type Read = Effect.Success<ReturnType<typeof readAll>>

/** Fails if the target has not kept what it was given. */
const expectSame = (given: Read, kept: Read) => {
  const text = (value: unknown) => JSON.stringify(value)
  const table = given.tables.find((each, index) => text(each) !== text(kept.tables[index]))
  const lane = given.lanes.find((lane, index) => text(lane) !== text(kept.lanes[index]))
  if (table !== undefined) return Effect.fail(new NotTheSame({ what: `the table ${table.table}` }))
  if (lane !== undefined) return Effect.fail(new NotTheSame({ what: `lane ${lane.lane}` }))
  return Effect.void
}

/**
 * Fails if the source was written to. The events need not be read again, because the log only grows and every append
 * changes a lane head.
 */
const expectStill = Effect.fnUntraced(function* (from: LedgerRows, given: Read, digest: Digest.Digest["Service"]) {
  const names = tableNames.filter((table) => table !== "event")
  const again = yield* from.read((snapshot) => readAll(snapshot, names, digest, () => Effect.void))
  for (const { digest, rows, table } of again.tables) {
    const before = given.tables.find((each) => each.table === table)
    if (before?.rows !== rows || before.digest !== digest) {
      return yield* new SourceChanged({ table })
    }
  }
})

/** Fails if the source has not exactly the events that its lane heads count. */
const expectWhole = Effect.fnUntraced(function* (heads: ReadonlyArray<Row<"lane_head">>, { lanes }: Read) {
  const events = new Map(lanes.map((lane) => [lane.lane, lane.events]))
  const counted = new Map(heads.map((head) => [head.lane, head.next_position]))
  for (const lane of new Set([...events.keys(), ...counted.keys()])) {
    if ((events.get(lane) ?? 0) !== (counted.get(lane) ?? 0)) return yield* new NotWhole({ lane })
  }
})

/** Moves a ledger. `progress` counts each event twice: when it is written and when it is read back. */
export const move = (
  from: LedgerRows,
  to: LedgerRows,
  digest: Digest.Digest["Service"],
  progress: TableReader.Progress = () => Effect.void,
) =>
  from.read((source) =>
    to.fill(
      Effect.fnUntraced(function* (target: Target) {
        const heads = yield* TableReader.all(source, "lane_head")
        const total = 2 * heads.reduce((sum, { next_position }) => sum + next_position, 0)
        let done = 0
        const report = (table: TableName, rows: number) =>
          table === "event" ? Effect.suspend(() => progress((done += rows), total)) : Effect.void
        const given = yield* readAll(source, tableNames, digest, (table, rows) =>
          Effect.andThen(target.insert(table, rows), report(table, rows.length)),
        )
        yield* expectWhole(heads, given)
        const kept = yield* readAll(target, tableNames, digest, (table, rows) => report(table, rows.length)).pipe(
          Effect.catchTag("NotWhole", ({ lane }) => Effect.fail(new NotTheSame({ what: `lane ${lane}` }))),
        )
        yield* expectSame(given, kept)
        yield* expectStill(from, given, digest)
        const events = given.lanes.reduce((sum, lane) => sum + lane.events, 0)
        return { events, digest: yield* TableReader.digestOf(given.lanes, digest), ...given } satisfies Moved
      }),
    ),
  )
