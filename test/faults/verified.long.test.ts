/** The checks of `verified.test.ts`, with every column of every table of both stores. */
import "./verified.test.ts"
