/** The properties of `importing.test.ts`, with all runs. */
import "./importing.test.ts"
