/** The kills of `killed.test.ts`, all of them. */
import "./killed.test.ts"
