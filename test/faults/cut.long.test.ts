/** The cuts of `cut.test.ts`, after every byte. */
import "./cut.test.ts"
