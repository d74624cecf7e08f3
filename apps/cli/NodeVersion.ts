/**
 * Versions of Node.js.
 */

/** Whether a version is at least the one of `>=22.19`. */
export const fits = (version: string, range: string): boolean => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  const [leastMajor = 0, leastMinor = 0] = range.replace(">=", "").split(".").map(Number)
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}
