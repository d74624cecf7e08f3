/**
 * The part of the store behind files of compliance requests: their bytes, in chunks that are encrypted under the key of
 * the request. Name, digest and size of a file are with the request.
 *
 * A file is begun, its chunks are written, and a change of the request attaches it ({@link FileChanges}): before that
 * it cannot be seen. One that is never attached is swept. Everything of a file is in the lane of its request.
 */
import type { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { Owner } from "../model/Lane.ts"
import type { Access } from "./Access.ts"
import type { Sealed } from "./Sealed.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/** The most bytes of a chunk before it is encrypted: 256 KiB. Only the last chunk of a file may have fewer. */
export const chunkBytes = 262_144

/** What happens to files of a request. */
export interface FileChanges {
  /** Files that were begun, by id. Where one is not there, or attached already, the whole change is `stale`. */
  readonly attach?: ReadonlyArray<string>
  /**
   * Removes files with their chunks; `"all"` also those that were not attached. One that is not there is passed over.
   */
  readonly remove?: ReadonlyArray<string> | "all"
}

/** Names a file. */
export interface FilePlace {
  /** The lane of the request, as it is numbered in the store. */
  readonly lane: number
  readonly request: string
  /** A UUID. */
  readonly file: string
}

/** Files of compliance requests. */
export interface RequestFileStore {
  /** Begins a file; one that is there already stays as it is. */
  readonly begin: (project: Owner, request: string, file: string, at: Instant) => Effect.Effect<void, StoreUnavailable>
  /**
   * Writes a chunk of a file that was begun, in place of one that is there; `false`: the file is not there any more, or
   * is attached already.
   */
  readonly writeChunk: (
    project: Owner,
    request: string,
    file: string,
    ordinal: number,
    sealed: Sealed,
  ) => Effect.Effect<boolean, StoreUnavailable>
  /**
   * A chunk of a file, from 0, attached or not: which files a request has follows from its facts. `undefined` after the
   * last, and of a file that was removed.
   */
  readonly chunk: (
    project: Owner,
    request: string,
    file: string,
    ordinal: number,
  ) => Effect.Effect<Sealed | undefined, StoreUnavailable>
  /** At most `limit` files of the whole store that were begun before an instant and never attached. */
  readonly abandoned: (before: Instant, limit: number) => Effect.Effect<ReadonlyArray<FilePlace>, StoreUnavailable>
  /** Removes files that are not attached, with their chunks. */
  readonly removeAbandoned: (files: ReadonlyArray<FilePlace>) => Effect.Effect<void, StoreUnavailable>
}

/** Whether each member reads or writes. */
export const requestFileAccess: Access<RequestFileStore> = {
  begin: "write",
  writeChunk: "write",
  chunk: "read",
  abandoned: "read",
  removeAbandoned: "write",
}
