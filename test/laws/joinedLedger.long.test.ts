/** The properties of `joinedLedger.test.ts`, with all runs. */
import "./joinedLedger.test.ts"
