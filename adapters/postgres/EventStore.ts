/**
 * The events of the store: appends them in groups, and reads them.
 */
import { Effect, type Scope } from "effect"
import type { EventStore } from "../../core/ports/EventStore.ts"
import * as EventList from "./EventList.ts"
import * as EventReader from "./EventReader.ts"
import * as GroupCommit from "./GroupCommit.ts"
import * as Operation from "./Operation.ts"
import type * as Sql from "./Sql.ts"

/** The events of a database. Closing the scope answers every append that was accepted. */
export const make = Effect.fnUntraced(function* (sql: Sql.Sql): Effect.fn.Return<EventStore, never, Scope.Scope> {
  const append = yield* GroupCommit.make(sql)
  return {
    append: (request) => Operation.once(append(request)),
    heads: (project, people) => Operation.idempotent(EventReader.heads(sql, project, people)),
    ofPeople: (project, people) => Operation.idempotent(EventReader.ofPeople(sql, project, people)),
    byId: (project, ids) => Operation.idempotent(EventReader.byId(sql, project, ids)),
    byExternalId: (project, hashes) => Operation.idempotent(EventReader.byExternalId(sql, project, hashes)),
    list: (project, filter, page) => Operation.idempotent(EventList.list(sql, project, filter, page)),
    laneEnds: (project) => Operation.idempotent(EventReader.laneEnds(sql, project)),
    lane: (project, lane, from, limit) => Operation.idempotent(EventReader.lane(sql, project, lane, from, limit)),
    isTypeUsed: (project, consentType) => Operation.idempotent(EventReader.isTypeUsed(sql, project, consentType)),
  }
})
