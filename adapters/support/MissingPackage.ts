/**
 * Packages that a part of this package needs and that are not installed. All are optional, because each part needs
 * others.
 */
import * as Manifest from "./Manifest.ts"

/** The name of the package that an error of loading a module is about; `undefined` for any other error. */
export const nameOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_MODULE_NOT_FOUND") return undefined
  return /^Cannot find package '((?:@[^/']+\/)?[^/']+)'/.exec(error.message)?.[1]
}

/** Whether a package is installed where this package finds it. */
export const isInstalled = (name: string): boolean => {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}

/** A package with the versions that fit, for npm: `effect@4`, because a shell may read the `^` of `^4.1.0`. */
const withVersion = (name: string): string => {
  const range = Manifest.peerDependencies[name]
  return range === undefined ? name : `${name}@${range.replace(/^\^(\d+).*/, "$1")}`
}

/** The command that installs packages, in versions that fit. */
export const install = (names: ReadonlyArray<string>): string => `npm install ${names.map(withVersion).join(" ")}`
