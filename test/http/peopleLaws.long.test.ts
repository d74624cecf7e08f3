/** The property of `peopleLaws.test.ts`, with all runs. */
import "./peopleLaws.test.ts"
