/** The property of `undoing.test.ts`, with all runs. */
import "./undoing.test.ts"
