/** The laws of `feedRegions.test.ts`, with more worlds. */
import "./feedRegions.test.ts"
