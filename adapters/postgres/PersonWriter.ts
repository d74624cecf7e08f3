/**
 * Writes the rows of people: their revisions, and the facts about them.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Fact } from "../../core/model/People.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as Sql from "./Sql.ts"

/** A person of an organization. */
export interface Person {
  readonly organization: Lane.Owner
  readonly concordId: string
}

/** A person whose revision is raised. */
export interface RaisedPerson extends Person {
  /** Whether an identifier other than a browser's `contextId` names the person from now on. */
  readonly isIdentified: boolean
  /** The revision that it must have before. */
  readonly revision?: number
}

/** The keys of people: their lane and their id. */
export const people = ArrayColumns.make<Person>({
  lane: ["bigint", ({ concordId, organization }) => Lane.of(organization, concordId)],
  person: ["uuid", ({ concordId }) => concordId],
})

const raised = ArrayColumns.make<RaisedPerson>({
  lane: ["bigint", ({ concordId, organization }) => Lane.of(organization, concordId)],
  person: ["uuid", ({ concordId }) => concordId],
  is_identified: ["boolean", ({ isIdentified }) => isIdentified],
})

/** A text by which people of several organizations are compared. */
export const keyOf = ({ concordId, organization }: Person): string => `${Lane.of(organization, concordId)} ${concordId}`

/**
 * Locks people in ascending order and raises the revision of each once, however often it is given. Returns false if one
 * had another revision than the one it must have.
 */
export const raiseSeen = Effect.fnUntraced(function* (sql: Sql.Sql, given: ReadonlyArray<RaisedPerson>) {
  const distinct = new Map<string, RaisedPerson>()
  for (const each of given) {
    const { isIdentified = false, ...before } = distinct.get(keyOf(each)) ?? {}
    distinct.set(keyOf(each), { ...before, ...each, isIdentified: isIdentified || each.isIdentified })
  }
  if (distinct.size === 0) return true
  const all = [...distinct.values()]
  const isCompared = all.some(({ revision }) => revision !== undefined)
  const rows = yield* Sql.query<{ readonly lane: number; readonly person: string; readonly revision: number }>(
    sql,
    `INSERT INTO person (lane, person, revision, is_identified)
     SELECT lane, person, 1, is_identified FROM ${raised.rows} v ORDER BY lane, person
     ON CONFLICT (lane, person) DO UPDATE
       SET revision = person.revision + 1, is_identified = person.is_identified OR excluded.is_identified
     ${isCompared ? "RETURNING lane, person, revision" : ""}`,
    raised.parameters(all),
  )
  const after = new Map(rows.map(({ lane, person, revision }) => [`${lane} ${person}`, revision]))
  return all.every((each) => each.revision === undefined || after.get(keyOf(each)) === each.revision + 1)
})

/** Raises the revision of people, in ascending order. */
export const raise = (sql: Sql.Sql, organization: Lane.Owner, concordIds: ReadonlyArray<string>) =>
  raiseSeen(
    sql,
    concordIds.map((concordId) => ({ organization, concordId, isIdentified: false })),
  )

/**
 * The steps that keep a fact with each person that it names. Their rows must be locked, because the facts of a person
 * have ordinals.
 */
export const factSteps = (sql: Sql.Sql, organization: Lane.Owner, fact: Fact) =>
  [...new Set([fact.member, fact.survivor])].map((concordId) =>
    Effect.suspend(() =>
      Sql.query(
        sql,
        `INSERT INTO person_fact (lane, person, ordinal, body)
         SELECT $1::bigint, $2::uuid, coalesce(max(ordinal) + 1, 0), $3::text FROM person_fact
         WHERE lane = $1 AND person = $2`,
        [Lane.of(organization, concordId), concordId, JSON.stringify(fact)],
      ),
    ).pipe(Effect.as(undefined)),
  )

const counted = ArrayColumns.make<number>({ lane: ["bigint", (lane) => lane] })

/**
 * Counts an identity change in lanes, which are in ascending order. It is the last step of a transaction, so that other
 * changes of people in the same lanes wait only for the commit.
 */
export const count = (sql: Sql.Sql, lanes: ReadonlyArray<number>) =>
  Sql.query(
    sql,
    `INSERT INTO people_head SELECT v.lane, 1 FROM ${counted.rows} v ORDER BY v.lane
     ON CONFLICT (lane) DO UPDATE SET next_position = people_head.next_position + 1`,
    counted.parameters(lanes),
  )
