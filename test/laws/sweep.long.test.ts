/** The properties of `sweep.test.ts`, with all runs. */
import "./sweep.test.ts"
