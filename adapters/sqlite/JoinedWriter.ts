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
  lanesWithEvents: db.prepare(`
    SELECT lane FROM lane_head WHERE next_position > 0 AND lane IN (SELECT value FROM json_each(?))`),
  joined: db.prepare("SELECT 1 FROM person WHERE lane BETWEEN ? AND ? AND survivor IS NOT NULL LIMIT 1"),
  markLane: db.prepare("UPDATE lane_head SET has_joined = 1 WHERE lane = ? AND has_joined = 0"),
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
  /** Those of some lanes that have events. */
  readonly lanesWithEvents: (lanes: ReadonlyArray<number>) => ReadonlySet<number>
  /** Writes groups of people whose rows are there, and copies the heads, in these lanes, of those that are added. */
  readonly write: (
    organization: Lane.Owner,
    joining: Pick<Joining, "groups" | "learnt" | "projects">,
    lanes: ReadonlySet<number>,
  ) => void
  /** Whether anyone in an organization is joined. */
  readonly hasAny: (organization: Lane.Owner) => boolean
  /** Raises the merged heads that an event is later than, if its person is joined. */
  readonly raise: (organization: Lane.Owner, lane: number, position: number, event: StoredEvent) => void
}

/** Prepares the statements. */
export const make = (db: DatabaseSync): JoinedWriter => {
  const statements = prepareStatements(db)

  const lanesWithEvents = (lanes: ReadonlyArray<number>): ReadonlySet<number> =>
    new Set(statements.lanesWithEvents.all(JSON.stringify(lanes)).map(({ lane }) => Number(lane)))

  const write: JoinedWriter["write"] = (organization, { groups, learnt, projects }, lanes) => {
    const withEvents = projects.filter((project) => Lane.all(project).some((lane) => lanes.has(lane)))
    for (const { members, survivor } of groups) {
      const root = Uuid.toBytes(survivor)
      for (const member of members) {
        const person = Uuid.toBytes(member)
        statements.count.run(root, Lane.of(organization, member), person)
        for (const project of withEvents) {
          const lane = Lane.of(project, member)
          if (lanes.has(lane)) statements.copy.run(root, lane, person)
        }
      }
      statements.learn.run(members.length === 0 ? null : root, learnt, Lane.of(organization, survivor), root)
    }
  }

  const change = (organization: Lane.Owner, joining: Joining): void => {
    const { dissolved, groups, projects } = joining
    const people = new Set(groups.flatMap(({ members, survivor }) => [...members, survivor]))
    // A lane without events is marked by the first append to it. The people of a group that is dissolved are in the
    // groups again, so its merged heads are in their lanes.
    const lanes = lanesWithEvents(PeopleLanes.inProjects(projects, people))
    for (const root of dissolved) for (const lane of lanes) statements.dissolve.run(lane, Uuid.toBytes(root))
    for (const person of people) statements.raiseRevision.run(Lane.of(organization, person), Uuid.toBytes(person))
    for (const lane of lanes) statements.markLane.run(lane)
    write(organization, joining, lanes)
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
    lanesWithEvents,
    write,
    hasAny: (organization) => statements.joined.get(...Lane.range(organization)) !== undefined,
    raise,
  }
}
