/** The kills of `crash.test.ts`, all of them. */
import "./crash.test.ts"
