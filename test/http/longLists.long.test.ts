/** Lists of the catalog that have a limit in bytes, with more types. */
import "./longLists.test.ts"
