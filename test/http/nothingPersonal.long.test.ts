/** Nothing personal leaves, on PostgreSQL and in the log for people, too. */
import "./nothingPersonal.test.ts"
