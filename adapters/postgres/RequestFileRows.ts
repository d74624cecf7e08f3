/**
 * The rows of files that are written with a change of their compliance request, while its lane is locked.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { FileChanges, FilePlace } from "../../core/ports/RequestFileStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as Sql from "./Sql.ts"

/** The key of the rows of a request. */
interface RequestPlace {
  readonly lane: number
  readonly request: string
}

const requestColumns = {
  lane: ["bigint", ({ lane }: RequestPlace) => lane],
  request: ["uuid", ({ request }: RequestPlace) => request],
} as const

const requests = ArrayColumns.make<RequestPlace>(requestColumns)

/** The places of files. */
export const places = ArrayColumns.make<FilePlace>({ ...requestColumns, file: ["uuid", ({ file }) => file] })

const isOfFile = "t.lane = v.lane AND t.request = v.request AND t.file = v.file"

/** Removes the chunks of files, whose own rows were removed before. */
export const removeChunks = (sql: Sql.Sql, files: ReadonlyArray<FilePlace>) =>
  Sql.query(sql, `DELETE FROM file_chunk t USING ${places.rows} v WHERE ${isOfFile}`, places.parameters(files))

/** The statements that remove all files of requests. A file goes before its chunks: see RequestFileStore.ts. */
export const removeAll = (sql: Sql.Sql, of: ReadonlyArray<RequestPlace>) =>
  of.length === 0
    ? []
    : ["request_file", "file_chunk"].map((table) =>
        Sql.query(
          sql,
          `DELETE FROM ${table} t USING ${requests.rows} v WHERE t.lane = v.lane AND t.request = v.request`,
          requests.parameters(of),
        ),
      )

const remove = (sql: Sql.Sql, files: ReadonlyArray<FilePlace>) =>
  files.length === 0
    ? []
    : [
        Sql.query(sql, `DELETE FROM request_file t USING ${places.rows} v WHERE ${isOfFile}`, places.parameters(files)),
        removeChunks(sql, files),
      ]

/** Attaches files; returns `stale` unless each was begun and is not attached. */
const attach = (sql: Sql.Sql, files: ReadonlyArray<FilePlace>) =>
  files.length === 0
    ? []
    : [
        Effect.map(
          Sql.write(
            sql,
            `UPDATE request_file t SET is_attached = true FROM ${places.rows} v WHERE ${isOfFile} AND NOT t.is_attached`,
            places.parameters(files),
          ),
          (attached) => (attached === files.length ? undefined : ("stale" as const)),
        ),
      ]

/** The steps that attach and remove files. */
export const steps = (
  sql: Sql.Sql,
  changes: ReadonlyArray<RequestPlace & { readonly files?: FileChanges }>,
): ReadonlyArray<Effect.Effect<"stale" | undefined, SqlError>> => {
  const placed = ({ lane, request }: RequestPlace, files: ReadonlyArray<string>) =>
    files.map((file): FilePlace => ({ lane, request, file }))
  const removed = (change: (typeof changes)[number]) => {
    const files = change.files?.remove ?? []
    return files === "all" ? [] : placed(change, files)
  }
  const emptied = changes.filter(({ files }) => files?.remove === "all")
  return [
    ...attach(
      sql,
      changes.flatMap((change) => placed(change, change.files?.attach ?? [])),
    ),
    ...[...remove(sql, changes.flatMap(removed)), ...removeAll(sql, emptied)].map(Effect.as(undefined)),
  ]
}
