/** The same laws on many more runs. */
import "./browserSnapshot.test.ts"
