/**
 * The rows of heads: of a person in the table `head`, and of a group of joined people in `joined_head`. A row is only
 * replaced by that of a later event.
 */
import * as Order from "../../core/engine/Order.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import type { Placed } from "./Lanes.ts"
import type * as Sql from "./Sql.ts"

/** The columns of a head, which both tables have. */
const heads = ArrayColumns.make<Placed>({
  lane: ["bigint", ({ lane }) => lane],
  person: ["uuid", ({ event }) => event.concordId],
  consent_type: ["uuid", ({ event }) => event.consentType],
  consent_state: ["text", ({ event }) => event.consentState],
  consent_date: ["bigint", ({ event }) => event.consentDate],
  recorded_at: ["bigint", ({ event }) => event.dateCreated],
  event_id: ["uuid", ({ event }) => event.id],
  position: ["bigint", ({ position }) => position],
})

/** The latest event of each person, type and state, because one statement cannot update a head twice. */
const latest = (placed: ReadonlyArray<Placed>): ReadonlyArray<Placed> => {
  const heads = new Map<string, Placed>()
  for (const each of placed) {
    const { event, lane } = each
    const key = `${lane} ${event.concordId} ${event.consentType} ${event.consentState}`
    const before = heads.get(key)
    if (before === undefined || Order.isLater(event, before.event)) heads.set(key, each)
  }
  return [...heads.values()]
}

/** Rows as a table in a statement, with the columns in the order of both tables. */
export const { rows } = heads

/** The parameters of {@link rows}: the heads that events raise. */
export const parameters = (placed: ReadonlyArray<Placed>): ReadonlyArray<Sql.Parameter> =>
  heads.parameters(latest(placed))

/** The end of an `INSERT` into a table: a head that is there is replaced if the inserted one is later. */
export const raise = (table: "head" | "joined_head"): string =>
  `ON CONFLICT (lane, person, consent_type, consent_state) DO UPDATE SET
     consent_date = excluded.consent_date, recorded_at = excluded.recorded_at,
     event_id = excluded.event_id, position = excluded.position
   WHERE (excluded.consent_date, excluded.recorded_at, excluded.event_id)
     > (${table}.consent_date, ${table}.recorded_at, ${table}.event_id)`
