/**
 * The files of compliance requests of the store in memory.
 */
import { Effect } from "effect"
import type { Instant } from "../../core/engine/Instant.ts"
import { laneOf } from "../../core/ports/ComplianceStore.ts"
import type * as Port from "../../core/ports/RequestFileStore.ts"
import type { Sealed } from "../../core/ports/Sealed.ts"

/** The files, with what changes of requests write of them. */
export interface RequestFiles {
  readonly store: Port.RequestFileStore
  /** Whether a file that a change attaches is not there, or attached already. */
  readonly isStale: (lane: number, request: string, changes: Port.FileChanges | undefined) => boolean
  readonly keep: (lane: number, request: string, changes: Port.FileChanges | undefined) => void
}

interface Held extends Port.FilePlace {
  readonly begunAt: Instant
  readonly isAttached: boolean
  readonly chunks: Map<number, Sealed>
}

const keyOf = ({ file, lane, request }: Port.FilePlace): string => `${lane} ${request} ${file}`

const compare = (a: Held, b: Held): number =>
  a.begunAt - b.begunAt || a.lane - b.lane || (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0)

const makeStore = (all: Map<string, Held>): Port.RequestFileStore => ({
  begin: (project, request, file, at) =>
    Effect.sync(() => {
      const place = { lane: laneOf(project, request), request, file }
      if (!all.has(keyOf(place))) all.set(keyOf(place), { ...place, begunAt: at, isAttached: false, chunks: new Map() })
    }),
  writeChunk: (project, request, file, ordinal, sealed) =>
    Effect.sync(() => {
      const held = all.get(keyOf({ lane: laneOf(project, request), request, file }))
      if (held === undefined || held.isAttached) return false
      held.chunks.set(ordinal, sealed)
      return true
    }),
  chunk: (project, request, file, ordinal) =>
    Effect.sync(() => all.get(keyOf({ lane: laneOf(project, request), request, file }))?.chunks.get(ordinal)),
  abandoned: (before, limit) =>
    Effect.sync(() =>
      [...all.values()]
        .filter(({ begunAt, isAttached }) => !isAttached && begunAt < before)
        .toSorted(compare)
        .slice(0, limit)
        .map(({ file, lane, request }) => ({ lane, request, file })),
    ),
  removeAbandoned: (files) =>
    Effect.sync(() => {
      for (const place of files) if (all.get(keyOf(place))?.isAttached === false) all.delete(keyOf(place))
    }),
})

/** No files yet. */
export const make = (): RequestFiles => {
  const all = new Map<string, Held>()
  const of = (lane: number, request: string): ReadonlyArray<Held> =>
    [...all.values()].filter((held) => held.lane === lane && held.request === request)
  return {
    store: makeStore(all),
    isStale: (lane, request, { attach = [] } = {}) =>
      attach.some((file) => all.get(keyOf({ lane, request, file }))?.isAttached !== false),
    keep: (lane, request, { attach = [], remove = [] } = {}) => {
      for (const file of attach) {
        const place = { lane, request, file }
        all.set(keyOf(place), { ...all.get(keyOf(place))!, isAttached: true })
      }
      const removed = remove === "all" ? of(lane, request) : remove.map((file) => ({ lane, request, file }))
      for (const place of removed) all.delete(keyOf(place))
    },
  }
}
