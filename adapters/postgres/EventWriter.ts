/**
 * Writes events that have their positions: the rows of the events, of the heads that they raise, and of the tables by
 * which they are found.
 */
import { hash } from "node:crypto"
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import * as Lane from "../../core/model/Lane.ts"
import type { StoredEvent } from "../../core/ports/LedgerStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as HeadRows from "./HeadRows.ts"
import type { Placed } from "./Lanes.ts"
import * as Sql from "./Sql.ts"

/** The leaf hash of an event, which is stored with it: SHA-256 of 0x00 and the body (RFC 6962, section 2.1). */
export const leafOf = ({ body }: StoredEvent): Uint8Array => ArrayColumns.bytes(hash("sha256", `\0${body}`))

const events = ArrayColumns.make<Placed>({
  lane: ["bigint", ({ lane }) => lane],
  position: ["bigint", ({ position }) => position],
  person: ["uuid", ({ event }) => event.concordId],
  event_id: ["uuid", ({ event }) => event.id],
  consent_type: ["uuid", ({ event }) => event.consentType],
  version: ["bigint", ({ event }) => event.version],
  consent_state: ["text", ({ event }) => event.consentState],
  consent_action: ["text", ({ event }) => event.consentAction],
  consent_date: ["bigint", ({ event }) => event.consentDate],
  recorded_at: ["bigint", ({ event }) => event.dateCreated],
  expiration_date: ["bigint", ({ event }) => event.expirationDate],
  submitter: ["text", ({ event }) => event.submitter],
  session: ["text", ({ event }) => event.session],
  domain: ["text", ({ event }) => event.domain],
  geography: ["text", ({ event }) => event.geography],
  body: ["text", ({ event }) => event.body],
  leaf: ["bytea", ({ event }) => leafOf(event)],
})

const insertEvents = (sql: Sql.Sql, placed: ReadonlyArray<Placed>) =>
  Sql.query(sql, `INSERT INTO event SELECT * FROM ${events.rows} v`, events.parameters(placed))

const raiseHeads = (sql: Sql.Sql, placed: ReadonlyArray<Placed>) =>
  Sql.query(
    sql,
    `INSERT INTO head SELECT * FROM ${HeadRows.rows} v ${HeadRows.raise("head")}`,
    HeadRows.parameters(placed),
  )

const usedTypes = ArrayColumns.make<Placed>({
  lane: ["bigint", ({ lane }) => lane],
  consent_type: ["uuid", ({ event }) => event.consentType],
  version: ["bigint", ({ event }) => event.version],
})

/**
 * Notes which versions of consent types have events, in ascending order. The lanes must be locked, because events of
 * other people may have the same types.
 */
export const useTypes = Effect.fnUntraced(function* (sql: Sql.Sql, placed: ReadonlyArray<Placed>) {
  if (placed.length === 0) return
  const used = new Map(placed.map((each) => [`${each.lane} ${each.event.consentType} ${each.event.version}`, each]))
  yield* Sql.query(
    sql,
    `INSERT INTO used_type SELECT * FROM ${usedTypes.rows} v ORDER BY lane, consent_type, version
     ON CONFLICT (lane, consent_type, version) DO NOTHING`,
    usedTypes.parameters([...used.values()]),
  )
})

interface WithExternalId extends Placed {
  readonly externalId: string
}

const externalIds = ArrayColumns.make<WithExternalId>({
  lane: ["bigint", ({ externalId, project }) => Lane.of(project, externalId)],
  hash: ["bytea", ({ externalId }) => ArrayColumns.bytes(externalId)],
  event_lane: ["bigint", ({ lane }) => lane],
  position: ["bigint", ({ position }) => position],
  person: ["uuid", ({ event }) => event.concordId],
})

/** Inserts the external ids, in ascending order; returns false if one is in use already. */
export const claimExternalIds = Effect.fnUntraced(function* (sql: Sql.Sql, placed: ReadonlyArray<Placed>) {
  const named = placed.flatMap((each): ReadonlyArray<WithExternalId> => {
    const { externalId } = each.event
    return externalId === undefined ? [] : [{ ...each, externalId }]
  })
  if (named.length === 0) return true
  const kept = yield* Sql.write(
    sql,
    `INSERT INTO external_id SELECT * FROM ${externalIds.rows} v ORDER BY lane, hash ON CONFLICT (lane, hash) DO NOTHING`,
    externalIds.parameters(named),
  )
  return kept === named.length
})

/**
 * The steps that write the events and raise their heads. The parameters of each are encoded when it starts. No
 * transaction about other people writes the same rows.
 */
export const write = (sql: Sql.Sql, placed: ReadonlyArray<Placed>): ReadonlyArray<Effect.Effect<undefined, SqlError>> =>
  placed.length === 0
    ? []
    : [insertEvents, raiseHeads].map((step) =>
        Effect.as(
          Effect.suspend(() => step(sql, placed)),
          undefined,
        ),
      )
