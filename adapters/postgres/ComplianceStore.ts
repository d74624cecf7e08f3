/**
 * The compliance requests of the store.
 */
import type * as Port from "../../core/ports/ComplianceStore.ts"
import * as ComplianceList from "./ComplianceList.ts"
import * as ComplianceReader from "./ComplianceReader.ts"
import * as ComplianceWriter from "./ComplianceWriter.ts"
import * as Operation from "./Operation.ts"
import * as RequestKeys from "./RequestKeys.ts"
import * as Sql from "./Sql.ts"

/** The compliance requests of a database. */
export const make = (sql: Sql.Sql): Port.ComplianceStore => ({
  write: (write) => Operation.once(ComplianceWriter.write(sql, write)),
  request: (project, id) => Operation.idempotent(ComplianceReader.request(sql, project, id)),
  facts: (project, id) => Operation.idempotent(ComplianceReader.facts(sql, project, id)),
  list: (projects, filter, page) => Operation.idempotent(ComplianceList.requests(sql, projects, filter, page)),
  listFacts: (projects, filter, page) => Operation.idempotent(ComplianceList.facts(sql, projects, filter, page)),
  toSweep: (on, after, limit) => Operation.idempotent(ComplianceReader.toSweep(sql, on, after, limit)),
  reschedule: (project, days) => Operation.idempotent(ComplianceWriter.reschedule(sql, project, days)),
  privateOf: (project, ids) => Operation.idempotent(ComplianceReader.privateOf(sql, project, ids)),
  allKeys: (after, limit) => Operation.idempotent(RequestKeys.all(sql, after, limit)),
  rewrap: (keys) => Operation.idempotent(RequestKeys.rewrap(sql, keys)),
})
