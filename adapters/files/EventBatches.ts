/**
 * The people of an events.ndjson, batch after batch in the order of their ids, in bounded memory.
 *
 * The file is read as a whole and found good before the first batch is made.
 */
import { createHash } from "node:crypto"
import { Effect, type Scope, Stream } from "effect"
import * as EventColumnBuilder from "../../core/simulation/EventColumnBuilder.ts"
import * as EventColumns from "../../core/simulation/EventColumns.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { BadInput, Unreadable } from "./BadInput.ts"
import * as EventLines from "./EventLines.ts"
import * as EventRow from "./EventRow.ts"
import * as ExternalSort from "./ExternalSort.ts"
import type { Source } from "./Source.ts"

/** What is asked of the file. */
export interface BatchOptions {
  readonly knownAt: Instant
  /** Whether the ids of events will be asked for. */
  readonly keepsIds: boolean
  readonly progress: (extent: EventLines.Extent) => Effect.Effect<void>
}

/** A file that has been read. */
export interface EventBatches {
  readonly events: number
  /** Of the file's bytes. */
  readonly sha256: string
  /** The next people; `undefined` after the last. */
  readonly next: Effect.Effect<EventColumns.EventColumns | undefined, ExternalSort.TemporaryFileError>
}

/** Reads a file and puts it in order. */
export const make = Effect.fnUntraced(function* (
  source: Source,
  { knownAt, keepsIds, progress }: BatchOptions,
): Effect.fn.Return<EventBatches, BadInput | Unreadable | ExternalSort.TemporaryFileError, Scope.Scope> {
  const rows = yield* ExternalSort.make(EventRow)
  const hash = createHash("sha256")
  const bytes = Stream.tap(source.bytes, (chunk) => Effect.sync(() => hash.update(chunk)))
  const { events } = yield* EventLines.read(
    { ...source, bytes },
    {
      event: (event) => rows.add(EventRow.fromLine(event, null)),
      attempt: ExternalSort.attempt,
      progress,
    },
  )
  const steps = rows.mergeRuns()
  while ((yield* ExternalSort.attempt(() => steps.next())).done !== true) yield* Effect.yieldNow
  const inOrder = batches(rows.rows(), EventColumnBuilder.make(knownAt, keepsIds))
  return {
    events,
    sha256: hash.digest("hex"),
    next: ExternalSort.attempt(() => {
      const next = inOrder.next()
      return next.done === true ? undefined : next.value
    }),
  }
})

function* batches(
  rows: Iterable<EventRow.EventRow>,
  builder: EventColumnBuilder.EventColumnBuilder,
): Generator<EventColumns.EventColumns, void> {
  for (const row of rows) {
    const [concordId, consentType, consentDate, dateCreated, id, consentState, , version, expires] = row
    const state = EventColumns.stateIndex(consentState)
    const ids = { at: () => id }
    if (builder.add(concordId, consentType, state, version ?? 0, consentDate, dateCreated, expires ?? NaN, ids, 0)) {
      yield builder.flush()
    }
  }
  yield builder.finish()
}
