/**
 * The files of compliance requests of the store: reads on the main thread, writes through the writer.
 */
import type { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import type { Owner } from "../../core/model/Lane.ts"
import { laneOf } from "../../core/ports/ComplianceStore.ts"
import type * as Port from "../../core/ports/RequestFileStore.ts"
import type { Write } from "./GroupCommit.ts"
import { read } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

const placeOf = (project: Owner, request: string, file: string): Port.FilePlace => ({
  lane: laneOf(project, request),
  request,
  file,
})

/** Prepares the statements. */
export const make = (db: DatabaseSync, write: Write): Port.RequestFileStore => {
  const selectChunk = db.prepare(`
    SELECT nonce, encrypted FROM file_chunk WHERE lane = ? AND request = ? AND file = ? AND ordinal = ?`)
  const selectAbandoned = db.prepare(`
    SELECT lane, request, file FROM request_file WHERE is_attached = 0 AND begun_at < ?
    ORDER BY begun_at, lane, request, file LIMIT ?`)
  return {
    begin: (project, request, file, at) =>
      Effect.asVoid(write("beginFile", { place: placeOf(project, request, file), at })),
    writeChunk: (project, request, file, ordinal, sealed) =>
      write("writeFileChunk", { place: placeOf(project, request, file), ordinal, sealed }),
    chunk: (project, request, file, ordinal) =>
      read(() => {
        const place = [laneOf(project, request), Uuid.toBytes(request), Uuid.toBytes(file)] as const
        const row = selectChunk.get(...place, ordinal)
        return row && { nonce: row["nonce"] as Uint8Array, encrypted: row["encrypted"] as Uint8Array }
      }),
    abandoned: (before, limit) =>
      read(() =>
        selectAbandoned.all(before, limit).map(({ file, lane, request }) => ({
          lane: Number(lane),
          request: Uuid.fromBytes(request as Uint8Array),
          file: Uuid.fromBytes(file as Uint8Array),
        })),
      ),
    removeAbandoned: (files) => Effect.asVoid(write("removeAbandonedFiles", files)),
  }
}
