/** The tests of `starting.test.ts`, with the slow ones. */
import "./starting.test.ts"
