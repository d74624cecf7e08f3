/**
 * The rows of a small result.
 */
import type { DuckDBConnection } from "@duckdb/node-api"

/** Every row of a query, by column. */
export const rows = async (connection: DuckDBConnection, sql: string) =>
  (await connection.runAndReadAll(sql)).getRowObjectsJS()
