/** The laws of `feedReading.test.ts`, with more worlds. */
import "./feedReading.test.ts"
