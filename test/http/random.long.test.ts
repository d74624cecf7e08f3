/** The requests of `random.test.ts`, four times as many. */
import "./random.test.ts"
