/**
 * Personal data, keys of people and erasures of the store: reads on the main thread, writes through the writer.
 */
import type { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import * as Instant from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import * as ErasureBody from "../../core/ports/ErasureBody.ts"
import type {
  Erasure,
  KeyedPart,
  LaneKey,
  PersonalKind,
  PersonalPlace,
  PersonalStore,
  PersonKey,
} from "../../core/ports/LedgerStore.ts"
import type { Write } from "./GroupCommit.ts"
import { prepareArrays, read, readEach } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

/** Rows, as arrays. Only the writer writes these columns, and it writes these types. */
type KeyRow = readonly [epoch: number, wrapped: Uint8Array]
type PartRow = readonly [kind: PersonalKind, id: Uint8Array, nonce: Uint8Array, encrypted: Uint8Array, ...KeyRow]
type ErasureRow = readonly [id: Uint8Array, recordedAt: number, body: string, destroyed: string, isHeld: number]

const partColumns = `
  SELECT d.kind, d.id, d.nonce, d.encrypted, k.epoch, k.wrapped
  FROM personal_data d JOIN person_key k ON k.lane = d.lane AND k.person = d.person`

/** A page of the erasures of one table, each once. */
const page = `WHERE lane BETWEEN ?1 AND ?2 AND (recorded_at, erasure_id) > (?3, ?4)
  GROUP BY recorded_at, erasure_id ORDER BY recorded_at, erasure_id LIMIT ?5`

const prepareStatements = (db: DatabaseSync) => ({
  key: prepareArrays(db, "SELECT epoch, wrapped FROM person_key WHERE lane = ? AND person = ?"),
  part: prepareArrays(db, `${partColumns} WHERE d.lane = ? AND d.person = ? AND d.kind = ? AND d.id = ?`),
  parts: prepareArrays(
    db,
    `${partColumns} WHERE d.lane = ? AND d.person = ? AND (d.kind, d.id) > (?, ?) ORDER BY d.kind, d.id LIMIT ?`,
  ),
  allKeys: prepareArrays(
    db,
    `SELECT lane, person, epoch, wrapped FROM person_key
     WHERE (lane, person) > (?, ?) ORDER BY lane, person LIMIT ?`,
  ),
  erasure: prepareArrays(
    db,
    "SELECT erasure_id, recorded_at, body, destroyed, 0 FROM erasure WHERE lane = ? AND person = ?",
  ),
  heldErasures: prepareArrays(
    db,
    `SELECT erasure_id, recorded_at, body, destroyed, 1 FROM held_erasure
     WHERE lane = ? AND person = ? ORDER BY recorded_at, erasure_id`,
  ),
  erasures: prepareArrays(
    db,
    `SELECT * FROM (SELECT erasure_id, recorded_at, body, destroyed, 0 FROM erasure ${page})
     UNION ALL SELECT * FROM (SELECT erasure_id, recorded_at, body, destroyed, 1 FROM held_erasure ${page})
     ORDER BY recorded_at, erasure_id LIMIT ?5`,
  ),
})

const toPart = (concordId: string, row: PartRow): KeyedPart => {
  const [kind, id, nonce, encrypted, epoch, wrapped] = row
  return { concordId, kind, id: Uuid.toHex(id), nonce, encrypted, epoch, wrapped }
}

const toErasure = ([id, recordedAt, body, destroyed, isHeld]: ErasureRow): Erasure => ({
  id: Uuid.fromBytes(id),
  recordedAt,
  ...ErasureBody.read(body),
  ...(isHeld === 1 && { scope: "held" }),
  destroyed: JSON.parse(destroyed),
})

const makeReads = (db: DatabaseSync) => {
  const statements = prepareStatements(db)
  const keyOf = (organization: Lane.Owner, concordId: string) =>
    [Lane.of(organization, concordId), Uuid.toBytes(concordId)] as const
  return {
    key: (organization: Lane.Owner, concordId: string): PersonKey | undefined => {
      const row: unknown = statements.key.get(...keyOf(organization, concordId))
      if (row === undefined) return undefined
      const [epoch, wrapped] = row as KeyRow
      return { concordId, epoch, wrapped }
    },
    part: (organization: Lane.Owner, { concordId, id, kind }: PersonalPlace): KeyedPart | undefined => {
      const row: unknown = statements.part.get(...keyOf(organization, concordId), kind, Uuid.toBytes(id))
      return row === undefined ? undefined : toPart(concordId, row as PartRow)
    },
    partsOf: (
      organization: Lane.Owner,
      concordId: string,
      after: Pick<PersonalPlace, "kind" | "id"> | undefined,
      limit: number,
    ): ReadonlyArray<KeyedPart> => {
      const place = [after?.kind ?? "", Uuid.toBytes(after?.id ?? "")] as const
      const rows: ReadonlyArray<unknown> = statements.parts.all(...keyOf(organization, concordId), ...place, limit)
      return rows.map((row) => toPart(concordId, row as PartRow))
    },
    allKeys: (after: Pick<LaneKey, "concordId" | "lane"> | undefined, limit: number): ReadonlyArray<LaneKey> => {
      const place = [after?.lane ?? -1, Uuid.toBytes(after?.concordId ?? "")] as const
      const rows: ReadonlyArray<unknown> = statements.allKeys.all(...place, limit)
      return rows.map((row) => {
        const [lane, person, epoch, wrapped] = row as readonly [number, Uint8Array, ...KeyRow]
        return { lane, concordId: Uuid.fromBytes(person), epoch, wrapped }
      })
    },
    erasure: (organization: Lane.Owner, concordId: string): Erasure | undefined => {
      const row: unknown = statements.erasure.get(...keyOf(organization, concordId))
      return row === undefined ? undefined : toErasure(row as ErasureRow)
    },
    heldErasures: (organization: Lane.Owner, concordId: string): ReadonlyArray<Erasure> => {
      const rows: ReadonlyArray<unknown> = statements.heldErasures.all(...keyOf(organization, concordId))
      return rows.map((row) => toErasure(row as ErasureRow))
    },
    erasures: (
      organization: Lane.Owner,
      after: Pick<Erasure, "id" | "recordedAt"> | undefined,
      limit: number,
    ): ReadonlyArray<Erasure> => {
      const place = [after?.recordedAt ?? Instant.min - 1, Uuid.toBytes(after?.id ?? "")] as const
      const rows: ReadonlyArray<unknown> = statements.erasures.all(...Lane.range(organization), ...place, limit)
      return rows.map((row) => toErasure(row as ErasureRow))
    },
  }
}

/** Prepares the statements. */
export const make = (db: DatabaseSync, write: Write): PersonalStore => {
  const reads = makeReads(db)
  return {
    keys: (organization, people) => read(() => readEach(db, people, (person) => reads.key(organization, person))),
    parts: (organization, places) => read(() => readEach(db, places, (place) => reads.part(organization, place))),
    partsOf: (organization, concordId, after, limit) =>
      read(() => reads.partsOf(organization, concordId, after, limit)),
    allKeys: (after, limit) => read(() => reads.allKeys(after, limit)),
    erasure: (organization, concordId) => read(() => reads.erasure(organization, concordId)),
    heldErasures: (organization, concordId) => read(() => reads.heldErasures(organization, concordId)),
    erasures: (organization, after, limit) => read(() => reads.erasures(organization, after, limit)),
    rewrap: (keys) => Effect.asVoid(write("rewrap", keys)),
    erase: (change) => write("erase", change),
    scrub: write("scrub", undefined),
  }
}
