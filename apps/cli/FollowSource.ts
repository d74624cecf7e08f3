/**
 * Where `assent follow` reads changes: the ledger of a store, or a service over HTTP.
 */
import { Effect, Option, Stream } from "effect"
import { CliError } from "effect/cli"
import * as Client from "../../adapters/http/client/Client.ts"
import type * as Changes from "../../core/feed/Changes.ts"
import { Ledger } from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"

/** The variable that holds the API key of a service, because a flag would show it in the list of processes. */
export const keyVariable = "ASSENT_API_KEY"

/** Lines of NDJSON, and the place after them. */
export interface Lines {
  readonly text: string
  readonly mark: string
}

/** Which changes are read, and from where. */
export interface Question {
  readonly after: string | undefined
  readonly types: ReadonlyArray<string> | undefined
  readonly includesDecision: boolean
  readonly isFollowing: boolean
}

const refuse = (message: string) => new CliError.ValidationError({ message })

const unknownMark = refuse("the mark is not known: give one of the same project, start or now")

const markLost = (mark: string) =>
  refuse(
    "the ledger has lost what is before the mark, because it was restored from an earlier backup: compare what you " +
      `hold with the answers, and go on with --after ${mark}`,
  )

const asFailure = (fault: Changes.ReadFault) =>
  fault._tag === "UnknownMark" ? unknownMark : fault._tag === "MarkLost" ? markLost(fault.mark) : fault

/** The changes of a project of a store. */
export const ofStore = (scope: ProjectScope, { after, includesDecision, isFollowing, types }: Question) =>
  Stream.unwrap(
    Effect.map(Ledger, (ledger) => {
      const query = {
        ...(after !== undefined && { after }),
        ...(types !== undefined && { types }),
        ...(includesDecision && { includesDecision }),
      }
      return ledger.followChanges(scope, query, isFollowing).pipe(
        Stream.map(({ items, mark }): Lines => ({
          text: items.map(({ json }) => `${json}\n`).join(""),
          mark,
        })),
        Stream.mapError(asFailure),
      )
    }),
  )

/** The organization and the project that an API key can read; of several projects the one that is named. */
const projectOf = async (client: Client.Promises, named: string | undefined, signal: AbortSignal) => {
  const { items: organizations } = await client.organizations.listOrganizations({ query: {} }, { signal })
  const organizationId = organizations[0]!.id
  if (named !== undefined) return { organizationId, projectId: named }
  const { items, total } = await client.organizations.listProjects(
    { params: { organizationId }, query: { limit: 10 } },
    { signal },
  )
  if (total === 1) return { organizationId, projectId: items[0]!.id }
  const there = total === 0 ? "it can read none" : `it can read ${items.map(({ id }) => id).join(", ")}`
  throw refuse(`--project: say which project of the key; ${there}`)
}

const messageOf = (error: unknown): CliError.ValidationError => {
  if (error instanceof CliError.ValidationError) return error
  if (!(error instanceof Client.Refusal)) return refuse("--url: the service does not answer")
  const { problem } = error
  if (problem.status === 410 && "mark" in problem) return markLost(problem.mark)
  if (problem.status === 401) return refuse(`${keyVariable}: the service does not know this API key`)
  const codes = "errors" in problem ? (problem.errors ?? []).map(({ code }) => code) : []
  return codes.includes("unknown_mark") ? unknownMark : refuse(`--url: ${error.message}`)
}

async function* pages(
  options: Client.Options,
  project: string | undefined,
  { after, includesDecision, isFollowing, types }: Question,
  signal: AbortSignal,
): AsyncGenerator<Lines, void, void> {
  const client = Client.promises(options)
  const params = await projectOf(client, project, signal)
  const query = {
    limit: includesDecision ? 100 : 1000,
    ...(after !== undefined && { after }),
    ...(types !== undefined && { types }),
    ...(includesDecision && { include: ["decision" as const] }),
  }
  for await (const { items, mark } of Client.changes(client, { params, query, isFollowing }, { signal })) {
    yield { text: items.map((item) => `${JSON.stringify(item)}\n`).join(""), mark }
  }
}

/** The changes that a service answers. A fault that may pass is waited out. */
export const ofService = (options: Client.Options, project: Option.Option<string>, question: Question) =>
  Stream.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => new AbortController()),
        (controller) => Effect.sync(() => controller.abort()),
      ),
      ({ signal }) =>
        Stream.fromAsyncIterable(pages(options, Option.getOrUndefined(project), question, signal), messageOf),
    ),
  )
