/**
 * Writes the keys of people, and personal data that are encrypted under them. All rows are in the lane of the person in
 * its organization.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import * as Lane from "../../core/model/Lane.ts"
import type { LaneKey, PersonalPart, PersonalWrites, PersonKey } from "../../core/ports/LedgerStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as PersonWriter from "./PersonWriter.ts"
import * as Sql from "./Sql.ts"

/** The personal data that a write brings, and the organization of its people. */
export interface OwnedWrites {
  readonly organization: Lane.Owner
  readonly personal?: PersonalWrites
}

const keys = ArrayColumns.make<LaneKey>({
  lane: ["bigint", ({ lane }) => lane],
  person: ["uuid", ({ concordId }) => concordId],
  epoch: ["bigint", ({ epoch }) => epoch],
  wrapped: ["bytea", ({ wrapped }) => wrapped],
})

interface LanePart extends PersonalPart {
  readonly lane: number
}

const parts = ArrayColumns.make<LanePart>({
  lane: ["bigint", ({ lane }) => lane],
  person: ["uuid", ({ concordId }) => concordId],
  kind: ["text", ({ kind }) => kind],
  id: ["bytea", ({ id }) => ArrayColumns.bytes(id)],
  nonce: ["bytea", ({ nonce }) => nonce],
  encrypted: ["bytea", ({ encrypted }) => encrypted],
})

const isSameKey = (a: PersonKey, b: PersonKey): boolean =>
  a.epoch === b.epoch && Buffer.from(a.wrapped).equals(b.wrapped)

/** The keys of writes, each once; `undefined` if two writes have different keys for one person. */
const distinctKeys = (writes: ReadonlyArray<OwnedWrites>): ReadonlyArray<LaneKey> | undefined => {
  const distinct = new Map<string, LaneKey>()
  for (const { organization, personal } of writes) {
    for (const key of personal?.keys ?? []) {
      const id = PersonWriter.keyOf({ organization, concordId: key.concordId })
      const other = distinct.get(id)
      if (other !== undefined && !isSameKey(key, other)) return undefined
      distinct.set(id, { ...key, lane: Lane.of(organization, key.concordId) })
    }
  }
  return [...distinct.values()]
}

/** Inserts keys, in ascending order; returns false if one of their people has another key already. */
const keepKeys = Effect.fnUntraced(function* (sql: Sql.Sql, distinct: ReadonlyArray<LaneKey>) {
  const parameters = keys.parameters(distinct)
  const inserted = yield* Sql.write(
    sql,
    `INSERT INTO person_key SELECT * FROM ${keys.rows} v ORDER BY lane, person ON CONFLICT (lane, person) DO NOTHING`,
    parameters,
  )
  if (inserted === distinct.length) return true
  const [same] = yield* Sql.query<{ readonly found: number }>(
    sql,
    `SELECT count(*) AS found FROM ${keys.rows} v JOIN person_key k
       ON k.lane = v.lane AND k.person = v.person AND k.epoch = v.epoch AND k.wrapped = v.wrapped`,
    parameters,
  )
  return same?.found === distinct.length
})

/**
 * The step that keeps the keys of writes, and returns false if one of their people has another key already; none if
 * they have no keys. The people must be locked, or the lanes of their events, so that none of them is erased meanwhile.
 */
export const keySteps = (
  sql: Sql.Sql,
  writes: ReadonlyArray<OwnedWrites>,
): ReadonlyArray<Effect.Effect<boolean, SqlError>> => {
  const distinct = distinctKeys(writes)
  if (distinct === undefined) return [Effect.succeed(false)]
  return distinct.length === 0 ? [] : [Effect.suspend(() => keepKeys(sql, distinct))]
}

/** Replaces a profile; any other personal data that is there already stays as it is. */
const replaceProfile = `DO UPDATE SET nonce = excluded.nonce, encrypted = excluded.encrypted
  WHERE personal_data.kind = 'profile'`

const keepParts = (sql: Sql.Sql, distinct: ReadonlyArray<LanePart>) =>
  Sql.query(
    sql,
    `INSERT INTO personal_data SELECT * FROM ${parts.rows} v ON CONFLICT (lane, person, kind, id)
     ${distinct.some(({ kind }) => kind === "profile") ? replaceProfile : "DO NOTHING"}`,
    parts.parameters(distinct),
  )

/** The step that keeps the personal data of writes; none if they have none. Their people must be locked as for keys. */
export const partSteps = (
  sql: Sql.Sql,
  writes: ReadonlyArray<OwnedWrites>,
): ReadonlyArray<Effect.Effect<undefined, SqlError>> => {
  // One statement cannot replace a row twice.
  const distinct = new Map<string, LanePart>()
  for (const { organization, personal } of writes) {
    for (const part of personal?.parts ?? []) {
      const lane = Lane.of(organization, part.concordId)
      distinct.set(`${lane} ${part.concordId} ${part.kind} ${part.id}`, { ...part, lane })
    }
  }
  if (distinct.size === 0) return []
  return [
    Effect.as(
      Effect.suspend(() => keepParts(sql, [...distinct.values()])),
      undefined,
    ),
  ]
}

interface Rewrapped {
  readonly from: LaneKey
  readonly to: Pick<PersonKey, "epoch" | "wrapped">
}

const rewrapped = ArrayColumns.make<Rewrapped>({
  lane: ["bigint", ({ from }) => from.lane],
  person: ["uuid", ({ from }) => from.concordId],
  from_epoch: ["bigint", ({ from }) => from.epoch],
  from_wrapped: ["bytea", ({ from }) => from.wrapped],
  epoch: ["bigint", ({ to }) => to.epoch],
  wrapped: ["bytea", ({ to }) => to.wrapped],
})

/** Replaces keys that are still wrapped as they were. */
export const rewrap = Effect.fnUntraced(function* (sql: Sql.Sql, given: ReadonlyArray<Rewrapped>) {
  if (given.length === 0) return
  yield* Sql.query(
    sql,
    `UPDATE person_key k SET epoch = v.epoch, wrapped = v.wrapped FROM ${rewrapped.rows} v
     WHERE k.lane = v.lane AND k.person = v.person AND k.epoch = v.from_epoch AND k.wrapped = v.from_wrapped`,
    rewrapped.parameters(given),
  )
})
