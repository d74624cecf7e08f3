/**
 * The loaders of projects: the built loader with the project's published configuration inside, compressed once for each
 * revision.
 */
import { Clock, Effect } from "effect"
import { createHash } from "node:crypto"
import { Ledger } from "../../../core/Ledger.ts"
import type { Project, ProjectScope, ProjectTypes } from "../../../core/model/Catalog.ts"
import * as LoaderContent from "../../../core/regions/LoaderContent.ts"
import * as PublishedRegions from "../../../core/model/PublishedRegions.ts"
import * as BuiltScripts from "./BuiltScripts.ts"
import * as CompressedForms from "./CompressedForms.ts"
import * as LoaderArchive from "./LoaderArchive.ts"

/** A loader with the configuration of one revision. */
export interface Loader {
  readonly revision: number
  /** Lower-case hexadecimal. */
  readonly sha256: string
  /** As in an attribute `integrity`. */
  readonly integrity: string
  readonly forms: CompressedForms.Forms
}

/** The loader of a project that was made last, with what it was made of. */
interface Made {
  readonly project: Project
  readonly types: ProjectTypes
  readonly published: number
  /** When it was made, or its file was renewed last. */
  keptAt: number
  readonly loader: Promise<Loader>
}

/** How many projects have their loader kept. It is made again in some milliseconds. */
const keptMax = 1000

const kept = new Map<string, Made>()

const make = async (script: string, revision: number): Promise<Loader> => {
  const bytes = new TextEncoder().encode(script)
  const hashOf = (algorithm: string) => createHash(algorithm).update(bytes)
  return {
    revision,
    sha256: hashOf("sha256").digest("hex"),
    integrity: `sha384-${hashOf("sha384").digest("base64")}`,
    forms: await CompressedForms.make(bytes),
  }
}

const keep = (made: Made): void => {
  kept.delete(made.project.id)
  kept.set(made.project.id, made)
  if (kept.size > keptMax) kept.delete(kept.keys().next().value!)
}

const made = Effect.fnUntraced(function* ({ project, types }: ProjectScope) {
  const ledger = yield* Ledger
  const publication = PublishedRegions.current(yield* ledger.catalog, project)
  const { publishedAt: published } = publication
  const last = kept.get(project.id)
  if (last?.project === project && last.types === types && last.published === published) return last
  const { files, loader: parts } = yield* BuiltScripts.all
  const configuration = LoaderContent.of(project, types, publication, files)
  const loader = make(parts.join(LoaderContent.script(configuration)), configuration.revision)
  const next: Made = { project, types, published, loader, keptAt: 0 }
  keep(next)
  return next
})

/** The loader of a project under the configuration in force. */
export const of = Effect.fnUntraced(function* (scope: ProjectScope) {
  const present = yield* made(scope)
  const loader = yield* Effect.promise(() => present.loader)
  const now = yield* Clock.currentTimeMillis
  if (now - present.keptAt < LoaderArchive.dayMillis) return loader
  present.keptAt = now
  const { byHash } = yield* BuiltScripts.all
  const files = [...byHash.values(), loader].map(({ forms, sha256 }) => [sha256, forms.identity] as const)
  yield* LoaderArchive.keep(files)
  return loader
})

/** The forms of a script file by its hash; `undefined` for an unknown hash, or a file replaced long ago. */
export const byHash = Effect.fnUntraced(function* (scope: ProjectScope, sha256: string) {
  const built = (yield* BuiltScripts.all).byHash.get(sha256)
  if (built !== undefined) return built.forms
  const present = yield* of(scope)
  if (present.sha256 === sha256) return present.forms
  const bytes = yield* LoaderArchive.read(sha256)
  return bytes === undefined ? undefined : yield* Effect.promise(() => CompressedForms.make(bytes))
})
