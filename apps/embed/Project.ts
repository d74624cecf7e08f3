/**
 * The project of a ledger that is opened: the one that is named, the only one, or a new one in an empty store.
 */
import { Effect, Option } from "effect"
import type { Foundation } from "../../core/catalog/Founding.ts"
import { Ledger } from "../../core/Ledger.ts"
import { type Catalog, type ProjectScope, tripleKey } from "../../core/model/Catalog.ts"
import { OpenError, Unavailable } from "./Errors.ts"

/** How many projects a message lists. */
const listed = 10

const list = ({ organizations, projects }: Catalog): string => {
  const names = [...projects.values()].slice(0, listed).map(({ id, name, organization }) => {
    return `${id} (${name}, of ${organizations.get(organization)!.name})`
  })
  return names.length < projects.size ? `${names.join(", ")} and others` : names.join(", ")
}

/** Finds the project, or fills an empty store. `place` names the store in messages. */
export const find = Effect.fnUntraced(function* (place: string, id: string | undefined, foundation: Foundation) {
  const ledger = yield* Ledger
  // Of several processes that open an empty store at the same time, one fills it, and the others find that.
  if (id === undefined) yield* ledger.begin(foundation)
  const catalog = yield* ledger.catalog
  const { projects } = catalog
  const [only] = projects.keys()
  if (id !== undefined && !projects.has(id.toLowerCase())) {
    const there = projects.size === 0 ? "it has none" : `it has ${list(catalog)}`
    return yield* Effect.fail(new OpenError("project", `${place}: project: the ledger has no such project; ${there}`))
  }
  if (only === undefined) {
    return yield* Effect.fail(new OpenError("project", `${place}: the ledger has no project: make one over HTTP`))
  }
  if (id === undefined && projects.size > 1) {
    const message = `${place}: the ledger has several projects, say which by the option project: ${list(catalog)}`
    return yield* Effect.fail(new OpenError("project", message))
  }
  return id?.toLowerCase() ?? only
})

/**
 * What an operator should know of the types that a ledger was opened with: an opening after the first makes none, so
 * one that was added to the program's list since is not there. A type that was removed is left out.
 */
export const lacking = (place: string, { types }: Foundation, scope: ProjectScope): ReadonlyArray<string> =>
  types.flatMap(({ category, label, subcategory }, index) => {
    const triple = tripleKey(category, subcategory, label)
    if (scope.types.byTriple.has(triple) || scope.types.removedByTriple.has(triple)) return []
    const reason = "because types are made by the first opening only: make it with addType"
    return [`${place}: /types/${index}: the project has no such consent type, ${reason}`]
  })

/** The project as it is now, with its consent types. */
export const scope = (id: string): Effect.Effect<ProjectScope, unknown, Ledger> =>
  Effect.flatMap(Ledger, (ledger) =>
    Effect.flatMap(
      ledger.projectScope(id),
      Option.match({
        onNone: () => Effect.fail(new Unavailable("the ledger has lost the project")),
        onSome: Effect.succeed,
      }),
    ),
  )
