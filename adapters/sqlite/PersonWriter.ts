/**
 * Writes facts about people, and compares and raises the revisions of people.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import type { Fact } from "../../core/model/People.ts"
import type { IdentityChange, NotedIdentityChange } from "../../core/ports/LedgerStore.ts"
import * as Uuid from "./Uuid.ts"

/** An identity change that a feed tells of, in the lane of its survivor. */
type Noted = Omit<NotedIdentityChange, "lane" | "position">

/** Writes through one connection. */
export interface PersonWriter {
  /** Whether people have the revisions that a write was prepared against. */
  readonly areAsSeen: (organization: Lane.Owner, seen: IdentityChange["seen"]) => boolean
  readonly raise: (organization: Lane.Owner, concordId: string) => void
  /**
   * Keeps a fact with each person that it names, raises their revisions, and notes it if a feed tells of it. Comes
   * before {@link count}.
   */
  readonly record: (organization: Lane.Owner, fact: Fact) => void
  /** Notes an identity change that a feed tells of. Comes before {@link count}. */
  readonly note: (organization: Lane.Owner, change: Noted) => void
  /** Counts an identity change in lanes. */
  readonly count: (lanes: ReadonlyArray<number>) => void
}

/** Prepares the statements. */
export const make = (db: DatabaseSync): PersonWriter => {
  const revision = db.prepare("SELECT revision FROM person WHERE lane = ? AND person = ?")
  const raiseRevision = db.prepare(`
    INSERT INTO person (lane, person, revision, is_identified) VALUES (?, ?, 1, 0)
    ON CONFLICT (lane, person) DO UPDATE SET revision = revision + 1`)
  const insertFact = db.prepare(`
    INSERT INTO person_fact (lane, person, ordinal, body)
    SELECT ?1, ?2, coalesce(max(ordinal) + 1, 0), ?3 FROM person_fact WHERE lane = ?1 AND person = ?2`)
  const raiseEnd = db.prepare(`
    INSERT INTO people_head (lane, next_position) VALUES (?, 1)
    ON CONFLICT (lane) DO UPDATE SET next_position = next_position + 1`)
  const insertChange = db.prepare(`
    INSERT INTO people_change
    VALUES (?1, coalesce((SELECT next_position FROM people_head WHERE lane = ?1), 0), ?2, ?3, ?4, ?5, ?6)`)
  const keyOf = (organization: Lane.Owner, concordId: string) =>
    [Lane.of(organization, concordId), Uuid.toBytes(concordId)] as const
  const raise: PersonWriter["raise"] = (organization, concordId) => {
    raiseRevision.run(...keyOf(organization, concordId))
  }
  const note: PersonWriter["note"] = (organization, { id, kind, member, recordedAt, survivor }) => {
    const ids = [id, member, survivor].map(Uuid.toBytes)
    insertChange.run(Lane.of(organization, survivor), kind, recordedAt, ...ids)
  }
  return {
    areAsSeen: (organization, seen) =>
      seen.every(
        (each) => Number(revision.get(...keyOf(organization, each.concordId))?.["revision"] ?? 0) === each.revision,
      ),
    raise,
    note,
    record: (organization, fact) => {
      const body = JSON.stringify(fact)
      for (const concordId of new Set([fact.member, fact.survivor])) {
        raise(organization, concordId)
        insertFact.run(...keyOf(organization, concordId), body)
      }
      const { dateCreated, id, kind, member, survivor } = fact
      if (kind === "joined" || kind === "undone" || kind === "identified" || kind === "region") {
        note(organization, { kind, recordedAt: dateCreated, id, member, survivor })
      }
    },
    count: (lanes) => {
      for (const lane of lanes) raiseEnd.run(lane)
    },
  }
}
