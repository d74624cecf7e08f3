/** The same laws on many more runs. */
import "./browserPages.test.ts"
