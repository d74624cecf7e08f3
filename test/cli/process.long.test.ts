/** The process of `process.test.ts`, with more events than its heap holds. */
import "./process.test.ts"
