/**
 * The compliance requests of a person, for access: those that it or one joined with it opened, and those that are about
 * one of them, each once. A request whose private part was removed names no person any more.
 */
import { Effect, Struct } from "effect"
import * as Instant from "../engine/Instant.ts"
import * as RequestPrivateData from "../ledger/RequestPrivateData.ts"
import type { Project } from "../model/Catalog.ts"
import type { RequestPlace, StoredPrivate, StoredRequest } from "../ports/ComplianceStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as Erasing from "./Erasing.ts"
import type * as HeldEvents from "./HeldEvents.ts"

/** The most requests of a page. */
const pageSize = 100

/** A request that was read, and what is personal of it. */
export interface HeldRequest {
  readonly stored: StoredRequest
  readonly project: Project
  readonly row: StoredPrivate | undefined
  /** Left out if nothing was kept, or its epoch is over, so that no one can open it any more. */
  readonly data: RequestPrivateData.RequestPrivateData | undefined
}

/** Writes a request as JSON. */
export type Write = (held: HeldRequest) => Effect.Effect<string, StoreUnavailable>

/** Everything that is kept of a request, but the hashes of codes and of the secrets of links. */
const shown = ({ tickets, verifications, ...data }: RequestPrivateData.RequestPrivateData) => ({
  ...data,
  ...(verifications !== undefined && {
    verifications: verifications.map((each) => Struct.omit(each, ["codeHash", "ticketHash"])),
  }),
  ...(tickets !== undefined && { tickets: tickets.map((each) => Struct.omit(each, ["hash"])) }),
})

/** A request as JSON; without `data` if nothing was kept, or its epoch is over, so that no one can open it any more. */
const requestJson = ({ data, project, row, stored: { id, kind, requestDate, status } }: HeldRequest): string =>
  JSON.stringify({
    id,
    project: project.id,
    request: kind,
    status,
    requestDate: Instant.format(requestDate),
    ...(row?.opener !== undefined && { opener: row.opener }),
    ...(row?.session !== undefined && { session: row.session }),
    ...(row?.subject !== undefined && { subject: row.subject }),
    ...(data !== undefined && { data: shown(data) }),
  })

/** One page of requests of a person, opened. Fails while keys are away. */
const pageOf = Effect.fnUntraced(function* (
  concordId: string,
  from: number | RequestPlace,
  written: Set<string>,
  write: Write,
  { context, organization }: HeldEvents.People,
) {
  const { compliance } = context.store
  const { projects } = yield* Erasing.projectsOf(organization, context)
  const page = { sort: "requestDate", order: "asc", limit: pageSize, from } as const
  const { next, requests } = yield* compliance.list(projects, { people: [concordId] }, page)
  const items: Array<string> = []
  for (const [number, ofProject] of Map.groupBy(requests, ({ project }) => project)) {
    const project = projects.find((each) => each.number === number)!
    const fresh = ofProject.filter(({ id }) => !written.has(id))
    const rows = yield* compliance.privateOf(
      project,
      fresh.map(({ id }) => id),
    )
    for (const [index, request] of fresh.entries()) {
      const row = rows[index]
      const data = row === undefined ? undefined : yield* RequestPrivateData.open(project, row, context)
      written.add(request.id)
      items.push(yield* write({ stored: request, project, row, data }))
    }
  }
  return next === undefined ? { items } : { items, next }
})

/** The requests of each person in turn, in the order in which they were received. */
export const of = (people: HeldEvents.People, write: Write = (held) => Effect.succeed(requestJson(held))) => {
  const written = new Set<string>()
  return (concordId: string, after: RequestPlace | undefined) => pageOf(concordId, after ?? 0, written, write, people)
}
