/**
 * Runs a query whose result is small, and reads it at once.
 */
import type { DuckDBConnection } from "@duckdb/node-api"

/** All rows of a query, as objects by the names of the columns. */
export const rows = async (connection: DuckDBConnection, sql: string) =>
  (await connection.runAndReadAll(sql)).getRowObjectsJS()
