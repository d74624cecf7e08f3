/** The same over PostgreSQL. */
import "./personData.test.ts"
