/**
 * The mails of the store.
 */
import type * as Port from "../../core/ports/OutboxStore.ts"
import * as Operation from "./Operation.ts"
import * as OutboxReader from "./OutboxReader.ts"
import * as OutboxWriter from "./OutboxWriter.ts"
import type * as Sql from "./Sql.ts"

/** The mails of a database. */
export const make = (sql: Sql.Sql): Port.OutboxStore => ({
  // A claim whose outcome is unknown is not found again: its mails are due again at the end of their lease.
  claim: (channel, now, until, limit) => Operation.idempotent(OutboxWriter.claim(sql, channel, now, until, limit)),
  postpone: (mail, to) => Operation.once(OutboxWriter.postpone(sql, mail, to)),
  list: (projects, filter, after, limit) =>
    Operation.idempotent(OutboxReader.list(sql, projects, filter, after, limit)),
  mail: (projects, id) => Operation.idempotent(OutboxReader.mail(sql, projects, id)),
  countSince: (project, of, since) => Operation.idempotent(OutboxReader.countSince(sql, project, of, since)),
  counts: (channel) => Operation.idempotent(OutboxReader.counts(sql, channel)),
})
