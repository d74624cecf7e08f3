/**
 * Reads an events.ndjson as batches of people in the order of their ids, in bounded memory.
 *
 * The whole file is read and checked before the first batch is made.
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

/** How the file is read. */
export interface BatchOptions {
  readonly knownAt: Instant
  /** Whether the batches hold the ids of events. */
  readonly keepsIds: boolean
  readonly progress: (extent: EventLines.Extent) => Effect.Effect<void>
}

/** A file that has been read and sorted. */
export interface EventBatches {
  readonly events: number
  /** The hash of the file's bytes. */
  readonly sha256: string
  /** The next batch of people; `undefined` after the last. */
  readonly next: Effect.Effect<EventColumns.EventColumns | undefined, ExternalSort.TemporaryFileError>
}

/** Reads a file and sorts its events. */
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
  yield* ExternalSort.mergeRuns(rows)
  const sorted = batches(rows.rows(), EventColumnBuilder.make(knownAt, keepsIds))
  return {
    events,
    sha256: hash.digest("hex"),
    next: ExternalSort.attempt(() => {
      const next = sorted.next()
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
    const slot = builder.add(concordId, consentType)
    slot.state = EventColumns.stateIndex(consentState)
    slot.version = version ?? 0
    slot.consentDate = consentDate
    slot.dateCreated = dateCreated
    slot.expirationDate = expires ?? NaN
    slot.ids = { at: () => id }
    slot.row = 0
    if (builder.isFull()) yield builder.flush()
  }
  yield builder.finish()
}
