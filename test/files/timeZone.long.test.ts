/** The test of `timeZone.test.ts`, with larger numbers. */
import "./timeZone.test.ts"
