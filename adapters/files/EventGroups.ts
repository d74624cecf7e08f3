/**
 * Groups sorted rows by person and consent type.
 */
import * as ConsentState from "../../core/engine/ConsentState.ts"
import * as Heads from "../../core/engine/Heads.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Terms } from "../../core/engine/Terms.ts"
import type { FileCatalog, TypeEntry } from "./FileCatalog.ts"
import * as EventRow from "./EventRow.ts"

/** The events of one person and one consent type; of many, only those that can affect an answer at or after `from`. */
export interface EventGroup extends TypeEntry {
  readonly concordId: string
  readonly events: ReadonlyArray<EventRow.LinedEvent>
}

/** A group with more events than this keeps only those that can affect an answer at or after `from`. */
const maxWhole = 1_000

/**
 * The groups of rows sorted by {@link EventRow.compare}. `from` is the earliest instant that will be asked about, so of
 * many earlier events the four heads are enough (semantics, section 2), and the memory for a group grows only with its
 * events after `from`.
 */
export function* fromRows(
  rows: Iterable<EventRow.EventRow>,
  catalog: FileCatalog,
  from: Instant,
): Generator<EventGroup, void> {
  let events: Array<EventRow.LinedEvent> = []
  let limit = maxWhole
  let group: (TypeEntry & { readonly concordId: string }) | undefined
  for (const row of rows) {
    if (group === undefined || row[0] !== group.concordId || row[1] !== group.type.id) {
      if (group !== undefined) yield { ...group, events }
      group = { ...catalog.get(row[1]), concordId: row[0] }
      events = []
      limit = maxWhole
    }
    events.push(EventRow.toEvent(row, group.type))
    if (events.length > limit) {
      events = prune(events, group.terms, from)
      limit = 2 * events.length + maxWhole
    }
  }
  if (group !== undefined) yield { ...group, events }
}

/** Drops the events that are not yet known at `knownAt`, and those up to `from` that are not heads. */
const prune = (events: ReadonlyArray<EventRow.LinedEvent>, terms: Terms, from: Instant): Array<EventRow.LinedEvent> => {
  const known = events.filter((event) => event.dateCreated <= terms.knownAt)
  const heads = Heads.fold(known.filter((event) => event.consentDate <= from))
  const isHead = new Set(ConsentState.all.map((state) => heads[state]))
  return known.filter((event) => event.consentDate > from || isHead.has(event))
}
