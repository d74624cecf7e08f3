/**
 * The worst requests that were found, one file for each endpoint.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Recipe } from "./requests.ts"

/** A request, and what it cost when it was found. */
export interface Kept {
  /** The seed of the search. */
  readonly seed: number
  readonly found: {
    readonly turnMillis: number
    readonly heapMebibytes: number
    readonly bytes: number
    readonly ending: number | string
  }
  readonly recipe: Recipe
}

const folder = join(import.meta.dirname, "kept")
const pathOf = (endpoint: string): string => join(folder, `${endpoint}.json`)

/** The worst request of an endpoint that is known. */
export const load = (endpoint: string): Kept | undefined =>
  existsSync(pathOf(endpoint)) ? JSON.parse(readFileSync(pathOf(endpoint), "utf8")) : undefined

/** Keeps the worst request of an endpoint in place of the one before. */
export const save = (kept: Kept): void => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(pathOf(kept.recipe.endpoint), `${JSON.stringify(kept, undefined, 2)}\n`)
}
