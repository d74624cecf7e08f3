/**
 * The people of the store: reads on the main thread, writes through the writer.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import type { Named } from "../../core/model/People.ts"
import type { PeopleStore, Person } from "../../core/ports/LedgerStore.ts"
import type { Write } from "./GroupCommit.ts"
import { inSnapshot, prepareLaneEnds, read } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

const keyOf = (organization: Lane.Owner, concordId: string) =>
  [Lane.of(organization, concordId), Uuid.toBytes(concordId)] as const

/** Prepares the statements. */
export const make = (db: DatabaseSync, write: Write): PeopleStore => {
  const selectAlias = db.prepare("SELECT person, recorded_at FROM alias WHERE lane = ? AND hash = ?")
  const selectPerson = db.prepare(`
    SELECT p.revision, p.is_identified, f.body, h.next_position FROM person p
    LEFT JOIN person_fact f ON f.lane = p.lane AND f.person = p.person LEFT JOIN people_head h ON h.lane = f.lane
    WHERE p.lane = ? AND p.person = ? ORDER BY f.ordinal`)
  const selectProfile = db.prepare("SELECT profile FROM person WHERE lane = ? AND person = ?")
  const laneEnds = prepareLaneEnds(db, "people_head")

  const named = (organization: Lane.Owner, hash: string): Named | undefined => {
    const row = selectAlias.get(Lane.of(organization, hash), Uuid.toBytes(hash))
    if (row === undefined) return undefined
    return { concordId: Uuid.fromBytes(row["person"] as Uint8Array), dateCreated: Number(row["recorded_at"]) }
  }

  const person = (organization: Lane.Owner, concordId: string): Person => {
    const rows = selectPerson.all(...keyOf(organization, concordId))
    const [first] = rows
    return {
      revision: Number(first?.["revision"] ?? 0),
      isIdentified: first?.["is_identified"] === 1,
      facts: rows.flatMap(({ body }) => (body === null ? [] : [JSON.parse(String(body))])),
      position: Number(first?.["next_position"] ?? 0),
    }
  }

  const profile = (organization: Lane.Owner, concordId: string): string | undefined => {
    const found = selectProfile.get(...keyOf(organization, concordId))?.["profile"]
    return typeof found === "string" ? found : undefined
  }

  return {
    byAlias: (organization, hashes) =>
      read(() => inSnapshot(db, () => hashes.map((hash) => named(organization, hash)))),
    person: (organization, concordId) => read(() => person(organization, concordId)),
    laneEnds: (lanes) => read(() => laneEnds(lanes)),
    change: (change) => write("changePeople", change),
    profile: (organization, concordId) => read(() => profile(organization, concordId)),
    keepProfile: (organization, concordId, json, idempotencyRecord) =>
      write("keepProfile", { organization, concordId, profile: json, idempotencyRecord }),
  }
}
