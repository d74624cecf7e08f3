/** The properties of `people.test.ts`, with all runs. */
import "./people.test.ts"
