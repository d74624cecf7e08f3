/** As `erasure.test.ts`, with every log of erasures. */
import "./erasure.test.ts"
