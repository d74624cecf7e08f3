/**
 * Writes again, from the facts and the heads, everything that is derived of joins: the survivors of joined people, and
 * the merged heads of their groups. For a ledger from before these were kept, and for one in which they are wrong.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import * as People from "../../core/model/People.ts"
import * as CatalogReader from "./CatalogReader.ts"
import * as JoinedWriter from "./JoinedWriter.ts"
import * as Sql from "./Sql.ts"

/** Rebuilds in the caller's transaction. Other writes of people and events wait until it ends. */
export const rebuild = Effect.fnUntraced(function* (sql: Sql.Sql) {
  yield* Sql.query(sql, "LOCK TABLE lane_head, person, joined_head, catalog_head IN EXCLUSIVE MODE")
  yield* Sql.query(sql, "DELETE FROM joined_head")
  yield* Sql.query(
    sql,
    "UPDATE person SET survivor = NULL, learnt = NULL WHERE survivor IS NOT NULL OR learnt IS NOT NULL",
  )
  yield* Sql.query(sql, "UPDATE lane_head SET has_joined = false WHERE has_joined")
  const { organizations, projects } = yield* CatalogReader.make(sql)
  for (const organization of organizations.values()) {
    const own = [...projects.values()].filter((project) => project.organization === organization.id)
    const rows = yield* Sql.query<{ readonly body: string }>(
      sql,
      "SELECT DISTINCT body FROM person_fact WHERE lane = ANY($1::bigint[])",
      [Lane.all(organization)],
    )
    const facts = rows.map(({ body }): People.Fact => JSON.parse(body))
    const withEvents = yield* Sql.query<{ readonly lane: number }>(
      sql,
      "SELECT lane FROM lane_head WHERE lane = ANY($1::bigint[]) AND next_position > 0",
      [own.flatMap(Lane.all)],
    )
    const lanes = new Set(withEvents.map(({ lane }) => lane))
    for (const { learnt, members, survivor } of People.everJoined(facts)) {
      const group = { survivor, members: members.length === 1 ? [] : members }
      yield* JoinedWriter.write(sql, organization, { projects: own, learnt, groups: [group] }, lanes)
    }
    if (own.length === 0 || !(yield* JoinedWriter.hasAny(sql, organization))) continue
    // A lane without a row is marked by the first append to it.
    yield* Sql.query(sql, "UPDATE lane_head SET has_joined = true WHERE lane = ANY($1::bigint[])", [
      own.flatMap(Lane.all),
    ])
  }
})
