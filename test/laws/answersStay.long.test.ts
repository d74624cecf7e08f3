/** The law of `answersStay.test.ts`, with all runs. */
import "./answersStay.test.ts"
