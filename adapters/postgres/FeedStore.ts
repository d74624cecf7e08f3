/**
 * The change feed of the store.
 */
import type { Instant } from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import { Effect } from "effect"
import type { FeedStore } from "../../core/ports/LedgerStore.ts"
import * as DueReader from "./DueReader.ts"
import * as FeedReader from "./FeedReader.ts"
import type { GroupCommit } from "./GroupCommit.ts"
import * as Operation from "./Operation.ts"
import * as Sql from "./Sql.ts"

/** Takes, renews or gives up a lease: in one statement, which locks its row. Reads the end of another holder's. */
const lease = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  lane: number,
  name: string,
  holder: string,
  now: Instant,
  until: Instant,
) {
  const taken = yield* Sql.query(
    sql,
    `INSERT INTO lease VALUES ($1, $2, $3, $4)
     ON CONFLICT (lane, name) DO UPDATE SET holder = excluded.holder, until = excluded.until
       WHERE lease.holder = excluded.holder OR lease.until <= $5
     RETURNING lane`,
    [lane, name, holder, until, now],
  )
  if (taken.length > 0) return undefined
  const [other] = yield* Sql.query<{ readonly until: string }>(
    sql,
    "SELECT until FROM lease WHERE lane = $1 AND name = $2",
    [lane, name],
  )
  return Number(other!.until)
})

/** The change feed of a database. `step` writes through the queue of appends. */
export const make = (sql: Sql.Sql, { step }: Pick<GroupCommit, "step">): FeedStore => ({
  ends: (project) => Operation.idempotent(FeedReader.ends(sql, project)),
  read: (project, parts, filter, limit) => Operation.idempotent(FeedReader.read(sql, project, parts, filter, limit)),
  due: (project, query) => Operation.idempotent(DueReader.due(sql, project, query)),
  people: (project, lane, consentTypes, after, limit) =>
    Operation.idempotent(DueReader.people(sql, project, lane, consentTypes, after, limit)),
  identityChanges: (organization, lane, from, limit) =>
    Operation.idempotent(DueReader.identityChanges(sql, organization, lane, from, limit)),
  places: (project) => Operation.idempotent(DueReader.places(sql, project)),
  write: (feedStep) => Operation.once(step(feedStep)),
  lease: ({ lane, owner }, name, holder, now, until) =>
    Operation.idempotent(lease(sql, Lane.range(owner)[0] + lane, name, holder, now, until)),
})
