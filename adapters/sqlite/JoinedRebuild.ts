/**
 * Writes again, from the facts and the heads, everything that is derived of joins: the survivors of joined people, and
 * the merged heads of their groups. For a ledger from before these were kept, and for one in which they are wrong.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import * as People from "../../core/model/People.ts"
import * as CatalogReader from "./CatalogReader.ts"
import * as JoinedWriter from "./JoinedWriter.ts"

/** Rebuilds in the caller's transaction. */
export const rebuild = (db: DatabaseSync): void => {
  db.exec(`
    DELETE FROM joined_head;
    UPDATE person SET survivor = NULL, learnt = NULL WHERE learnt IS NOT NULL OR survivor IS NOT NULL;
    UPDATE lane_head SET has_joined = 0 WHERE has_joined = 1`)
  const writer = JoinedWriter.make(db)
  const markLanes = db.prepare("UPDATE lane_head SET has_joined = 1 WHERE lane BETWEEN ? AND ?")
  const { organizations, projects } = CatalogReader.make(db).read()
  const factsOf = db.prepare("SELECT DISTINCT body FROM person_fact WHERE lane BETWEEN ? AND ?")
  for (const organization of organizations.values()) {
    const own = [...projects.values()].filter((project) => project.organization === organization.id)
    const facts = factsOf.all(...Lane.range(organization)).map(({ body }): People.Fact => JSON.parse(String(body)))
    const lanes = writer.lanesWithEvents(own.flatMap(Lane.all))
    for (const { learnt, members, survivor } of People.everJoined(facts)) {
      const group = { survivor, members: members.length === 1 ? [] : members }
      writer.write(organization, { projects: own, learnt, groups: [group] }, lanes)
    }
    // A lane without a row is marked by the first append to it.
    if (writer.hasAny(organization)) for (const project of own) markLanes.run(...Lane.range(project))
  }
}
