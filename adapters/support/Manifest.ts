/**
 * The package.json of this package.
 */
import { createRequire } from "node:module"

interface Manifest {
  readonly version: string
  /** The versions of Node.js that this package runs on: `>=22.19`. */
  readonly engines: { readonly node: string }
}

const manifest: Manifest = createRequire(import.meta.url)("assent/package.json")

export const { engines, version } = manifest
