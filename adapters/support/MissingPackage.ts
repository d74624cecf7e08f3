/**
 * Optional packages that are not installed, or in a version that does not fit.
 */
import { createRequire } from "node:module"
import * as Peers from "./Peers.ts"

const require = createRequire(import.meta.url)

/** The name of the package that an error of loading a module is about; `undefined` for any other error. */
export const nameOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_MODULE_NOT_FOUND") return undefined
  return /^Cannot find package '((?:@[^/']+\/)?[^/']+)'/.exec(error.message)?.[1]
}

/** How a package is installed. The version of one that does not show it fits, as far as is known. */
const stateOf = (name: string): "missing" | "unfit" | "fits" => {
  try {
    const { version }: { readonly version: string } = require(`${name}/package.json`)
    const range = Peers.ranges[name]
    return range === undefined || Peers.fits(version, range) ? "fits" : "unfit"
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND" ? "missing" : "fits"
  }
}

/** The packages of a list that are not installed in a version that fits. */
export const missingOf = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.filter((name) => stateOf(name) !== "fits")

/** The reason with the command that mends it: `needs a package that is not installed: npm install effect@4`. */
export const reason = (names: ReadonlyArray<string>): string => {
  const what = names.length === 1 ? "a package that is" : "packages that are"
  const state = names.some((name) => stateOf(name) === "unfit")
    ? "not installed in a version that fits"
    : "not installed"
  return `needs ${what} ${state}: npm install ${names.map(Peers.installed).join(" ")}`
}
