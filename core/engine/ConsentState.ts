/**
 * What a person can be recorded as having done: said yes, said no, been taken to agree, or been shown the text
 * (semantics, section 1).
 */

/** The four consent states; `accepted` and `declined` are explicit, `implied` and `viewed` passive. */
export type ConsentState = "accepted" | "declined" | "implied" | "viewed"

/** Every consent state, in the order in which they win at the same instant: declined, accepted, implied, viewed. */
export const all: ReadonlyArray<ConsentState> = ["declined", "accepted", "implied", "viewed"]

/** How the state came about. It is evidence, and decides nothing. */
export type ConsentAction = "implied" | "user_click" | "import"

/** Every consent action. */
export const actions: ReadonlyArray<ConsentAction> = ["implied", "user_click", "import"]
