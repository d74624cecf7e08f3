/**
 * The limits of what is published of a project's regions, and of what is said before.
 */

/** The most characters of a publication as JSON, types that a page can ask about, and publications of a project. */
export const maxPublicationLength = 262_144
export const maxAskedTypes = 500
export const maxRevisions = 10_000

/** How many days ahead a dry run looks, and at how many stored people. */
export const horizonDays = 365
export const maxExamined = 100_000
