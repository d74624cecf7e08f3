/**
 * The script files of pages as `npm run build` makes them in `dist/site-client`. They are read at the first use,
 * because a ledger without pages needs none.
 */
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import type { ScriptFile, ScriptFiles } from "../../../core/browser/VisitAnswer.ts"
import * as Answer from "./Answer.ts"
import type { Forms } from "./CompressedForms.ts"

/** A file, with the hash that names it. */
export interface BuiltScript {
  /** Lower-case hexadecimal. */
  readonly sha256: string
  readonly forms: Forms
}

/** The files of a build. */
export interface BuiltScripts {
  /** The loader before and after its configuration. */
  readonly loader: readonly [string, string]
  /** Where pages find the files that they load. */
  readonly files: ScriptFiles
  /** The banner and the preference centre in one file. */
  readonly widget: BuiltScript
  /** By the hash. */
  readonly byHash: ReadonlyMap<string, BuiltScript>
}

interface Manifest {
  readonly hole: string
  readonly files: Readonly<
    Record<keyof ScriptFiles | "widget", { readonly sha256: string; readonly integrity: string }>
  >
}

/** The address of a file by its hash, relative to that of the project's Site API. */
export const pathOf = (sha256: string): string => `/site-client/${sha256}.js`

const read = (): BuiltScripts => {
  const folder = join(dirname(createRequire(import.meta.url).resolve("assent/package.json")), "dist/site-client")
  const bytes = (name: string) => readFileSync(join(folder, name))
  const { files, hole }: Manifest = JSON.parse(bytes("manifest.json").toString())
  const [before = "", after = ""] = bytes("loader.js").toString().split(hole)
  const script = (sha256: string): BuiltScript => ({
    sha256,
    forms: { identity: bytes(`${sha256}.js`), br: bytes(`${sha256}.js.br`), gzip: bytes(`${sha256}.js.gz`) },
  })
  const scripts = Object.values(files).map(({ sha256 }) => script(sha256))
  const fileOf = (name: keyof ScriptFiles): ScriptFile => ({
    src: pathOf(files[name].sha256),
    integrity: files[name].integrity,
  })
  return {
    loader: [before, after],
    files: {
      client: fileOf("client"),
      later: fileOf("later"),
      banner: fileOf("banner"),
      preferences: fileOf("preferences"),
    },
    widget: script(files.widget.sha256),
    byHash: new Map(scripts.map((each) => [each.sha256, each])),
  }
}

let built: BuiltScripts | undefined

const missing = new Answer.HttpProblem({
  status: 503,
  detail: "the script files of pages are not built; in a checkout, npm run build makes them",
})

/** The files; fails where they were not built. */
export const all: Effect.Effect<BuiltScripts, Answer.HttpProblem> = Effect.try({
  try: () => (built ??= read()),
  catch: () => missing,
})
