/** The same over PostgreSQL. */
import "./personalInventory.test.ts"
