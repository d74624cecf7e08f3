/**
 * Opens a ledger with Effect, for programs that do not know of it.
 */
import type { Effect } from "effect"
import { Effect as Effects } from "effect"
import type { Ledger } from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import * as Store from "../Store.ts"
import * as Asking from "./Asking.ts"
import type { OpenLedger, OpenOptions } from "./OpenLedger.ts"
import * as Following from "./Following.ts"
import * as Options from "./Options.ts"
import * as Project from "./Project.ts"
import * as Recording from "./Recording.ts"
import * as Runtime from "./Runtime.ts"
import * as Types from "./Types.ts"

const ledgerOf = (scope: ProjectScope, runtime: Runtime.Runtime): OpenLedger => {
  const { organization, project } = scope
  const { close, handler, run } = runtime
  /** Runs a use case with the project as it is now, because a type may have been made meanwhile. */
  const inProject = <A>(use: (scope: ProjectScope) => Effect.Effect<A, unknown, Ledger>): Promise<A> =>
    run(Effects.flatMap(Project.scope(project.id), use))
  return {
    organizationId: organization.id,
    projectId: project.id,
    record: (items, options = {}) => inProject((scope) => Recording.record(scope, items, options)),
    decide: (person, question = {}) => inProject((scope) => Asking.decide(scope, person, question)),
    state: (person, question = {}) => inProject((scope) => Asking.state(scope, person, question)),
    timeline: (person, question = {}) => inProject((scope) => Asking.timeline(scope, person, question)),
    people: (person) => inProject((scope) => Asking.people(scope, person)),
    changes: (options = {}) => Following.of(scope, options, runtime),
    types: () => inProject(Types.list),
    addType: (type) => inProject((scope) => Types.add(scope, type)),
    createKey: (key) => inProject((scope) => Types.createKey(scope, key)),
    handler,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Opens the ledger of a store: see `Open`. */
export const open = async (url: string, options: OpenOptions): Promise<OpenLedger> => {
  const { foundation } = Options.read(url, options)
  const runtime = await Runtime.open(url, options)
  try {
    const place = Store.redact(url)
    const warn = Runtime.warningOf(options)
    const scope = await runtime.run(
      Effects.flatMap(Project.find(place, options.project, foundation), (id) => Project.scope(id)),
    )
    Project.lacking(place, foundation, scope).forEach((message) => warn(message))
    return ledgerOf(scope, runtime)
  } catch (error) {
    await runtime.close()
    throw error
  }
}
