/**
 * The people of the store: their aliases, joins and erasures.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Fact } from "../../core/model/People.ts"
import type { FactPlace, PeopleStore, Person } from "../../core/ports/PeopleStore.ts"
import * as AliasReader from "./AliasReader.ts"
import * as Lanes from "./Lanes.ts"
import * as Operation from "./Operation.ts"
import * as PeopleWriter from "./PeopleWriter.ts"
import * as Sql from "./Sql.ts"

/** In one statement, so that both are of the same moment. */
const readRelease = Effect.fnUntraced(function* (sql: Sql.Sql, organization: Lane.Owner, hash: string) {
  const [row] = yield* Sql.query<{ readonly position: number | null; readonly released_at: number | null }>(
    sql,
    `SELECT (SELECT next_position FROM people_head WHERE lane = $1) AS position,
       (SELECT max(released_at) FROM former_alias WHERE lane = $1 AND hash = decode($2, 'hex')) AS released_at`,
    [Lane.of(organization, hash), hash],
  )
  return { releasedAt: row?.released_at ?? undefined, position: row?.position ?? 0 }
})

/** A person with the end of its lane, which is `null` if it has no facts and was not erased. */
interface PersonRow {
  readonly revision: number
  readonly is_identified: boolean
  readonly survivor: string | null
  readonly learnt: number | null
  readonly next_position: number | null
  readonly erased_at: number | null
}

/** In one statement, so that all of it is of the same moment. */
const readPerson = Effect.fnUntraced(function* (sql: Sql.Sql, organization: Lane.Owner, concordId: string) {
  const [row] = yield* Sql.query<PersonRow>(
    sql,
    `SELECT p.revision, p.is_identified, p.survivor, p.learnt, e.recorded_at AS erased_at,
       CASE WHEN f.person IS NOT NULL OR e.person IS NOT NULL THEN h.next_position END AS next_position
     FROM person p
     LEFT JOIN person_fact f ON f.lane = p.lane AND f.person = p.person AND f.ordinal = 0
     LEFT JOIN erasure e ON e.lane = p.lane AND e.person = p.person
     LEFT JOIN people_head h ON h.lane = p.lane WHERE p.lane = $1 AND p.person = $2`,
    [Lane.of(organization, concordId), concordId],
  )
  const person: Person = {
    revision: row?.revision ?? 0,
    isIdentified: row?.is_identified ?? false,
    survivor: row?.survivor ?? undefined,
    learnt: row?.learnt ?? undefined,
    position: row?.next_position ?? 0,
    erasedAt: row?.erased_at ?? undefined,
  }
  return person
})

const readFacts = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  places: ReadonlyArray<FactPlace>,
  limit: number,
) {
  const rows = yield* Sql.query<{ readonly place: number; readonly body: string }>(
    sql,
    `SELECT v.place, f.body FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::bigint[])
       AS v (place, lane, person, first)
     CROSS JOIN LATERAL (
       SELECT ordinal, body FROM person_fact f
       WHERE f.lane = v.lane AND f.person = v.person AND f.ordinal >= v.first ORDER BY f.ordinal LIMIT $5
     ) f
     ORDER BY v.place, f.ordinal`,
    [
      places.map((_, place) => place),
      places.map(({ concordId }) => Lane.of(organization, concordId)),
      places.map(({ concordId }) => concordId),
      places.map(({ from }) => from),
      limit,
    ],
  )
  const pages = places.map((): Array<Fact> => [])
  for (const { body, place } of rows) pages[place]!.push(JSON.parse(body))
  return pages
})

/** The people of a database. */
export const make = (sql: Sql.Sql): PeopleStore => ({
  byAlias: (organization, hashes, knownAt) =>
    Operation.idempotent(
      knownAt === undefined
        ? AliasReader.find(sql, organization, hashes)
        : AliasReader.findAsKnown(sql, organization, hashes, knownAt),
    ),
  aliasStates: (organization, hashes) => Operation.idempotent(AliasReader.states(sql, organization, hashes)),
  formerly: (organization, hashes) => Operation.idempotent(AliasReader.formerly(sql, organization, hashes)),
  aliasesOf: (organization, people) => Operation.idempotent(AliasReader.ofPeople(sql, organization, people)),
  contextsOf: (organization, people) => Operation.idempotent(AliasReader.contextsOf(sql, organization, people)),
  facts: (organization, places, limit) => Operation.idempotent(readFacts(sql, organization, places, limit)),
  lastRelease: (organization, hash) => Operation.idempotent(readRelease(sql, organization, hash)),
  person: (organization, concordId) => Operation.idempotent(readPerson(sql, organization, concordId)),
  laneEnds: (lanes) => Operation.idempotent(Lanes.readEnds(sql, "people_head", lanes)),
  change: (change) => Operation.once(PeopleWriter.change(sql, change)),
  keepProfile: (organization, concordId, personal, idempotencyRecord) =>
    Operation.once(PeopleWriter.keepProfile(sql, organization, concordId, personal, idempotencyRecord)),
})
