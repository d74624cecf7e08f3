/**
 * The files of compliance requests: begins them, writes and reads their chunks, and removes those that were never
 * attached.
 *
 * A chunk is written while the row of its file is locked, and a file is removed before its chunks: so no chunk is left
 * of a file that is removed at the same time.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import * as Compliance from "../../core/ports/ComplianceStore.ts"
import type * as Port from "../../core/ports/RequestFileStore.ts"
import type { Sealed } from "../../core/ports/Sealed.ts"
import * as Operation from "./Operation.ts"
import * as PipelinedTransactions from "./PipelinedTransactions.ts"
import * as RequestFileRows from "./RequestFileRows.ts"
import * as Sql from "./Sql.ts"

type Key = readonly [lane: number, request: string, file: string]

const begin = (sql: Sql.Sql, key: Key, at: number) =>
  Effect.asVoid(
    Sql.query(
      sql,
      `INSERT INTO request_file (lane, request, file, begun_at, is_attached) VALUES ($1, $2, $3, $4, false)
       ON CONFLICT (lane, request, file) DO NOTHING`,
      [...key, at],
    ),
  )

/** Writes a chunk, in place of one that is there already. Of a file that is not being written, it writes none. */
const writeChunk = (sql: Sql.Sql, key: Key, ordinal: number, { encrypted, nonce }: Sealed) => {
  const lock = Sql.write(
    sql,
    `UPDATE request_file SET is_attached = false
     WHERE lane = $1 AND request = $2 AND file = $3 AND NOT is_attached`,
    key,
  )
  const insert = Sql.query(
    sql,
    `INSERT INTO file_chunk (lane, request, file, ordinal, nonce, encrypted) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (lane, request, file, ordinal) DO UPDATE SET nonce = excluded.nonce, encrypted = excluded.encrypted`,
    [...key, ordinal, nonce, encrypted],
  )
  const steps = Effect.gen(function* () {
    const rejection = yield* PipelinedTransactions.firstRejection([
      Effect.map(lock, (locked) => (locked > 0 ? undefined : ("missing" as const))),
      Effect.as(insert, undefined),
    ])
    return rejection === undefined ? true : yield* Effect.fail({ _tag: "Rollback" } as const)
  })
  return Effect.catchTag(Sql.transaction(sql, steps), "Rollback", () => Effect.succeed(false))
}

/** A chunk of a file. */
const chunk = (sql: Sql.Sql, key: Key, ordinal: number) =>
  Effect.map(
    Sql.query<Sealed>(
      sql,
      "SELECT nonce, encrypted FROM file_chunk WHERE lane = $1 AND request = $2 AND file = $3 AND ordinal = $4",
      [...key, ordinal],
    ),
    ([row]) => row && { nonce: row.nonce, encrypted: row.encrypted },
  )

/** Files of all lanes that were begun before an instant and never attached. */
const abandoned = (sql: Sql.Sql, before: number, limit: number) =>
  Sql.query<Port.FilePlace>(
    sql,
    `SELECT lane, request, file FROM request_file WHERE NOT is_attached AND begun_at < $1
     ORDER BY begun_at, lane, request, file LIMIT $2`,
    [before, limit],
  )

/** Removes files that are still not attached, with their chunks. */
const removeAbandoned = Effect.fnUntraced(function* (sql: Sql.Sql, files: ReadonlyArray<Port.FilePlace>) {
  if (files.length === 0) return
  const steps = Effect.gen(function* () {
    const { parameters, rows } = RequestFileRows.places
    const removed = yield* Sql.query<Port.FilePlace>(
      sql,
      `DELETE FROM request_file f USING ${rows} v
       WHERE f.lane = v.lane AND f.request = v.request AND f.file = v.file AND NOT f.is_attached
       RETURNING f.lane, f.request, f.file`,
      parameters(files),
    )
    if (removed.length > 0) yield* RequestFileRows.removeChunks(sql, removed)
  })
  yield* Sql.transaction(sql, steps)
})

const keyOf = (project: Lane.Owner, request: string, file: string): Key => [
  Compliance.laneOf(project, request),
  request,
  file,
]

/** The files of a database. */
export const make = (sql: Sql.Sql): Port.RequestFileStore => ({
  begin: (project, request, file, at) => Operation.idempotent(begin(sql, keyOf(project, request, file), at)),
  writeChunk: (project, request, file, ordinal, sealed) =>
    Operation.idempotent(writeChunk(sql, keyOf(project, request, file), ordinal, sealed)),
  chunk: (project, request, file, ordinal) => Operation.idempotent(chunk(sql, keyOf(project, request, file), ordinal)),
  abandoned: (before, limit) => Operation.idempotent(abandoned(sql, before, limit)),
  removeAbandoned: (files) => Operation.idempotent(removeAbandoned(sql, files)),
})
