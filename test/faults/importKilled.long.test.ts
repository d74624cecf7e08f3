/** The kills of `importKilled.test.ts`, all of them. */
import "./importKilled.test.ts"
