/**
 * Writes an identity change in one transaction: locks the lanes of people that are joined or separated, then the
 * people, in ascending order, then writes their aliases, facts and sessions. Rows of `lane_head`, `idempotency`,
 * `person` and `alias` are locked in the same order as in AppendTransaction.ts, so that the two never wait for each
 * other.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Fact } from "../../core/model/People.ts"
import * as UsedKeys from "../../core/ports/UsedKeys.ts"
import * as PeopleLanes from "../../core/ports/PeopleLanes.ts"
import type { IdempotencyRecord, IdentityChange, Kept, PersonalWrites } from "../../core/ports/LedgerStore.ts"
import * as AliasWriter from "./AliasWriter.ts"
import * as ErasureGuard from "./ErasureGuard.ts"
import * as IdempotencyWriter from "./IdempotencyWriter.ts"
import * as IdempotentChange from "./IdempotentChange.ts"
import * as JoinedWriter from "./JoinedWriter.ts"
import * as Lanes from "./Lanes.ts"
import * as PeopleChangeWriter from "./PeopleChangeWriter.ts"
import * as PersonalWriter from "./PersonalWriter.ts"
import * as PersonWriter from "./PersonWriter.ts"
import * as PipelinedTransactions from "./PipelinedTransactions.ts"
import * as SessionWriter from "./SessionWriter.ts"
import * as Sql from "./Sql.ts"

/**
 * How long a used identity token is kept after it has expired, in milliseconds, compared with the expiry of the token
 * that is used now. A token lives for an hour at most, so a used one stays known for more than a day after it has
 * expired, even if the clock is set back.
 */
const expiredKeptMillis = 2 * 24 * 60 * 60 * 1000

/**
 * Locks people in ascending order, and returns their revisions. An update that changes nothing locks a row that is
 * there. Unlike FOR UPDATE, Citus can plan it over several shards.
 */
const lockPeople = (sql: Sql.Sql, organization: Lane.Owner, people: ReadonlyArray<string>) =>
  Sql.query<{ readonly person: string; readonly revision: number }>(
    sql,
    `INSERT INTO person (lane, person, revision, is_identified)
     SELECT lane, person, 0, false FROM ${PersonWriter.people.rows} v ORDER BY lane, person
     ON CONFLICT (lane, person) DO UPDATE SET revision = person.revision RETURNING person, revision`,
    PersonWriter.people.parameters(people.map((concordId) => ({ organization, concordId }))),
  )

/**
 * Locks all people of the change, in ascending order; returns whether they have the revisions that it was prepared
 * against.
 */
const areAsSeen = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  { claims, facts, joining, organization, seen }: IdentityChange,
) {
  const revisions = new Map(seen.map(({ concordId, revision }) => [concordId, revision]))
  const named = claims.filter(({ kind }) => kind !== "contextId").map(({ concordId }) => concordId)
  const people = [
    ...new Set([
      ...revisions.keys(),
      ...named,
      ...facts.flatMap(({ member, survivor }) => [member, survivor]),
      ...(joining === undefined ? [] : JoinedWriter.writtenPeople(joining)),
    ]),
  ]
  if (people.length === 0) return true
  const rows = yield* lockPeople(sql, organization, people)
  return rows.every(({ person, revision }) => (revisions.get(person) ?? revision) === revision)
})

const rejectUnless = (isKept: boolean) => (isKept ? undefined : ("stale" as const))

/** The step that rejects a write if one of its people was erased. They must be locked. */
const refuseErased = (sql: Sql.Sql, people: ReadonlyArray<ErasureGuard.Guarded>) =>
  Effect.map(ErasureGuard.isAnyErased(sql, people), (isErased) => rejectUnless(!isErased))

/** The steps that keep the personal data of a write, whose people are locked. */
const personalSteps = (sql: Sql.Sql, write: PersonalWriter.OwnedWrites) => [
  ...PersonalWriter.keySteps(sql, [write]).map(Effect.map(rejectUnless)),
  ...PersonalWriter.partSteps(sql, [write]),
]

/** Keeps facts, by statements that are pipelined: a request may rename a thousand accounts. */
const recordFacts = Effect.fnUntraced(function* (sql: Sql.Sql, organization: Lane.Owner, facts: ReadonlyArray<Fact>) {
  const people = facts.flatMap(({ member, survivor }) => [member, survivor])
  yield* PersonWriter.raise(sql, organization, people)
  const steps = facts.flatMap((fact) => PersonWriter.factSteps(sql, organization, fact))
  yield* PipelinedTransactions.firstRejection<undefined>(steps)
})

/** Uses an identity token up, and removes expired ones of its lane; returns false if it was used before. */
const useIdentityToken = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  { concordId, expiresAt, hash }: NonNullable<IdentityChange["identityToken"]>,
) {
  const lane = Lane.of(Lanes.unowned, hash)
  yield* Sql.query(sql, "DELETE FROM used_identity_token WHERE lane = $1 AND expires_at < $2", [
    lane,
    expiresAt - expiredKeptMillis,
  ])
  const rows = yield* Sql.query(
    sql,
    "INSERT INTO used_identity_token VALUES ($1, decode($2, 'hex'), $3, $4) ON CONFLICT (lane, hash) DO NOTHING RETURNING lane",
    [lane, hash, expiresAt, concordId],
  )
  return rows.length > 0
})

/** The steps of an identity change, in the order of their locks. */
const steps = Effect.fnUntraced(function* (sql: Sql.Sql, change: IdentityChange) {
  const { claims, ends, facts, organization, identityToken, idempotencyRecord, joining, releases, session } = change
  const lanes = joining === undefined ? new Set<number>() : yield* JoinedWriter.lockLanes(sql, joining)
  const idempotency = idempotencyRecord === undefined ? [] : [{ owner: organization, idempotencyRecord }]
  if (!(yield* IdempotencyWriter.keep(sql, idempotency))) return "repeated"
  if (joining !== undefined && !(yield* JoinedWriter.isCurrent(sql, joining))) return "stale"
  const seen = [Effect.map(areAsSeen(sql, change), rejectUnless), refuseErased(sql, ErasureGuard.peopleOf(change))]
  if ((yield* PipelinedTransactions.firstRejection(seen)) !== undefined) return "stale"
  yield* AliasWriter.release(sql, organization, releases)
  const owned = claims.map((claim) => ({ organization, claim }))
  if (!(yield* AliasWriter.claim(sql, owned))) return "stale"
  if ((yield* PipelinedTransactions.firstRejection(personalSteps(sql, change))) !== undefined) return "stale"
  yield* recordFacts(sql, organization, facts)
  if (joining !== undefined) yield* JoinedWriter.change(sql, organization, joining, lanes)
  if (identityToken !== undefined && !(yield* useIdentityToken(sql, identityToken))) return "used"
  if (ends !== undefined) yield* SessionWriter.end(sql, ends)
  if (session !== undefined) yield* SessionWriter.open(sql, session)
  if (facts.length + releases.length > 0 || joining !== undefined) {
    const counted = Effect.as(PersonWriter.count(sql, PeopleLanes.of(change)), undefined)
    const noted = PeopleChangeWriter.steps(sql, PeopleChangeWriter.ofFacts(organization, facts))
    yield* PipelinedTransactions.firstRejection<undefined>([counted, ...noted])
  }
  return "kept"
})

/** Writes an identity change. */
export const change = (sql: Sql.Sql, identityChange: IdentityChange) =>
  IdempotentChange.run<Kept | "used">(sql, identityChange.organization, steps(sql, identityChange))

const profileSteps = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  concordId: string,
  personal: PersonalWrites,
  idempotencyRecord: IdempotencyRecord | undefined,
) {
  const idempotency = idempotencyRecord === undefined ? [] : [{ owner: organization, idempotencyRecord }]
  if (!(yield* IdempotencyWriter.keep(sql, idempotency))) return "repeated"
  const rejection = yield* PipelinedTransactions.firstRejection([
    Effect.as(lockPeople(sql, organization, [concordId]), undefined),
    refuseErased(sql, [{ organization, concordId, usedKey: UsedKeys.of(personal).get(concordId) }]),
    ...personalSteps(sql, { organization, personal }),
  ])
  return rejection ?? "kept"
})

/** Replaces the profile of a person. */
export const keepProfile = (
  sql: Sql.Sql,
  organization: Lane.Owner,
  concordId: string,
  personal: PersonalWrites,
  idempotencyRecord: IdempotencyRecord | undefined,
) =>
  IdempotentChange.run<Kept>(sql, organization, profileSteps(sql, organization, concordId, personal, idempotencyRecord))
