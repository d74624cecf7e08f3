/** The tests of `drain.test.ts`, with the slow ones. */
import "./drain.test.ts"
