/** `assent/open` over PostgreSQL, too. */
import "./open.test.ts"
