/**
 * Erases people in one transaction. It locks the lanes of the people in all projects and marks them, then
 * `idempotency`, `catalog_head` and `person`, each in ascending order: the order of AppendTransaction.ts and
 * PeopleWriter.ts. From then on nothing is recorded about the people until the transaction ends, and it deletes what it
 * finds of them. Events, heads, facts and joins stay; with the scope `held` also what names the people. The lanes of
 * resolved compliance requests of these people are locked last.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Destroyed, ErasureChange } from "../../core/ports/LedgerStore.ts"
import * as ErasureBody from "../../core/ports/ErasureBody.ts"
import * as PeopleLanes from "../../core/ports/PeopleLanes.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as ComplianceErasure from "./ComplianceErasure.ts"
import * as ErasureGuard from "./ErasureGuard.ts"
import * as IdempotencyWriter from "./IdempotencyWriter.ts"
import * as IdempotentChange from "./IdempotentChange.ts"
import * as JoinedWriter from "./JoinedWriter.ts"
import * as Lanes from "./Lanes.ts"
import * as PeopleChangeWriter from "./PeopleChangeWriter.ts"
import * as PersonWriter from "./PersonWriter.ts"
import * as PipelinedTransactions from "./PipelinedTransactions.ts"
import * as Sql from "./Sql.ts"

/** Locks lanes in ascending order, and marks them: from now on an append to one of them looks for erasures. */
const markLanes = (sql: Sql.Sql, lanes: ReadonlyArray<number>) =>
  Sql.query(
    sql,
    `INSERT INTO lane_head (lane, next_position, last_recorded_at, has_erased)
     SELECT v.lane, 0, 0, true FROM unnest($1::bigint[]) AS v (lane) ORDER BY v.lane
     ON CONFLICT (lane) DO UPDATE SET has_erased = true`,
    [lanes],
  )

/** The projects in which one of some people has events: no other one has external ids of theirs. */
const projectsOf = Effect.fnUntraced(function* (sql: Sql.Sql, { members, projects }: ErasureChange) {
  const rows = yield* Sql.query<{ readonly lane: number }>(
    sql,
    "SELECT DISTINCT lane FROM head WHERE lane = ANY($1::bigint[]) AND person = ANY($2::uuid[])",
    [PeopleLanes.inProjects(projects, members), members],
  )
  const numbers = new Set(rows.map(({ lane }) => Math.floor(lane / Lane.maxCount)))
  return projects.filter(({ number }) => numbers.has(number))
})

/** The lanes of the people in their organization, in ascending order. */
const ownLanes = ({ members, organization }: ErasureChange): ReadonlyArray<number> =>
  PeopleLanes.inProjects([organization], members)

/** Deletes what names people, whose lanes and rows are locked, and returns how many rows there were. */
const destroy = Effect.fnUntraced(function* (sql: Sql.Sql, change: ErasureChange) {
  const { members, organization, scope } = change
  const remove = (table: string, lanes: ReadonlyArray<number>) =>
    Sql.write(sql, `DELETE FROM ${table} WHERE lane = ANY($1::bigint[]) AND person = ANY($2::uuid[])`, [lanes, members])
  const all = Lane.all(organization)
  const own = ownLanes(change)
  const unowned = Lane.all(Lanes.unowned)
  const projects = yield* projectsOf(sql, change)
  /** Rows that stay where identifiers are kept. */
  const removeNames = (table: string, lanes: ReadonlyArray<number>) =>
    scope === undefined ? remove(table, lanes) : Effect.succeed(0)
  const destroyed: Destroyed = {
    aliases: yield* removeNames("alias", all),
    formerAliases: yield* removeNames("former_alias", all),
    personalData: yield* remove("personal_data", own),
    personKeys: yield* remove("person_key", own),
    sessions: yield* remove("session", unowned),
    externalIds: yield* remove("external_id", projects.flatMap(Lane.all)),
    identityTokens: yield* removeNames("used_identity_token", unowned),
  }
  return destroyed
})

interface Erased {
  readonly change: ErasureChange
  readonly member: string
  readonly destroyed: Destroyed
}

const erased = ArrayColumns.make<Erased>({
  lane: ["bigint", ({ change, member }) => Lane.of(change.organization, member)],
  person: ["uuid", ({ member }) => member],
  erasure_id: ["uuid", ({ change }) => change.id],
  recorded_at: ["bigint", ({ change }) => change.recordedAt],
  body: ["text", ({ change }) => ErasureBody.write(change)],
  destroyed: ["text", ({ destroyed }) => JSON.stringify(destroyed)],
})

const record = (sql: Sql.Sql, change: ErasureChange, destroyed: Destroyed) =>
  Sql.query(
    sql,
    `INSERT INTO ${change.scope === undefined ? "erasure" : "held_erasure"} SELECT * FROM ${erased.rows} v`,
    erased.parameters(change.members.map((member) => ({ change, member, destroyed }))),
  )

/** The people of an erasure, with the revisions that they must have. */
const raisedBy = ({ members, organization, seen }: ErasureChange): ReadonlyArray<PersonWriter.RaisedPerson> =>
  [...members.map((concordId) => ({ concordId })), ...seen].map((each) => ({
    ...each,
    organization,
    isIdentified: false,
  }))

/** Whether a member has an erasure of this id that kept its identifiers. */
const isHeld = (sql: Sql.Sql, { id, members, organization, scope }: ErasureChange) =>
  scope === undefined
    ? Effect.succeed(false)
    : Effect.map(
        Sql.query(
          sql,
          `SELECT 1 AS found FROM ${PersonWriter.people.rows} v
           CROSS JOIN LATERAL (
             SELECT 1 FROM held_erasure h WHERE h.lane = v.lane AND h.person = v.person AND h.erasure_id = $3 LIMIT 1) h
           LIMIT 1`,
          [...PersonWriter.people.parameters(members.map((concordId) => ({ organization, concordId }))), id],
        ),
        (rows) => rows.length > 0,
      )

/** The steps of an erasure, in the order of their locks. */
const steps = Effect.fnUntraced(function* (sql: Sql.Sql, change: ErasureChange) {
  const { idempotencyRecord, members, organization, projects } = change
  yield* markLanes(sql, PeopleLanes.inProjects(projects, members))
  const idempotency = idempotencyRecord === undefined ? [] : [{ owner: organization, idempotencyRecord }]
  if (!(yield* IdempotencyWriter.keep(sql, idempotency))) return "repeated"
  if (!(yield* JoinedWriter.isCurrent(sql, change))) return "stale"
  if (!(yield* PersonWriter.raiseSeen(sql, raisedBy(change)))) return "stale"
  const people = members.map((concordId) => ({ organization, concordId }))
  if (yield* ErasureGuard.isAnyErased(sql, people)) return "stale"
  if (yield* isHeld(sql, change)) return "stale"
  const destroyed = yield* destroy(sql, change)
  if (change.scope === undefined) {
    yield* PipelinedTransactions.firstRejection<undefined>([
      Effect.as(PersonWriter.count(sql, ownLanes(change)), undefined),
      ...PeopleChangeWriter.steps(sql, PeopleChangeWriter.ofErasure(change)),
    ])
  }
  const complianceRequests = yield* ComplianceErasure.erase(sql, change)
  yield* record(sql, change, { ...destroyed, ...(complianceRequests > 0 && { complianceRequests }) })
  return "kept"
})

/** Erases people. */
export const erase = (sql: Sql.Sql, change: ErasureChange) =>
  IdempotentChange.run<"stale" | "repeated">(sql, change.organization, steps(sql, change))
