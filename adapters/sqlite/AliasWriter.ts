/**
 * Writes whom aliases name.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import type { Claim } from "../../core/model/People.ts"
import * as Uuid from "./Uuid.ts"

/** Aliases of one connection. */
export interface AliasWriter {
  /** Whether an alias names nobody, or whom it is claimed for. */
  readonly isFree: (organization: Lane.Owner, claim: Claim) => boolean
  readonly claim: (organization: Lane.Owner, claim: Claim) => void
  readonly release: (organization: Lane.Owner, hash: string) => void
}

/** Prepares the statements. */
export const make = (db: DatabaseSync): AliasWriter => {
  const find = db.prepare("SELECT person FROM alias WHERE lane = ? AND hash = ?")
  const insert = db.prepare("INSERT INTO alias VALUES (?, ?, ?, ?) ON CONFLICT (lane, hash) DO NOTHING")
  const remove = db.prepare("DELETE FROM alias WHERE lane = ? AND hash = ?")
  const touch = db.prepare(`
    INSERT INTO person (lane, person, revision, is_identified) VALUES (?, ?, 1, 0)
    ON CONFLICT (lane, person) DO UPDATE SET revision = revision + 1`)
  const identify = db.prepare(`
    INSERT INTO person (lane, person, revision, is_identified) VALUES (?, ?, 1, 1)
    ON CONFLICT (lane, person) DO UPDATE SET revision = revision + 1, is_identified = 1`)
  return {
    isFree: (organization, { hash, concordId }) => {
      const row = find.get(Lane.of(organization, hash), Uuid.toBytes(hash))
      return row === undefined || Uuid.fromBytes(row["person"] as Uint8Array) === concordId
    },
    claim: (organization, { kind, hash, concordId, dateCreated }) => {
      const person = Uuid.toBytes(concordId)
      insert.run(Lane.of(organization, hash), Uuid.toBytes(hash), person, dateCreated)
      if (kind !== "contextId") identify.run(Lane.of(organization, concordId), person)
    },
    release: (organization, hash) => {
      const row = find.get(Lane.of(organization, hash), Uuid.toBytes(hash))
      if (row === undefined) return
      const person = row["person"] as Uint8Array
      remove.run(Lane.of(organization, hash), Uuid.toBytes(hash))
      touch.run(Lane.of(organization, Uuid.fromBytes(person)), person)
    },
  }
}
