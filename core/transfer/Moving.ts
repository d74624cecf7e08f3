/**
 * Moving a ledger into an empty store: every row as it is, in one transaction, which is committed only when what was written reads
 * back as what was read, and the source has not gone on meanwhile.
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

/** Somebody wrote to the source while it was read; the target was left empty. */
export class SourceChanged extends Data.TaggedError("SourceChanged")<{ readonly table: TableName }> {
  override get message(): string {
    const advice = "stop every server on it, and move again; the target was left empty"
    return `the source was written to meanwhile, in its table ${this.table}: ${advice}`
  }
}

/** What was written does not read back as what was read; the target was left empty. A fault of a disk, or of this program. */
export class NotTheSame extends Data.TaggedError("NotTheSame")<{ readonly what: string }> {
  override get message(): string {
    return `${this.what} reads back from the target otherwise than from the source; the target was left empty`
  }
}

/** The source lacks events that its lane heads count, or has one that is not what it was; nothing was moved. */
export class NotWhole extends Data.TaggedError("NotWhole")<{ readonly lane: number }> {
  override get message(): string {
    return `lane ${this.lane} of the source is not what it should be: see assent verify; nothing was moved`
  }
}

/** What was moved. */
export interface Moved {
  readonly events: number
  /** Of the lanes and their digests, as `assent verify` tells it. */
  readonly digest: string
  readonly lanes: ReadonlyArray<TableReader.LaneDigest>
  readonly tables: ReadonlyArray<TableReader.TableDigest>
}

/** Is told how many events were written or read back; each is both. */
export type Progress = (done: number, total: number) => Effect.Effect<void>

/** Counts events lane by lane and makes the digests of lanes. Positions are 0, 1, 2 … in each. */
const makeLanes = (digest: Digest.Digest["Service"]) => {
  const lanes = new Map<number, TableReader.LaneDigest>()
  const add = Effect.fnUntraced(function* (row: Row<"event">) {
    const before = lanes.get(row.lane)
    const actual = yield* Sha256.hex(digest, row.body)
    const isWhole = row.position === (before?.events ?? 0) && row.digest === actual
    if (!isWhole) return yield* new NotWhole({ lane: row.lane })
    const laid = yield* TableReader.chain(digest, before?.digest ?? "", actual)
    lanes.set(row.lane, { lane: row.lane, events: (before?.events ?? 0) + 1, digest: laid })
  })
  return { add, all: () => [...lanes.values()] }
}

/** Everything that is read of a ledger, and what is done with its rows. */
const readAll = Effect.fnUntraced(function* <E>(
  snapshot: Snapshot,
  asked: ReadonlyArray<TableName>,
  digest: Digest.Digest["Service"],
  use: <Name extends TableName>(table: Name, rows: ReadonlyArray<Row<Name>>) => Effect.Effect<void, E>,
) {
  const lanes = makeLanes(digest)
  const tables: Array<TableReader.TableDigest> = []
  const readOne = Effect.fnUntraced(function* <Name extends TableName>(table: Name) {
    const { next, tally } = TableReader.digesting(table, yield* snapshot.rows(table), digest)
    yield* TableReader.forEach(next, (rows) => {
      // The rows of the table `event` are events.
      const events = table === "event" ? (rows as ReadonlyArray<Row<"event">>) : []
      return Effect.andThen(Effect.forEach(events, lanes.add, { discard: true }), use(table, rows))
    })
    tables.push(tally())
  })
  for (const table of asked) yield* readOne(table)
  return { tables, lanes: lanes.all() }
})

type Read = Effect.Success<ReturnType<typeof readAll>>

const expectSame = (given: Read, kept: Read) => {
  const text = (value: unknown) => JSON.stringify(value)
  const table = given.tables.find((tally, index) => text(tally) !== text(kept.tables[index]))
  const lane = given.lanes.find((lane, index) => text(lane) !== text(kept.lanes[index]))
  if (table !== undefined) return Effect.fail(new NotTheSame({ what: `the table ${table.table}` }))
  if (lane !== undefined) return Effect.fail(new NotTheSame({ what: `lane ${lane.lane}` }))
  return Effect.void
}

/** The log only grows, and its lane heads tell; everything else is read anew. */
const expectStill = Effect.fnUntraced(function* (from: LedgerRows, given: Read, digest: Digest.Digest["Service"]) {
  const asked = tableNames.filter((table) => table !== "event")
  const again = yield* from.read((snapshot) => readAll(snapshot, asked, digest, () => Effect.void))
  for (const tally of again.tables) {
    const before = given.tables.find(({ table }) => table === tally.table)
    if (before?.rows !== tally.rows || before.digest !== tally.digest) {
      return yield* new SourceChanged({ table: tally.table })
    }
  }
})

const expectWhole = Effect.fnUntraced(function* (heads: ReadonlyArray<Row<"lane_head">>, { lanes }: Read) {
  const events = new Map(lanes.map((lane) => [lane.lane, lane.events]))
  const counted = new Map(heads.map((head) => [head.lane, head.next_position]))
  for (const lane of new Set([...events.keys(), ...counted.keys()])) {
    if ((events.get(lane) ?? 0) !== (counted.get(lane) ?? 0)) return yield* new NotWhole({ lane })
  }
})

/** Moves a ledger. */
export const move = (
  from: LedgerRows,
  to: LedgerRows,
  digest: Digest.Digest["Service"],
  progress: Progress = () => Effect.void,
) =>
  from.read((source) =>
    to.fill(
      Effect.fnUntraced(function* (target: Target) {
        const heads = yield* TableReader.all(source, "lane_head")
        const total = 2 * heads.reduce((sum, { next_position }) => sum + next_position, 0)
        let done = 0
        const tell = (table: TableName, rows: number) =>
          table === "event" ? Effect.suspend(() => progress((done += rows), total)) : Effect.void
        const given = yield* readAll(source, tableNames, digest, (table, rows) =>
          Effect.andThen(target.insert(table, rows), tell(table, rows.length)),
        )
        yield* expectWhole(heads, given)
        const kept = yield* readAll(target, tableNames, digest, (table, rows) => tell(table, rows.length)).pipe(
          Effect.catchTag("NotWhole", ({ lane }) => Effect.fail(new NotTheSame({ what: `lane ${lane}` }))),
        )
        yield* expectSame(given, kept)
        yield* expectStill(from, given, digest)
        const events = given.lanes.reduce((sum, lane) => sum + lane.events, 0)
        return { events, digest: yield* TableReader.digestOf(given.lanes, digest), ...given } satisfies Moved
      }),
    ),
  )
