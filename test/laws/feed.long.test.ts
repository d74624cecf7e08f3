/** The laws of `feed.test.ts`, with more worlds. */
import "./feed.test.ts"
