/** The test of `plainLines.test.ts`, with every line. */
import "./plainLines.test.ts"
