/** The laws of `permission.test.ts`, with all runs. */
import "./permission.test.ts"
