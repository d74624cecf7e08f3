/** The laws of `answersByRegion.test.ts`, with more worlds. */
import "./answersByRegion.test.ts"
