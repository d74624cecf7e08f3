/** The examples of the description, over every store. */
import "./examples.test.ts"
