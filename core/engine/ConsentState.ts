/**
 * The consent states: a person accepted, declined, was assumed to agree (`implied`), or was shown the text (`viewed`)
 * (semantics, section 1).
 */

/** The four consent states; `accepted` and `declined` are explicit, `implied` and `viewed` passive. */
export type ConsentState = "accepted" | "declined" | "implied" | "viewed"

/** Every consent state, in the order in which they win among events of the same instant. */
export const all: ReadonlyArray<ConsentState> = ["declined", "accepted", "implied", "viewed"]

/** How the state was obtained. It is evidence only: no decision depends on it. */
export type ConsentAction = "implied" | "user_click" | "import"

/** Every consent action. */
export const actions: ReadonlyArray<ConsentAction> = ["implied", "user_click", "import"]
