/**
 * `assent/open`: a ledger for programs without Effect.
 */
export {}
