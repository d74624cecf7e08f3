/** The laws of `clocks.test.ts`, with all runs. */
import "./clocks.test.ts"
