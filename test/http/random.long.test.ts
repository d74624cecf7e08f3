/** The requests of `random.test.ts`, with four times their number. */
import "./random.test.ts"
