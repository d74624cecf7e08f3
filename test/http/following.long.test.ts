/** The tests of `following.test.ts`, with an answer that lapses. */
import "./following.test.ts"
