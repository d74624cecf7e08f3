/**
 * What is permitted and until when, in a cookie: the decisions of the engine in the page, kept for the loader of the
 * next page and for the servers of the site. It is a cache, and never read back as an event.
 *
 * The loader needs no engine, because of two laws of semantics, section 6: an answer is constant until `nextChangeAt`
 * (law 6), and time alone never grants (law 5). So a permission counts before its `until`, and a "no" counts until the
 * engine has decided again.
 */
import type { Instant } from "../engine/Instant.ts"

/** The answer under one name: a subcategory of `privacy_setting`, or a short name of one type. */
export interface SnapshotAnswer {
  readonly permitted: boolean
  /** The first instant at which a permission no longer counts; left out: it has no end. */
  readonly until?: Instant
}

/** A snapshot. */
export interface Snapshot {
  /** The id of the region. */
  readonly region: string | undefined
  /** The revision of the configuration that was decided under. */
  readonly revision: number
  readonly answers: ReadonlyMap<string, SnapshotAnswer>
}
