/** The crashes of `heldErasures.test.ts` for both scopes, and all runs of the law of erasures that keep identifiers. */
import "../laws/heldErasures.test.ts"
import "./heldErasures.test.ts"
