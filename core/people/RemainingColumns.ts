/**
 * The columns that still hold something personal of people after an erasure: those that it deletes by the inventory,
 * and that have rows of the people still. An open compliance request keeps its own, because it is still to be answered.
 *
 * External ids and used identity tokens are not looked for: they are found by no person, and one transaction deletes
 * them with the aliases.
 */
import { Effect } from "effect"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Organization } from "../model/Catalog.ts"
import type { RequestFilter } from "../ports/ComplianceStore.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Erasing from "./Erasing.ts"
import { type Holding, inventory } from "./PersonalInventory.ts"

/** The columns of tables that an erasure deletes or empties, as `table.column`, in the order of the inventory. */
export const columnsOf = (tables: ReadonlySet<string>): ReadonlyArray<string> =>
  Object.entries<Readonly<Record<string, Holding>>>(inventory)
    .filter(([table]) => tables.has(table))
    .flatMap(([table, columns]) =>
      Object.entries(columns).flatMap(([column, holding]) =>
        holding !== "none" && holding.held !== "kept" ? [`${table}.${column}`] : [],
      ),
    )

/** The columns with what is personal of a compliance request. */
export const ofRequests = columnsOf(
  new Set(["compliance_private", "request_key", "request_file", "file_chunk", "outbox"]),
)

/** The most people that one statement reads about. */
const peopleAtATime = 64

type People = ReadonlyArray<string>

/** The tables, but for those of requests, in which there is something of some people. */
const tablesOf = Effect.fnUntraced(function* (
  organization: Organization,
  people: People,
  projects: ReadonlySet<string>,
  { store }: Pick<LedgerContext, "store">,
) {
  const tables = new Set<string>()
  const aliases = (yield* store.people.aliasesOf(organization, people)).flat()
  const contexts = (yield* store.people.contextsOf(organization, people)).flat()
  if (aliases.some(({ releasedAt }) => releasedAt !== undefined)) tables.add("former_alias")
  if (contexts.length > 0 || aliases.some(({ releasedAt }) => releasedAt === undefined)) tables.add("alias")
  const keys = yield* store.personal.keys(organization, people)
  if (keys.some((key) => key !== undefined)) tables.add("person_key")
  for (const concordId of people) {
    if ((yield* store.personal.partsOf(organization, concordId, undefined, 1)).length > 0) tables.add("personal_data")
    const [session] = yield* store.sessions.ofPerson(concordId, undefined, 1)
    // Another organization may know the same id.
    if (session !== undefined && projects.has(session.project)) tables.add("session")
  }
  return tables
})

/** The first requests of an organization with something personal that match a filter, besides one of them. */
export const requestsOf = Effect.fnUntraced(function* (
  organization: Organization,
  filter: RequestFilter,
  except: string,
  limit: number,
  context: Pick<LedgerContext, "store">,
): Effect.fn.Return<ReadonlyArray<string>, StoreUnavailable> {
  const { projects } = yield* Erasing.projectsOf(organization, context)
  const page = { sort: "requestDate", order: "asc", limit: limit + 1, from: 0 } as const
  const { requests } = yield* context.store.compliance.list(projects, filter, page)
  return requests.flatMap(({ id }) => (id === except ? [] : [id])).slice(0, limit)
})

/** The columns that still hold something of people, besides one compliance request of theirs. */
export const of = Effect.fnUntraced(function* (
  organization: Organization,
  people: People,
  except: string,
  context: Pick<LedgerContext, "store">,
): Effect.fn.Return<ReadonlyArray<string>, StoreUnavailable> {
  const { projects } = yield* Erasing.projectsOf(organization, context)
  const own = new Set(projects.map(({ id }) => id))
  const tables = new Set<string>()
  for (let from = 0; from < people.length; from += peopleAtATime) {
    const found = yield* tablesOf(organization, people.slice(from, from + peopleAtATime), own, context)
    for (const table of found) tables.add(table)
  }
  const requests = yield* requestsOf(organization, { people }, except, 1, context)
  return [...columnsOf(tables), ...(requests.length > 0 ? ofRequests : [])]
})
