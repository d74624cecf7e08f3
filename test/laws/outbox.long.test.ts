/** The properties of `outbox.test.ts`, with all runs. */
import "./outbox.test.ts"
