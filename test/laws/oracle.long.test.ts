/** The comparisons of `oracle.test.ts`, with all runs. */
import "./oracle.test.ts"
