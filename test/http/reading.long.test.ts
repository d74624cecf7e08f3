/** A read stores nothing, on PostgreSQL, too. */
import "./reading.test.ts"
