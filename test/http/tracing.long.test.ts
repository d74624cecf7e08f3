/** The tests of `tracing.test.ts`, with the slow one. */
import "./tracing.test.ts"
