/** What personal data belong to, as the store, the API and reports name it. */

/** A session, an event (its `externalId`), a fact, or the person (its profile). */
export const personalKinds = ["session", "event", "fact", "profile"] as const

/** One of {@link personalKinds}. */
export type PersonalKind = (typeof personalKinds)[number]
