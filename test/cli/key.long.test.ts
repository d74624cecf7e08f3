/** The same, on PostgreSQL too. */
import "./key.test.ts"
