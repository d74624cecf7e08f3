/** The ledger over every store, PostgreSQL too. */
import "./ledger.test.ts"
