/** The same laws on many more runs. */
import "./browserDecisions.test.ts"
