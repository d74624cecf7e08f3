/** The tests of `reference.test.ts`, with the slow one. */
import "./reference.test.ts"
