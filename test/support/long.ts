/**
 * Numbers of the long tests: `npm run test:long` repeats more than `npm test` has time for. `ASSENT_TESTS=long` gives
 * them to any run, such as that of one file.
 */

/** Whether this run is one of long tests. */
export const isLong = process.env["ASSENT_TESTS"] === "long"

/** How often something is done in a run of the short tests, and in one of the long tests. */
export const times = (short: number, long: number): number => (isLong ? long : short)
