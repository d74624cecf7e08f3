/**
 * The handlers of compliance requests, which servers call with an API key.
 *
 * A key that may only read is answered without what is personal, and may not filter by it: from the requests that a
 * filter leaves, it could be guessed.
 */
import { Effect, Option, Result } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import type { NewRequest } from "../../../core/compliance-requests/ComplianceOpening.ts"
import type { ComplianceRequest } from "../../../core/compliance-requests/ComplianceRequest.ts"
import * as ComplianceReading from "../../../core/compliance-requests/ComplianceReading.ts"
import type { WorkChange, WorkOutcome } from "../../../core/compliance-requests/ComplianceWork.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import { isUuid } from "../../../core/ledger/Identifiers.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { ApiKey, Project } from "../../../core/model/Catalog.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import * as Role from "../../../core/model/Role.ts"
import type { Correction } from "../../../core/people/ProfileCorrection.ts"
import { Api } from "../api/Api.ts"
import * as ComplianceBodies from "../api/ComplianceBodies.ts"
import * as ComplianceQuery from "../api/ComplianceQuery.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as Account from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"
import * as PathScope from "../server/PathScope.ts"
import * as CatalogChanges from "./CatalogChanges.ts"
import * as ComplianceFiles from "./ComplianceFiles.ts"
import * as ComplianceJson from "./ComplianceJson.ts"
import * as ComplianceOutcome from "./ComplianceOutcome.ts"
import * as Pages from "./Pages.ts"

const decodeNew = Exchange.decoder(ComplianceBodies.NewRequests, ComplianceBodies.maxItems)
const decodeChange = Exchange.decoder(ComplianceBodies.RequestChange)

const isHandler = (key: ApiKey, projectId: string): boolean => Role.may(Role.roleIn(key, projectId), "handle")

const writeFor =
  (key: ApiKey) =>
  (request: ComplianceRequest): string =>
    ComplianceJson.ofKey(request, isHandler(key, request.project) ? "handles" : "reads")

type ListQuery = (typeof ComplianceQuery.OfOrganization)["Type"]

/** Fails with 403 if a query filters by something personal, and the key may not see it in each of the projects. */
const checkFilters = (key: ApiKey, projects: ReadonlyArray<Project>, query: ListQuery) => {
  const personal = ComplianceReading.personalFilters.filter((name) => query[name] !== undefined)
  if (personal.length === 0 || projects.every(({ id }) => isHandler(key, id))) return Effect.void
  const detail = "filters by something personal: the API key's role does not permit to handle requests"
  const errors = personal.map((parameter) => ({ parameter, code: "handle_needed", detail }))
  return new Answer.HttpProblem({ status: 403, detail: `a filter ${detail} in each of the projects`, errors })
}

/** A query as the ledger reads it: ids in lower case, as they are stored. */
const filterOf = (given: ListQuery): ComplianceReading.RequestQuery => {
  const { lapsed, overdue, projectIds: _, ...query } = given
  const lower = (name: "complianceRequestId" | "concordId" | "sessionId") =>
    query[name] === undefined ? {} : { [name]: query[name].toLowerCase() }
  return {
    ...query,
    ...lower("concordId"),
    ...lower("sessionId"),
    ...lower("complianceRequestId"),
    ...(lapsed !== undefined && { isLapsed: lapsed === "true" }),
    ...(overdue !== undefined && { isOverdue: overdue === "true" }),
  }
}

/** The projects of the key's organization in which it may read, of those that are asked for. */
const readable = Effect.fnUntraced(function* (ids: ReadonlyArray<string> | undefined) {
  const ledger = yield* Ledger
  const { key, organization } = yield* CurrentKey
  const asked = ids === undefined ? undefined : new Set(ids.map((id) => id.toLowerCase()))
  const own = [...(yield* ledger.catalog).projects.values()].filter(
    (project) => project.organization === organization.id && asked?.has(project.id) !== false,
  )
  return own.filter(({ id }) => Role.may(Role.roleIn(key, id), "read"))
})

const list = Effect.fnUntraced(function* (projects: ReadonlyArray<Project>, query: ListQuery) {
  yield* Pages.check(query)
  const ledger = yield* Ledger
  const { key, organization } = yield* CurrentKey
  yield* checkFilters(key, projects, query)
  const page = yield* ledger.compliance.list(organization, projects, key.id, filterOf(query))
  return yield* Pages.answer(page, writeFor(key))
})

type EventsQuery = (typeof ComplianceQuery.Events)["Type"]

const listEvents = Effect.fnUntraced(function* (projects: ReadonlyArray<Project>, query: EventsQuery) {
  yield* Pages.check(query)
  const ledger = yield* Ledger
  const { key, organization } = yield* CurrentKey
  const { accountId, complianceRequestEventId, complianceRequestId, ...rest } = query
  const page = yield* ledger.compliance.events(organization, projects, key.id, {
    ...rest,
    order: query.order ?? "desc",
    withFileNames: projects.filter(({ id }) => isHandler(key, id)).map(({ id }) => id),
    ...(accountId !== undefined && { keyId: accountId.toLowerCase() }),
    ...(complianceRequestId !== undefined && { complianceRequestId: complianceRequestId.toLowerCase() }),
    ...(complianceRequestEventId !== undefined && {
      complianceRequestEventId: complianceRequestEventId.toLowerCase(),
    }),
  })
  return yield* Pages.answer(page, ComplianceJson.event)
})

type Given = (typeof ComplianceBodies.NewRequests.Type)["items"][number]

/** The person that a request is about, as the item names it. */
const subjectOf = ({ concordId, projectUserId, userId }: Given) => {
  const subject = Exchange.present({ concordId: concordId?.toLowerCase(), projectUserId, userId })
  return Object.keys(subject).length === 0 ? {} : { subject }
}

const toNewRequest = (item: Given): NewRequest => {
  const { externalId, language, notes, preverified, regulation, requestDate } = item
  return {
    request: item.request,
    user: ComplianceBodies.userOf(item),
    ...Exchange.present({ captureUrl: item.captureUrl, externalId, language, notes, regulation, requestDate }),
    ...(item.requestDetails != null && { requestDetails: String(item.requestDetails) }),
    ...(preverified === true && { isPreverified: true }),
    ...subjectOf(item),
  }
}

/** Whether a key may erase in the whole organization: in it and in each project. */
const mayErase = (key: ApiKey): boolean =>
  [key.role, ...key.permissions.map(({ role }) => role)].every((role) => Role.may(role, "erase"))

/** Fails with 403 if an item says that identity was shown, and the key may not erase in the whole organization. */
const checkPreverified = (key: ApiKey, items: ReadonlyArray<Given>) => {
  const preverified = [...items.keys()].filter((index) => items[index]!.preverified === true)
  if (preverified.length === 0 || mayErase(key)) return Effect.void
  const detail = "needs a key that may erase in the whole organization: the request counts as if identity was shown"
  const errors = preverified.map((index) => ({ pointer: `/items/${index}/preverified`, code: "erase_needed", detail }))
  return new Answer.HttpProblem({ status: 403, detail: `a preverified request ${detail}`, errors })
}

/** The writes that an opened request is counted as: two facts, the request, its private part and its key. */
export const writesOfRequest = 5

const create = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const ledger = yield* Ledger
  const account = yield* Account.CurrentAccount
  const { key, scope } = yield* PathScope.current
  const body = yield* Answer.readBody(request)
  const idempotency = yield* IdempotencyKey.of(request, key.id, body)
  const decoded = yield* Effect.result(Answer.decode(decodeNew, body.json))
  if (Result.isFailure(decoded)) return yield* Effect.andThen(account.take({}), decoded.failure)
  const { items } = decoded.success
  yield* checkPreverified(key, items)
  const work = { items: items.length, writes: items.length * writesOfRequest }
  const open = ledger.compliance.open(scope, {
    opener: { _tag: "Key", id: key.id },
    items: items.map(toNewRequest),
    ...idempotency,
  })
  const isNo = items.every((item) => item.request === "do_not_sell")
  const outcome = yield* ComplianceOutcome.metered(open, work, isNo)
  const { isRepeated, requests } = yield* ComplianceOutcome.opened(outcome, (item, field) => `/items/${item}/${field}`)
  return Answer.json(Answer.list(requests.map(writeFor(key))), 201, IdempotencyKey.headers(isRepeated))
})

const find = Effect.fnUntraced(function* (id: string) {
  const ledger = yield* Ledger
  const { key, scope } = yield* PathScope.current
  if (!isUuid(id)) return yield* ComplianceOutcome.noRequest
  const found = yield* ledger.compliance.find(scope, id.toLowerCase())
  return Option.isNone(found) ? yield* ComplianceOutcome.noRequest : Answer.json(writeFor(key)(found.value))
})

type Change = typeof ComplianceBodies.RequestChange.Type

/** The members of a profile to correct. `null` removes one, so that it is not left out. */
const correctionOf = ({ address, ...names }: NonNullable<Change["changes"]>): Correction => {
  const given = { ...names, address: address && Exchange.present(address) }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

const erasureOf = ({ ground, scope }: NonNullable<Change["erasure"]>) =>
  scope === "full" ? { scope } : { scope, ground: ground ?? undefined }

const toChange = (fields: Change): WorkChange => {
  const { clarification, dataSystemTasks, denialGround, extension, notes, ordinal, reopen, status, verify } = fields
  const { apply, changes, erasure, resolution, resolutionStatus } = fields
  const withReason = (given: { readonly reason?: string | null } | null | undefined) =>
    given == null ? undefined : { reason: given.reason ?? "" }
  const tasks = dataSystemTasks?.map(({ completed, dataSystem, result }) => ({
    dataSystem: dataSystem.toLowerCase(),
    isCompleted: completed,
    ...(result != null && { result }),
  }))
  return Exchange.present({
    ordinal,
    notes,
    verify: withReason(verify),
    tasks,
    clarification: clarification == null ? undefined : clarification.ask === true ? "ask" : "done",
    question: clarification?.question,
    extension: withReason(extension),
    reopen: withReason(reopen),
    status,
    resolution: typeof resolution === "string" ? resolution : resolution?.[0],
    resolutionStatus,
    denialGround,
    erasure: erasure == null ? undefined : erasureOf(erasure),
    apply: apply === true ? apply : undefined,
    changes: changes == null ? undefined : correctionOf(changes),
  } as const)
}

const update = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, id: string) {
  const ledger = yield* Ledger
  const { key, scope } = yield* PathScope.current
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeChange)
  if (!isUuid(id)) return yield* ComplianceOutcome.noRequest
  yield* Account.take({ items: 1, writes: writesOfRequest })
  const worker = { keyId: key.id, ...(mayErase(key) && { mayErase: true as const }), ...idempotency }
  const outcome = yield* ledger.compliance.change(scope, id.toLowerCase(), toChange(fields), worker)
  const { isRepeated, request: changed } = yield* ComplianceOutcome.changed(outcome)
  return Answer.json(writeFor(key)(changed), 200, IdempotencyKey.headers(isRepeated))
})

const sendCode = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, id: string) {
  const ledger = yield* Ledger
  const { key, scope } = yield* PathScope.current
  yield* Answer.readBody(request, { absent: {} })
  yield* Account.take({ items: 1, writes: writesOfRequest })
  const outcome = yield* ledger.compliance.sendCode(scope, id, `key:${key.id}`)
  return Answer.json(writeFor(key)(yield* ComplianceOutcome.codeSent(outcome)), 202)
})

const buildPackage = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, id: string) {
  const ledger = yield* Ledger
  const { key, scope } = yield* PathScope.current
  yield* Answer.readBody(request, { absent: {}, mayBeEmpty: true })
  yield* Account.take({ items: 1, writes: writesOfRequest })
  const outcome = yield* ledger.compliance.package(scope, id)
  return Answer.json(writeFor(key)(yield* ComplianceOutcome.packageAccepted(outcome)), 202)
})

const noMail = new Answer.HttpProblem({ status: 404, detail: "there is no such mail" })

const noteBounce = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, id: string) {
  const { mails } = yield* Ledger
  const { key, scope } = yield* PathScope.current
  yield* Answer.readBody(request, { absent: {} })
  if (!isUuid(id)) return yield* noMail
  yield* Account.take({ items: 1, writes: writesOfRequest })
  const outcome = yield* mails.bounced([scope.project], id.toLowerCase(), `key:${key.id}`)
  if (outcome._tag !== "Changed") return yield* noMail
  const { createdAt, request: complianceRequestId, ...mail } = outcome.mail
  return Answer.json(
    JSON.stringify({
      id: mail.id,
      complianceRequestId,
      template: mail.template,
      state: mail.state,
      ...(mail.outcome !== undefined && { outcome: mail.outcome }),
      tries: mail.tries,
      dateCreated: Instant.format(createdAt),
    }),
  )
})

type Changed = Extract<WorkOutcome, { readonly _tag: "Changed" }>

/** Answers a request after a change of its files. */
const changedFiles =
  (status: number) =>
  <E, R>(change: Effect.Effect<Changed, E, R>) =>
    Effect.gen(function* () {
      const { key } = yield* PathScope.current
      const { isRepeated, request } = yield* change
      return Answer.json(writeFor(key)(request), status, IdempotencyKey.headers(isRepeated))
    })

/** The handlers of the group `compliance`. */
export const layer = HttpApiBuilder.group(Api, "compliance", (handlers) => {
  const files = ComplianceFiles.make()
  return handlers
    .handle("listOrganizationComplianceRequests", ({ query }) =>
      Answer.respond(Effect.flatMap(readable(query.projectIds), (projects) => list(projects, query))),
    )
    .handle("listComplianceRequests", ({ query }) =>
      Answer.respond(Effect.flatMap(PathScope.current, ({ scope }) => list([scope.project], query))),
    )
    .handleRaw("createComplianceRequests", ({ request }) => Answer.respond(create(request)))
    .handle("getComplianceRequest", ({ params }) => Answer.respond(find(params.id)))
    .handleRaw("updateComplianceRequest", ({ params, request }) => Answer.respond(update(request, params.id)))
    .handleRaw("sendComplianceCode", ({ params, request }) => Answer.respond(sendCode(request, params.id)))
    .handleRaw("buildCompliancePackage", ({ params, request }) => Answer.respond(buildPackage(request, params.id)))
    .handleRaw("attachComplianceFile", ({ params, query, request }) =>
      Answer.respond(changedFiles(201)(ComplianceFiles.attach(request, params.id, query, files))),
    )
    .handleRaw("downloadComplianceFile", ({ params, request }) =>
      Answer.respond(ComplianceFiles.download(request, params.id, params.fileId, files)),
    )
    .handleRaw("removeComplianceFile", ({ params, request }) =>
      Answer.respond(changedFiles(200)(ComplianceFiles.remove(request, params.id, params.fileId))),
    )
    .handleRaw("noteBouncedMail", ({ params, request }) => Answer.respond(noteBounce(request, params.mailId)))
    .handle("listOrganizationComplianceEvents", ({ query }) =>
      Answer.respond(Effect.flatMap(readable(undefined), (projects) => listEvents(projects, query))),
    )
    .handle("listComplianceEvents", ({ query }) =>
      Answer.respond(Effect.flatMap(PathScope.current, ({ scope }) => listEvents([scope.project], query))),
    )
})
