/** As `erasures.test.ts`, with the numbers of the long tests: crashes over PostgreSQL, too. */
import "./erasures.test.ts"
