/**
 * The versions of the optional packages that fit. docs/embedding.md lists which part of this package needs which.
 *
 * The peer dependencies of package.json name the same packages in any version, because npm would otherwise refuse to
 * install the engine, which needs none of them, in a project that has another version of one (docs/decisions/,
 * decision 1).
 */

/** A package, and the range of versions that fit: exactly one, or from one up to the next major version. */
export const ranges: Readonly<Record<string, string>> = {
  "@duckdb/node-api": "1.5.5-r.5",
  "@effect/platform-node": "^4.1.0",
  "@effect/sql-pg": "^4.0.5",
  "@observablehq/plot": "0.6.17",
  "csv-parse": "^7.0.3",
  "csv-stringify": "^6.9.0",
  effect: "^4.1.0",
  jose: "^6.2.17",
  linkedom: "0.18.12",
  nodemailer: "^10.6.1",
  "temporal-polyfill": "^1.0.8",
  yaml: "^2.9.1",
}

/** Whether a version is in a range. A version before a release does not fit a range of several versions. */
export const fits = (version: string, range: string): boolean => {
  if (!range.startsWith("^")) return version === range
  if (!/^\d+\.\d+\.\d+$/.test(version)) return false
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number)
  const [leastMajor = 0, leastMinor = 0, leastPatch = 0] = range.slice(1).split(".").map(Number)
  return major === leastMajor && (minor > leastMinor || (minor === leastMinor && patch >= leastPatch))
}

/** The argument of `npm install` for a package: `effect@4`, because some shells read the `^` of `effect@^4.1.0`. */
export const installed = (name: string): string => {
  const range = ranges[name]
  return range === undefined ? name : `${name}@${range.replace(/^\^(\d+).*/, "$1")}`
}
