/**
 * The flags `--store`, `--keys` and `--project`: the project of a store that a command works on.
 */
import { existsSync } from "node:fs"
import { Data, Effect, Option } from "effect"
import { Flag } from "effect/cli"
import * as FileFault from "../../adapters/sqlite/FileFault.ts"
import type * as Catalog from "../../core/model/Catalog.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as Store from "../Store.ts"
import * as KeysFlag from "./KeysFlag.ts"
import * as StoreFlag from "./StoreFlag.ts"

/** The store has no such project. Trying again does not help. */
export class NoSuchProject extends Data.TaggedError("NoSuchProject")<{ readonly message: string }> {}

/** The flags. */
export const flags = {
  store: StoreFlag.flag("The ledger: sqlite:PATH or postgres://…", StoreFlag.any),
  keys: KeysFlag.flag,
  project: Flag.String("project").pipe(
    Flag.withMetavar("<id>"),
    Flag.withDescription("The project; may be left out where the store has one"),
    Flag.optional,
  ),
}

/** The values of the flags. */
interface Chosen {
  readonly store: StoreFlag.ChosenStore
  readonly keys: string | undefined
  readonly project: Option.Option<string>
  /** The path of the log of erasures, for commands that erase. */
  readonly erasureLog?: string | undefined
}

const findProject = Effect.fnUntraced(function* (id: Option.Option<string>) {
  const ledger = yield* Ledger.Ledger
  const { projects } = yield* ledger.catalog
  const ids = [...projects.keys()]
  const only = ids.length === 1 ? ids[0] : undefined
  const scope = yield* ledger.projectScope(Option.getOrElse(id, () => only ?? ""))
  if (Option.isSome(scope)) return scope.value
  const there = ids.length === 0 ? "it has none" : `it has ${ids.slice(0, 10).join(", ")}`
  const asked = Option.isSome(id) ? "the store has no such project" : "say which project of the store"
  return yield* new NoSuchProject({ message: `--project: ${asked}; ${there}` })
})

/** Runs an effect with the ledger of a store and one of its projects. Fails if the file of a store does not exist. */
export const withProject = <A, E, R>(
  { erasureLog, keys, project, store }: Chosen,
  run: (scope: Catalog.ProjectScope) => Effect.Effect<A, E, R>,
) => {
  const path = Store.pathOf(store.url)
  if (path !== undefined && !existsSync(path)) {
    return Effect.fail(new NoSuchProject({ message: `${store.name}: ${FileFault.missing(path)}` }))
  }
  return Effect.provide(Effect.flatMap(findProject(project), run), KeysFlag.ledger(store, keys, erasureLog))
}
