/** The flood of `overload.test.ts`, twice as long. */
import "./overload.test.ts"
