/**
 * What the row of a compliance fact holds in its `body`: JSON of everything that has no column, the same in every
 * store.
 */
import type { ComplianceFact } from "../compliance/ComplianceFact.ts"

/** The members of a fact that have columns of their own. */
export type Columns = Pick<ComplianceFact, "id" | "requestId" | "ordinal" | "at" | "on" | "by" | "kind">

const columns: ReadonlySet<string> = new Set<keyof Columns>(["id", "requestId", "ordinal", "at", "on", "by", "kind"])

/** Writes the body of a fact. */
export const write = (fact: ComplianceFact): string =>
  JSON.stringify(Object.fromEntries(Object.entries(fact).filter(([name]) => !columns.has(name))))

/** The fact of a row whose body {@link write} has written. */
export const read = (row: Columns, body: string): ComplianceFact => ({ ...JSON.parse(body), ...row })
