/** The seeds of `interleavings.test.ts`, ten times as many. */
import "./interleavings.test.ts"
