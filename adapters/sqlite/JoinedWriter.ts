/**
 * Writes the survivors of joined people, and the merged heads of their groups. A row of `joined_head` has the lane of
 * the event that it leads to, so that it is written by whatever writes to that lane.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import * as PeopleLanes from "../../core/ports/PeopleLanes.ts"
import type { Joining, StoredEvent } from "../../core/ports/LedgerStore.ts"
import * as Uuid from "./Uuid.ts"

const raised = `
  ON CONFLICT (lane, person, consent_type, consent_state) DO UPDATE SET
    consent_date = excluded.consent_date, recorded_at = excluded.recorded_at,
    event_id = excluded.event_id, position = excluded.position
  WHERE (excluded.consent_date, excluded.recorded_at, excluded.event_id)
    > (joined_head.consent_date, joined_head.recorded_at, joined_head.event_id)`

const prepareStatements = (db: DatabaseSync) => ({
  revision: db.prepare("SELECT revision FROM catalog_head"),
  survivor: db.prepare("SELECT survivor FROM person WHERE lane = ? AND person = ? AND survivor IS NOT NULL"),
  joined: db.prepare("SELECT 1 FROM person WHERE lane BETWEEN ? AND ? AND survivor IS NOT NULL LIMIT 1"),
  markLane: db.prepare(`
    INSERT INTO lane_head (lane, next_position, last_recorded_at, has_joined) VALUES (?, 0, 0, 1)
    ON CONFLICT (lane) DO UPDATE SET has_joined = 1 WHERE has_joined = 0`),
  raiseRevision: db.prepare(`
    INSERT INTO person (lane, person, revision, is_identified) VALUES (?, ?, 1, 0)
    ON CONFLICT (lane, person) DO UPDATE SET revision = revision + 1`),
  count: db.prepare("UPDATE person SET survivor = ? WHERE lane = ? AND person = ?"),
  learn: db.prepare("UPDATE person SET survivor = ?, learnt = ? WHERE lane = ? AND person = ?"),
  dissolve: db.prepare("DELETE FROM joined_head WHERE lane = ? AND person = ?"),
  copy: db.prepare(`
    INSERT INTO joined_head
    SELECT lane, ?, consent_type, consent_state, consent_date, recorded_at, event_id, position
    FROM head WHERE lane = ? AND person = ? ${raised}`),
  raise: db.prepare(`INSERT INTO joined_head VALUES (?, ?, ?, ?, ?, ?, ?, ?) ${raised}`),
})

/** Writes groups of joined people through one connection. */
export interface JoinedWriter {
  /** Whether a change was prepared against the catalog as it is. */
  readonly isCurrent: (joining: Joining) => boolean
  /** Writes a change of groups, marks the lanes of its people, and raises the revision of each of them. */
  readonly change: (organization: Lane.Owner, joining: Joining) => void
  /** Writes groups of people whose rows are there, and copies the heads of those that are added. */
  readonly write: (organization: Lane.Owner, joining: Pick<Joining, "groups" | "learnt" | "projects">) => void
  /** Whether anyone in an organization is joined. */
  readonly hasAny: (organization: Lane.Owner) => boolean
  /** Raises the merged heads that an event is later than, if its person is joined. */
  readonly raise: (organization: Lane.Owner, lane: number, position: number, event: StoredEvent) => void
}

/** Prepares the statements. */
export const make = (db: DatabaseSync): JoinedWriter => {
  const statements = prepareStatements(db)

  const addMember = (projects: ReadonlyArray<Lane.Owner>, member: string, survivor: Uint8Array): void => {
    const person = Uuid.toBytes(member)
    for (const project of projects) statements.copy.run(survivor, Lane.of(project, member), person)
  }

  const write: JoinedWriter["write"] = (organization, { groups, learnt, projects }) => {
    for (const { members, survivor } of groups) {
      const root = Uuid.toBytes(survivor)
      for (const member of members) {
        statements.count.run(root, Lane.of(organization, member), Uuid.toBytes(member))
        addMember(projects, member, root)
      }
      statements.learn.run(members.length === 0 ? null : root, learnt, Lane.of(organization, survivor), root)
    }
  }

  const change = (organization: Lane.Owner, joining: Joining): void => {
    const { dissolved, groups, projects } = joining
    for (const root of dissolved) {
      for (const lane of projects.flatMap(Lane.all)) statements.dissolve.run(lane, Uuid.toBytes(root))
    }
    const people = new Set(groups.flatMap(({ members, survivor }) => [...members, survivor]))
    for (const person of people) statements.raiseRevision.run(Lane.of(organization, person), Uuid.toBytes(person))
    for (const lane of PeopleLanes.inProjects(projects, people)) statements.markLane.run(lane)
    write(organization, joining)
  }

  const raise = (organization: Lane.Owner, lane: number, position: number, event: StoredEvent): void => {
    const { concordId, consentDate, consentState, consentType, dateCreated, id } = event
    const row = statements.survivor.get(Lane.of(organization, concordId), Uuid.toBytes(concordId))
    if (row === undefined) return
    const key = [lane, row["survivor"] as Uint8Array, Uuid.toBytes(consentType), consentState] as const
    statements.raise.run(...key, consentDate, dateCreated, Uuid.toBytes(id), position)
  }

  return {
    isCurrent: ({ catalog }) => statements.revision.get()?.["revision"] === catalog,
    change,
    write,
    hasAny: (organization) => statements.joined.get(...Lane.range(organization)) !== undefined,
    raise,
  }
}
