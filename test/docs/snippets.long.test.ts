/** The pages again, each followed twice. */
import "./snippets.test.ts"
