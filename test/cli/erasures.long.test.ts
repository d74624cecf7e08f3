/** The same, with restores that are repeated, tried and refused. */
import "./erasures.test.ts"
