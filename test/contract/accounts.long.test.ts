/** The tests of `accounts.test.ts`, with more rounds. */
import "./accounts.test.ts"
