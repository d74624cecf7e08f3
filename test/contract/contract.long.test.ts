/** The contract over every store, PostgreSQL too. */
import "./contract.test.ts"
