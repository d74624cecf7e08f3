/** The properties of `peopleOnLedgers.test.ts`, with all runs. */
import "./peopleOnLedgers.test.ts"
