/** The same over SQLite, too. */
import "./dueScan.test.ts"
