/**
 * Checks that statements and tables keep to their lanes, with the planner and the catalog of the database.
 */
import type { Postgres } from "./postgres.ts"

interface Plan {
  readonly "Node Type": string
  readonly "Relation Name"?: string
  readonly "Index Cond"?: string
  readonly Plans?: ReadonlyArray<Plan>
}

const nodesOf = (plan: Plan): ReadonlyArray<Plan> => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]

/** Makes the planner read a table by its lane wherever the statement allows it. */
const byLane = ["seqscan", "bitmapscan", "hashjoin", "mergejoin"].map((each) => `SET enable_${each} = off;`).join(" ")

/**
 * The tables whose rows a statement reads, changes or removes without a condition on the lane. Every table has an index
 * that begins with the lane, so a condition on the lane is a condition on an index in the plan.
 *
 * The database has the tables and has never had rows. The planner takes such a table for one of ten pages. Of a table
 * that the server has analyzed while it was small, the planner reads all rows, whatever the statement says.
 */
export const beyondLanes = async (
  postgres: Postgres,
  database: string,
  statement: string,
): Promise<ReadonlyArray<string>> => {
  const rows = await postgres.administer(`${byLane} EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${statement}`, database)
  const [{ Plan: plan }] = rows[0]!["QUERY PLAN"] as readonly [{ readonly Plan: Plan }]
  return nodesOf(plan).flatMap((node) => {
    const table = node["Relation Name"]
    if (table === undefined || node["Node Type"] === "ModifyTable") return []
    return /\(lane = /.test(node["Index Cond"] ?? "") ? [] : [table]
  })
}

/**
 * Everything in a database that does not keep to lanes, and would tie the rows of one lane to those of another server.
 */
export const catalogBeyondLanes = (postgres: Postgres, database: string) =>
  postgres.administer(
    `SELECT 'table without a lane' AS what, c.relname::text AS name FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_attribute a
       WHERE a.attrelid = c.oid AND a.attname = 'lane' AND a.attnum = 1 AND a.attnotnull AND a.atttypid = 'bigint'::regtype)
     UNION ALL SELECT 'key that begins with something else', i.indexrelid::regclass::text FROM pg_index i
     JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace
     LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE a.attname IS DISTINCT FROM 'lane'
     UNION ALL SELECT 'sequence', relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
     UNION ALL SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
     UNION ALL SELECT 'trigger', tgname FROM pg_trigger
     UNION ALL SELECT 'foreign key', conname FROM pg_constraint WHERE contype = 'f'
     UNION ALL SELECT 'default', format('%s.%s = %s', c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid)) FROM pg_attrdef d
     JOIN pg_class c ON c.oid = d.adrelid AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'migration'
     JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
     ORDER BY 1, 2`,
    database,
  )
