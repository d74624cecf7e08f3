/** The same over the files of PostgreSQL. */
import "./nothingStays.test.ts"
