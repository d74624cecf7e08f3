/**
 * The people of the store: reads on the main thread, writes through the writer.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import type { Fact } from "../../core/model/People.ts"
import type { FactPlace, PeopleStore, Person } from "../../core/ports/LedgerStore.ts"
import * as AliasReader from "./AliasReader.ts"
import type { Write } from "./GroupCommit.ts"
import { inSnapshot, prepareLaneEnds, read, readEach } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

const keyOf = (organization: Lane.Owner, concordId: string) =>
  [Lane.of(organization, concordId), Uuid.toBytes(concordId)] as const

/** Prepares the statements. */
export const make = (db: DatabaseSync, write: Write): PeopleStore => {
  const aliases = AliasReader.make(db)
  const selectRelease = db.prepare(`
    SELECT (SELECT next_position FROM people_head WHERE lane = ?1) AS position,
      (SELECT max(released_at) FROM former_alias WHERE lane = ?1 AND hash = ?2) AS released_at`)
  const selectPerson = db.prepare(`
    SELECT p.revision, p.is_identified, p.survivor, p.learnt, e.recorded_at AS erased_at, h.next_position
    FROM person p
    LEFT JOIN person_fact f ON f.lane = p.lane AND f.person = p.person AND f.ordinal = 0
    LEFT JOIN erasure e ON e.lane = p.lane AND e.person = p.person
    LEFT JOIN people_head h ON h.lane = coalesce(f.lane, e.lane)
    WHERE p.lane = ? AND p.person = ?`)
  const selectFacts = db.prepare(`
    SELECT body FROM person_fact WHERE lane = ? AND person = ? AND ordinal >= ? ORDER BY ordinal LIMIT ?`)
  const laneEnds = prepareLaneEnds(db, "people_head")

  const lastRelease = (organization: Lane.Owner, hash: string) => {
    const row = selectRelease.get(Lane.of(organization, hash), Uuid.toBytes(hash))
    const releasedAt = row?.["released_at"]
    return {
      releasedAt: typeof releasedAt === "number" ? releasedAt : undefined,
      position: Number(row?.["position"] ?? 0),
    }
  }

  const person = (organization: Lane.Owner, concordId: string): Person => {
    const row = selectPerson.get(...keyOf(organization, concordId))
    const survivor = row?.["survivor"]
    const learnt = row?.["learnt"]
    const erasedAt = row?.["erased_at"]
    return {
      revision: Number(row?.["revision"] ?? 0),
      isIdentified: row?.["is_identified"] === 1,
      survivor: survivor instanceof Uint8Array ? Uuid.fromBytes(survivor) : undefined,
      learnt: typeof learnt === "number" ? learnt : undefined,
      erasedAt: typeof erasedAt === "number" ? erasedAt : undefined,
      position: Number(row?.["next_position"] ?? 0),
    }
  }

  const facts = (organization: Lane.Owner, { concordId, from }: FactPlace, limit: number): ReadonlyArray<Fact> =>
    selectFacts.all(...keyOf(organization, concordId), from, limit).map(({ body }): Fact => JSON.parse(String(body)))

  return {
    byAlias: (organization, hashes, knownAt) =>
      // The past takes two statements.
      read(() =>
        knownAt === undefined
          ? readEach(db, hashes, (hash) => aliases.named(organization, hash, undefined))
          : inSnapshot(db, () => hashes.map((hash) => aliases.named(organization, hash, knownAt))),
      ),
    aliasStates: (organization, hashes) =>
      // One hash alone takes one statement, and several take two.
      read(() =>
        hashes.length === 1
          ? [aliases.state(organization, hashes[0]!)]
          : inSnapshot(db, () => aliases.states(organization, hashes)),
      ),
    formerly: (organization, hashes) =>
      read(() => readEach(db, hashes, (hash) => aliases.formerly(organization, hash))),
    aliasesOf: (organization, people) => read(() => readEach(db, people, (person) => aliases.of(organization, person))),
    contextsOf: (organization, people) =>
      read(() => readEach(db, people, (person) => aliases.contextsOf(organization, person))),
    facts: (organization, places, limit) =>
      read(() => readEach(db, places, (place) => facts(organization, place, limit))),
    lastRelease: (organization, hash) => read(() => lastRelease(organization, hash)),
    person: (organization, concordId) => read(() => person(organization, concordId)),
    laneEnds: (lanes) => read(() => laneEnds(lanes)),
    change: (change) => write("changePeople", change),
    keepProfile: (organization, concordId, personal, idempotencyRecord) =>
      write("keepProfile", { organization, concordId, personal, idempotencyRecord }),
  }
}
