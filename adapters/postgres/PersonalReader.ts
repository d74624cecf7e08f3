/**
 * Reads the keys of people, and personal data with the keys that they are encrypted under.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type {
  KeyedPart,
  KeyPlace,
  LaneKey,
  PersonalKind,
  PersonalPlace,
  PersonKey,
} from "../../core/ports/LedgerStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as PersonWriter from "./PersonWriter.ts"
import * as Sql from "./Sql.ts"

interface KeyRow {
  readonly lane: number
  readonly person: string
  readonly epoch: number
  readonly wrapped: Uint8Array
}

const toKey = ({ epoch, person, wrapped }: KeyRow): PersonKey => ({ concordId: person, epoch, wrapped })

/** The keys of people, in the order of the people; `undefined` for a person without a key. */
export const keys = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  people: ReadonlyArray<string>,
) {
  if (people.length === 0) return []
  const rows = yield* Sql.query<KeyRow>(
    sql,
    `SELECT k.lane, k.person, k.epoch, k.wrapped FROM ${PersonWriter.people.rows} v
     JOIN person_key k ON k.lane = v.lane AND k.person = v.person`,
    PersonWriter.people.parameters(people.map((concordId) => ({ organization, concordId }))),
  )
  const found = new Map(rows.map((row) => [row.person, toKey(row)]))
  return people.map((concordId) => found.get(concordId))
})

interface PartRow extends Omit<KeyRow, "lane"> {
  readonly kind: PersonalKind
  readonly id: string
  readonly nonce: Uint8Array
  readonly encrypted: Uint8Array
}

const partColumns = "d.person, d.kind, encode(d.id, 'hex') AS id, d.nonce, d.encrypted, k.epoch, k.wrapped"

const withKey = "JOIN person_key k ON k.lane = d.lane AND k.person = d.person"

const toPart = ({ encrypted, epoch, id, kind, nonce, person, wrapped }: PartRow): KeyedPart => ({
  concordId: person,
  kind,
  id,
  nonce,
  encrypted,
  epoch,
  wrapped,
})

interface OwnedPlace extends PersonalPlace {
  readonly organization: Lane.Owner
}

const places = ArrayColumns.make<OwnedPlace>({
  lane: ["bigint", ({ concordId, organization }) => Lane.of(organization, concordId)],
  person: ["uuid", ({ concordId }) => concordId],
  kind: ["text", ({ kind }) => kind],
  id: ["bytea", ({ id }) => ArrayColumns.bytes(id)],
})

/** Personal data with their keys, in the order of the places; `undefined` where there are none. */
export const parts = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  wanted: ReadonlyArray<PersonalPlace>,
) {
  if (wanted.length === 0) return []
  const rows = yield* Sql.query<PartRow>(
    sql,
    `SELECT ${partColumns} FROM ${places.rows} v
     JOIN personal_data d ON d.lane = v.lane AND d.person = v.person AND d.kind = v.kind AND d.id = v.id ${withKey}`,
    places.parameters(wanted.map((place) => ({ ...place, organization }))),
  )
  const keyOf = ({ id, kind }: Pick<PersonalPlace, "id" | "kind">, person: string) => `${person} ${kind} ${id}`
  const found = new Map(rows.map((row) => [keyOf(row, row.person), toPart(row)]))
  return wanted.map((place) => found.get(keyOf(place, place.concordId)))
})

/** A page of the personal data of a person, ordered by kind and id. */
export const partsOf = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  concordId: string,
  after: Pick<PersonalPlace, "kind" | "id"> | undefined,
  limit: number,
) {
  const rows = yield* Sql.query<PartRow>(
    sql,
    `SELECT ${partColumns} FROM personal_data d ${withKey}
     WHERE d.lane = $1 AND d.person = $2${after === undefined ? "" : ` AND (d.kind, d.id) > ($4, decode($5, 'hex'))`}
     ORDER BY d.kind, d.id LIMIT $3`,
    [
      Lane.of(organization, concordId),
      concordId,
      limit,
      ...(after === undefined ? [] : [after.kind as string, after.id]),
    ],
  )
  return rows.map(toPart)
})

/** Comes before the key of every person. */
const first: KeyPlace = { lane: -1, concordId: "00000000-0000-0000-0000-000000000000" }

/** A page of the keys of people, of all organizations. */
export const allKeys = Effect.fnUntraced(function* (sql: Sql.Sql, after: KeyPlace = first, limit: number) {
  const rows = yield* Sql.query<KeyRow>(
    sql,
    `SELECT lane, person, epoch, wrapped FROM person_key
     WHERE (lane, person) > ($1, $2) ORDER BY lane, person LIMIT $3`,
    [after.lane, after.concordId, limit],
  )
  return rows.map((row): LaneKey => ({ lane: row.lane, ...toKey(row) }))
})
