/**
 * Writes files of compliance requests: chunk by chunk until a change of the request attaches them.
 */
import type { DatabaseSync } from "node:sqlite"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Kept } from "../../core/ports/Kept.ts"
import type * as Port from "../../core/ports/RequestFileStore.ts"
import type { Sealed } from "../../core/ports/Sealed.ts"
import * as Uuid from "./Uuid.ts"

/** The commands about files. */
export interface RequestFileCommands {
  readonly beginFile: (begun: { readonly place: Port.FilePlace; readonly at: Instant }) => Kept
  /** Whether the file is there, and not attached yet. */
  readonly writeFileChunk: (chunk: {
    readonly place: Port.FilePlace
    readonly ordinal: number
    readonly sealed: Sealed
  }) => boolean
  readonly removeAbandonedFiles: (files: ReadonlyArray<Port.FilePlace>) => Kept
}

type Request = readonly [lane: number, request: Uint8Array]

/** Writes through one connection. */
export interface RequestFileWriter extends RequestFileCommands {
  /** Whether a file that a change attaches is not there, or attached already. */
  readonly isStale: (request: Request, changes: Port.FileChanges | undefined) => boolean
  readonly keep: (request: Request, changes: Port.FileChanges | undefined) => void
}

type Key = readonly [...Request, file: Uint8Array]

const keyOf = ({ file, lane, request }: Port.FilePlace): Key => [lane, Uuid.toBytes(request), Uuid.toBytes(file)]

const prepareRemovals = (db: DatabaseSync) => {
  const ofRequest = "lane = ? AND request = ?"
  const removals = ["file_chunk", "request_file"].map((table) => ({
    all: db.prepare(`DELETE FROM ${table} WHERE ${ofRequest}`),
    one: db.prepare(`DELETE FROM ${table} WHERE ${ofRequest} AND file = ?`),
  }))
  return {
    all: (request: Request): void => removals.forEach(({ all }) => all.run(...request)),
    one: (key: Key): void => removals.forEach(({ one }) => one.run(...key)),
  }
}

/** Prepares the statements. */
export const make = (db: DatabaseSync): RequestFileWriter => {
  const remove = prepareRemovals(db)
  const selectBegun = db.prepare(
    "SELECT 1 FROM request_file WHERE lane = ? AND request = ? AND file = ? AND is_attached = 0",
  )
  const begin = db.prepare("INSERT INTO request_file VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING")
  const attach = db.prepare("UPDATE request_file SET is_attached = 1 WHERE lane = ? AND request = ? AND file = ?")
  const putChunk = db.prepare("INSERT OR REPLACE INTO file_chunk VALUES (?, ?, ?, ?, ?, ?)")
  const isBegun = (key: Key): boolean => selectBegun.get(...key) !== undefined
  return {
    isStale: (request, changes) => (changes?.attach ?? []).some((file) => !isBegun([...request, Uuid.toBytes(file)])),
    keep: (request, { attach: attached = [], remove: removed = [] } = {}) => {
      for (const file of attached) attach.run(...request, Uuid.toBytes(file))
      if (removed === "all") remove.all(request)
      else for (const file of removed) remove.one([...request, Uuid.toBytes(file)])
    },
    beginFile: ({ at, place }) => {
      begin.run(...keyOf(place), at)
      return "kept"
    },
    writeFileChunk: ({ ordinal, place, sealed }) => {
      const key = keyOf(place)
      if (!isBegun(key)) return false
      putChunk.run(...key, ordinal, sealed.nonce, sealed.encrypted)
      return true
    },
    removeAbandonedFiles: (files) => {
      for (const key of files.map(keyOf)) if (isBegun(key)) remove.one(key)
      return "kept"
    },
  }
}
