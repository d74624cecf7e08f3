/**
 * Writes personal data and the keys of people, and looks up whether a person was erased, or the key that is used for
 * it.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import type { Kept, LaneKey, PersonalPart, PersonalWrites, PersonKey } from "../../core/ports/LedgerStore.ts"
import * as Uuid from "./Uuid.ts"

/** The commands about personal data. */
export interface PersonalCommands {
  /** Replaces keys that are still wrapped as they were in `from`. */
  readonly rewrap: (
    keys: ReadonlyArray<{ readonly from: LaneKey; readonly to: Pick<PersonKey, "epoch" | "wrapped"> }>,
  ) => Kept
}

/** Writes through one connection. */
export interface PersonalWriter extends PersonalCommands {
  /** Whether keys can be kept: none of their people has another one. */
  readonly areFree: (organization: Lane.Owner, personal: PersonalWrites | undefined) => boolean
  readonly keep: (organization: Lane.Owner, personal: PersonalWrites | undefined) => void
  /**
   * Whether a person was erased. With a used key, also whether an erasure has kept its identifiers and the key is not
   * the one that is there.
   */
  readonly isErased: (organization: Lane.Owner, concordId: string, usedKey?: Uint8Array) => boolean
  /** Whether anyone in an organization was erased. */
  readonly hasErased: (organization: Lane.Owner) => boolean
}

const isSame = (epoch: unknown, wrapped: unknown, key: PersonKey): boolean =>
  epoch === key.epoch && wrapped instanceof Uint8Array && Buffer.compare(wrapped, key.wrapped) === 0

/** Prepares the statements. */
export const make = (db: DatabaseSync): PersonalWriter => {
  const findKey = db.prepare("SELECT epoch, wrapped FROM person_key WHERE lane = ? AND person = ?")
  const insertKey = db.prepare("INSERT INTO person_key VALUES (?, ?, ?, ?) ON CONFLICT (lane, person) DO NOTHING")
  const replaceKey = db.prepare(`
    UPDATE person_key SET epoch = ?, wrapped = ? WHERE lane = ? AND person = ? AND epoch = ? AND wrapped = ?`)
  const insertPart = db.prepare(`
    INSERT INTO personal_data VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (lane, person, kind, id) DO UPDATE SET nonce = excluded.nonce, encrypted = excluded.encrypted
      WHERE personal_data.kind = 'profile'`)
  const findErasure = db.prepare(`
    SELECT 1 FROM erasure WHERE lane = ?1 AND person = ?2
    UNION ALL
    SELECT 1 FROM held_erasure WHERE ?3 IS NOT NULL AND lane = ?1 AND person = ?2
      AND NOT EXISTS (SELECT 1 FROM person_key WHERE lane = ?1 AND person = ?2 AND wrapped = ?3)
    LIMIT 1`)
  const findErasures = db.prepare(`
    SELECT 1 FROM erasure WHERE lane BETWEEN ?1 AND ?2
    UNION ALL SELECT 1 FROM held_erasure WHERE lane BETWEEN ?1 AND ?2 LIMIT 1`)

  const isFree = (organization: Lane.Owner, key: PersonKey): boolean => {
    const row = findKey.get(Lane.of(organization, key.concordId), Uuid.toBytes(key.concordId))
    return row === undefined || isSame(row["epoch"], row["wrapped"], key)
  }

  const keepPart = (organization: Lane.Owner, { concordId, encrypted, id, kind, nonce }: PersonalPart): void => {
    const place = [Lane.of(organization, concordId), Uuid.toBytes(concordId), kind, Uuid.toBytes(id)] as const
    insertPart.run(...place, nonce, encrypted)
  }

  return {
    areFree: (organization, personal) => personal?.keys.every((key) => isFree(organization, key)) ?? true,
    keep: (organization, personal) => {
      if (personal === undefined) return
      for (const { concordId, epoch, wrapped } of personal.keys) {
        insertKey.run(Lane.of(organization, concordId), Uuid.toBytes(concordId), epoch, wrapped)
      }
      for (const part of personal.parts) keepPart(organization, part)
    },
    isErased: (organization, concordId, usedKey) =>
      findErasure.get(Lane.of(organization, concordId), Uuid.toBytes(concordId), usedKey ?? null) !== undefined,
    hasErased: (organization) => findErasures.get(...Lane.range(organization)) !== undefined,
    rewrap: (keys) => {
      for (const { from, to } of keys) {
        const place = [from.lane, Uuid.toBytes(from.concordId)] as const
        replaceKey.run(to.epoch, to.wrapped, ...place, from.epoch, from.wrapped)
      }
      return "kept"
    },
  }
}
