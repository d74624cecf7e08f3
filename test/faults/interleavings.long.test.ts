/** The seeds of `interleavings.test.ts`, and ten times their number. */
import "./interleavings.test.ts"
