/** The tests of `postgres.test.ts`, with more moments at which a machine disappears. */
import "./postgres.test.ts"
