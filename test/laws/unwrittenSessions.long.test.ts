/** The law of `unwrittenSessions.test.ts`, with all runs. */
import "./unwrittenSessions.test.ts"
