/** The tests of `settings.test.ts`, with the slow ones. */
import "./settings.test.ts"
