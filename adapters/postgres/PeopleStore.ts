/**
 * The people of the store: their aliases, joins and profiles.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { PeopleStore, Person } from "../../core/ports/PeopleStore.ts"
import * as AliasWriter from "./AliasWriter.ts"
import * as Lanes from "./Lanes.ts"
import * as Operation from "./Operation.ts"
import * as PeopleWriter from "./PeopleWriter.ts"
import * as Sql from "./Sql.ts"

/** A person with one of its facts and the end of its lane; both `null` if it has no facts. */
interface PersonRow {
  readonly revision: number
  readonly is_identified: boolean
  readonly body: string | null
  readonly next_position: number | null
}

/** In one statement, so that all of it is of the same moment. */
const readPerson = Effect.fnUntraced(function* (sql: Sql.Sql, organization: Lane.Owner, concordId: string) {
  const rows = yield* Sql.query<PersonRow>(
    sql,
    `SELECT p.revision, p.is_identified, f.body, h.next_position FROM person p
         LEFT JOIN person_fact f ON f.lane = p.lane AND f.person = p.person LEFT JOIN people_head h ON h.lane = f.lane
         WHERE p.lane = $1 AND p.person = $2 ORDER BY f.ordinal`,
    [Lane.of(organization, concordId), concordId],
  )
  const [first] = rows
  const person: Person = {
    revision: first?.revision ?? 0,
    isIdentified: first?.is_identified ?? false,
    facts: rows.flatMap(({ body }) => (body === null ? [] : [JSON.parse(body)])),
    position: first?.next_position ?? 0,
  }
  return person
})

const readProfile = (sql: Sql.Sql, organization: Lane.Owner, concordId: string) =>
  Effect.map(
    Sql.query<{ readonly profile: string | null }>(sql, "SELECT profile FROM person WHERE lane = $1 AND person = $2", [
      Lane.of(organization, concordId),
      concordId,
    ]),
    ([row]): string | undefined => row?.profile ?? undefined,
  )

/** The people of a database. */
export const make = (sql: Sql.Sql): PeopleStore => ({
  byAlias: (organization, hashes) => Operation.idempotent(AliasWriter.find(sql, organization, hashes)),
  person: (organization, concordId) => Operation.idempotent(readPerson(sql, organization, concordId)),
  laneEnds: (lanes) => Operation.idempotent(Lanes.readEnds(sql, "people_head", lanes)),
  change: (change) => Operation.once(PeopleWriter.change(sql, change)),
  profile: (organization, concordId) => Operation.idempotent(readProfile(sql, organization, concordId)),
  keepProfile: (organization, concordId, profile, idempotencyRecord) =>
    Operation.once(PeopleWriter.keepProfile(sql, organization, concordId, profile, idempotencyRecord)),
})
