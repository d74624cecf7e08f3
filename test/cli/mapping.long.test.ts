/** The test of `mapping.test.ts`, with larger numbers. */
import "./mapping.test.ts"
