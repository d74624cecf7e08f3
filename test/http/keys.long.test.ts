/** The tests of `keys.test.ts`, with the slow ones. */
import "./keys.test.ts"
