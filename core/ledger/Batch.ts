/**
 * How much one request may ask for. Apart from the ledger, so that whoever describes requests needs nothing else of it.
 */

/** The most events one request may record. */
export const maxItems = 1000

/** The most items of a page. */
export const maxLimit = 1000

/** How many items a page has when nobody says. */
export const defaultLimit = 100
