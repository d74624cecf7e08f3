/**
 * The requests of clients, as the HTTP service hands them to the ledger, and what clients do without an answer: a
 * request with a key, or with an external id for every item, is sent again.
 */
import { Clock, Effect, Option } from "effect"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { Item } from "../../../core/model/Admission.ts"
import type { IdempotentRequest } from "../../../core/ledger/Idempotency.ts"
import type { Opened } from "../../../core/people/Sessions.ts"
import type { Identifiers, ReleasableKind } from "../../../core/model/People.ts"
import type { StoredEvent, StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
import type { Answer, Asked, Deed, Kind, Reply } from "./history.ts"
import type { Use } from "./process.ts"
import type { Action, Key, Saying, Who } from "./story.ts"
import { wholePerson } from "../../support/wholePerson.ts"

const hour = 3_600_000
const maxTries = 4

/** How far a client has followed the change feed, and the ids of what it got, in order. */
export interface Following {
  mark: string | undefined
  readonly got: Array<string>
}

/** A client, and what it knows. */
export interface Client {
  readonly name: string
  readonly site: ProjectScope
  readonly call: <A>(request: string, use: Use<A>) => Effect.Effect<Reply<A>>
  readonly now: () => number
  readonly trace: (line: string) => void
  readonly deeds: Array<Deed>
  /** All visitors with a session; every client knows all of them. */
  readonly visitors: Array<Opened>
  readonly following: Following
}

type Service = Ledger["Service"]
const noSession = { _tag: "NoSession" } as const

const brief = (reply: Reply<unknown>): string => (reply._tag === "Answered" ? JSON.stringify(reply.value) : reply._tag)

/** Sends a request until it is answered, if it may be sent again. */
const send = Effect.fnUntraced(function* <K extends Kind>(
  client: Client,
  kind: K,
  request: string,
  asked: Asked<K>,
  isSafe: boolean,
  use: Use<Answer<K>>,
) {
  const { call, deeds, now, trace } = client
  for (let tries = 0; tries < maxTries; tries++) {
    const deed = { kind, request, asked, invoked: now(), ended: Infinity, reply: { _tag: "Lost" } as Reply<Answer<K>> }
    deeds.push(deed as unknown as Deed)
    trace(`${client.name} sends ${request}`)
    const reply = yield* call(request, use)
    deed.reply = reply
    deed.ended = now()
    trace(`${client.name} gets of ${request} ${brief(reply)}`)
    if (reply._tag === "Answered" && reply.value._tag !== "UnderWay") return reply.value
    if (reply._tag !== "Answered" && !isSafe) return undefined
  }
  return undefined
})

/** The name of a request, and its key. Of two equal requests with the same key, one counts as the other one again. */
const naming = (kind: Kind, own: string, key: Key, content: unknown) => {
  if (key === undefined) return { request: own }
  const text = JSON.stringify([kind, content])
  const idempotency: IdempotentRequest = {
    caller: "clients",
    credential: "secret",
    key: key === "own" ? own : `shared ${key}`,
    content: text,
  }
  return { request: key === "own" ? own : `shared ${key} ${text}`, idempotency }
}

const identifiersOf = ({ account, email, user }: Who): Identifiers => ({
  ...(user !== undefined && { userId: `user ${user}` }),
  ...(account !== undefined && { projectUserId: `account ${account}` }),
  ...(email !== undefined && { email: `${email}@example.com` }),
})

const siteNow = Effect.fnUntraced(function* (ledger: Service, { project }: ProjectScope) {
  return Option.getOrThrow(yield* ledger.projectScope(project.id))
})

const at = <A>(all: ReadonlyArray<A>, index: number): A | undefined => all[index % all.length]

/** The identifiers of a person; `undefined` if it is a visitor and there is none. */
const named = (who: Who, { visitors }: Client): Identifiers | undefined => {
  if (who.visitor === undefined) return identifiersOf(who)
  const visitor = at(visitors, who.visitor)
  return visitor && { ...identifiersOf(who), concordId: visitor.session.concordId }
}

const itemOf = (saying: Saying, now: number, client: Client): Item | undefined => {
  const { ago, consentState, externalId, lasts, type, version, who } = saying
  const person = named(who, client)
  if (person === undefined) return undefined
  const consentDate = ago === undefined ? undefined : now - ago
  return {
    person,
    consentType: client.site.types.all[type]!.id,
    consentState,
    consentAction: "import",
    ...(version !== undefined && { version }),
    ...(consentDate !== undefined && { consentDate }),
    ...(lasts !== undefined && { expirationDate: (consentDate ?? now) + lasts + 60_000 }),
    ...(externalId !== undefined && { externalId: `external ${externalId}` }),
  }
}

/** One of two API keys, the same for every try of a request: external ids are unique for each. */
export const submitterOf = (request: string): string => `key ${request.length % 2}`

const record = Effect.fnUntraced(function* (client: Client, own: string, action: Action & { kind: "record" }) {
  const now = yield* Clock.currentTimeMillis
  const items = action.sayings.flatMap((saying) => itemOf(saying, now, client) ?? [])
  if (items.length === 0) return
  const sharedContacts = action.leavesOut ? ({ sharedContacts: "leave-out" } as const) : {}
  const { idempotency, request } = naming("record", own, action.key, [items, sharedContacts])
  // A refusal with the external id of another event is recorded without it, and again if it is sent again.
  const isFoundAgain = ({ consentState, externalId }: (typeof items)[number]) =>
    externalId !== undefined && consentState !== "declined"
  const isSafe = idempotency !== undefined || items.every(isFoundAgain)
  yield* send(client, "record", request, items, isSafe, (ledger) =>
    Effect.gen(function* () {
      const scope = yield* siteNow(ledger, client.site)
      return yield* ledger.record({
        ...scope,
        submitter: submitterOf(request),
        items,
        ...sharedContacts,
        ...(idempotency !== undefined && { idempotency }),
      })
    }),
  )
})

const visit = Effect.fnUntraced(function* (client: Client, own: string, action: Action & { kind: "visit" }) {
  const { site: scope, visitors } = client
  const contextId = `00000000-0000-4000-8000-00000000000${action.browser ?? 9}`
  const { idempotency, request } = naming("visit", own, action.key, action.browser)
  const opening = {
    ...scope,
    ipAddress: "192.0.2.7",
    domain: "localhost",
    ...(action.browser !== undefined && { contextId }),
    ...(idempotency !== undefined && { idempotency }),
  }
  const opened = yield* send(client, "visit", request, undefined, idempotency !== undefined, (ledger) =>
    ledger.openSession(opening),
  )
  if (opened?._tag === "Opened") visitors.push(opened)
})

const identify = Effect.fnUntraced(function* (client: Client, own: string, action: Action & { kind: "identify" }) {
  const visitor = at(client.visitors, action.visitor)
  if (visitor === undefined) return
  const now = yield* Clock.currentTimeMillis
  const { organization, project } = client.site
  const userId = `user ${action.user}`
  const signed = action.proof === "own" ? `${own} ${userId}` : `proof ${action.proof} ${userId}`
  const { idempotency, request } = naming("identify", own, action.key, [visitor.token, signed])
  const asked = { signed, guest: visitor.session.concordId }
  const answer = yield* send(client, "identify", request, asked, idempotency !== undefined, (ledger) =>
    Effect.gen(function* () {
      const before = yield* ledger.identifiedBefore(organization, idempotency)
      if (Option.isSome(before)) return before.value
      const session = yield* ledger.liveSession(project, visitor.token)
      if (Option.isNone(session)) return noSession
      const proven = { kind: "userId", value: userId, isHashed: false } as const
      const alias = Option.getOrThrow(yield* ledger.aliasOf(client.site, proven))
      const evidence = { kind: alias.kind, issuedAt: now, expiresAt: now + hour }
      const identification = { organization, project, session: session.value, alias, evidence, signed }
      const keyed = idempotency !== undefined && { idempotency }
      const identified = yield* ledger.identify({ ...identification, ...keyed })
      return identified._tag === "SessionEnded" ? noSession : identified
    }),
  )
  if (answer?._tag === "Identified") client.visitors.push({ ...visitor, token: answer.token })
})

const undo = Effect.fnUntraced(function* (client: Client, own: string, action: Action & { kind: "undo" }) {
  const { organization } = client.site
  const facts = yield* client.call(own, (ledger) =>
    Effect.gen(function* () {
      const found = yield* ledger.find(client.site, named(action.who, client) ?? identifiersOf({ user: 0 }))
      if (found._tag === "Refused" || found.concordId === undefined) return []
      const { facts } = yield* wholePerson(organization, found.concordId).pipe(Effect.provideService(Ledger, ledger))
      return facts.filter(({ kind }) => kind === "joined" || kind === "identified")
    }),
  )
  if (facts._tag !== "Answered") return
  const fact = at(facts.value, action.join)
  if (fact === undefined) return
  yield* send(client, "undo", own, fact.id, true, (ledger) =>
    ledger.undoJoin(organization, { concordId: fact.member, factId: fact.id, submitter: own, answer: () => "" }),
  )
})

/** The answer of a change without an idempotency key is not kept. */
const unanswered = { answer: () => "" }

const release = Effect.fnUntraced(function* (client: Client, own: string, action: Action & { kind: "release" }) {
  const { organization, project } = client.site
  const identifiers = identifiersOf(action.identifier)
  const [kind, value] = Object.entries(identifiers)[0] as [ReleasableKind, string]
  const { idempotency, request } = naming("release", own, action.key, identifiers)
  yield* send(client, "release", request, identifiers, idempotency !== undefined, (ledger) =>
    ledger.releaseIdentifier(organization, {
      identifier: { kind, value, project },
      reason: own,
      submitter: request,
      answer: ({ id }) => id,
      ...(idempotency !== undefined && { idempotency }),
    }),
  )
})

const rename = Effect.fnUntraced(function* (client: Client, own: string, action: Action & { kind: "rename" }) {
  const account = { userId: `user ${action.from}`, newUserId: `user ${action.to}` }
  const { idempotency, request } = naming("rename", own, action.key, account)
  yield* send(client, "rename", request, account, idempotency !== undefined, (ledger) =>
    ledger.renameAccounts(client.site.organization, {
      items: [account],
      submitter: request,
      ...unanswered,
      ...(idempotency !== undefined && { idempotency }),
    }),
  )
})

const publish = Effect.fnUntraced(function* (client: Client, own: string, action: Action & { kind: "publish" }) {
  const { types } = client.site
  const now = yield* Clock.currentTimeMillis
  const { ahead, graceMillis, isToCurrent, requireReaccept } = action
  const change = {
    description: own,
    requireReaccept,
    ...(ahead !== undefined && { publishedAt: now + ahead + 60_000 }),
    ...(graceMillis !== undefined && { grace: { months: 0, days: 0, millis: graceMillis } }),
    ...(isToCurrent && { version: 1 }),
  }
  yield* send(client, "publish", own, change, false, (ledger) =>
    ledger.setup.updateType(client.site, types.all[action.type]!.id, change, unanswered),
  )
})

/** Cancels the last version of a type, which may be planned. */
const cancel = (client: Client, own: string, { type }: Action & { kind: "cancel" }) => {
  const { project, types } = client.site
  const { id } = types.all[type]!
  return send(client, "cancel", own, id, false, (ledger) =>
    Effect.flatMap(ledger.catalog, ({ consentTypes }) => {
      const last = consentTypes.get(project.id)!.byId.get(id)!.versions.at(-1)!
      return ledger.setup.cancelVersion(client.site, id, last.id, unanswered)
    }),
  )
}

const archive = (client: Client, own: string, { isBack, type }: Action & { kind: "archive" }) => {
  const { types } = client.site
  const change = { status: isBack ? "active" : "archived" } as const
  return send(client, "archive", own, change, false, (ledger) =>
    ledger.setup.updateType(client.site, types.all[type]!.id, change, unanswered),
  )
}

const create = (client: Client, own: string, action: Action & { kind: "create" }) => {
  const label = `label ${action.label}`
  const fields = { category: "custom", subcategory: "made", label, name: label, description: own }
  const { idempotency, request } = naming("create", own, action.key, label)
  return send(client, "create", request, fields, idempotency !== undefined, (ledger) => {
    const again = { answer: ({ id }: { readonly id: string }) => id, ...(idempotency !== undefined && { idempotency }) }
    return ledger.setup.createType(client.site, fields, again)
  })
}

const remove = (client: Client, own: string, { type }: Action & { kind: "remove" }) => {
  const { id } = client.site.types.all[type]!
  return send(client, "remove", own, id, false, (ledger) => ledger.setup.removeType(client.site, id, unanswered))
}

/** Asks about the people that identifiers name, as of now or of an instant shortly before. */
export const decisionsOf = Effect.fnUntraced(function* (
  ledger: Service,
  scope: ProjectScope,
  identifiers: Identifiers,
  instants: { readonly at?: number; readonly knownAt?: number },
) {
  const found = yield* ledger.find(scope, identifiers)
  const { _tag, ...people } = found._tag === "Refused" ? { _tag: "Found", concordId: undefined } : found
  const { items } = yield* ledger.decisions({ ...scope, ...people, ...instants })
  const lines = items.map(({ decision, person, type }) => Exchange.decisionToLine(person.concordId, type, decision))
  return { _tag: "Read", lines } as const
})

const ask = Effect.fnUntraced(function* (client: Client, own: string, { ago, who }: Action & { kind: "ask" }) {
  const now = yield* Clock.currentTimeMillis
  const instant = ago === undefined ? undefined : now - ago
  const instants = instant === undefined ? {} : { at: instant, knownAt: instant }
  const identifiers = named(who, client) ?? identifiersOf({ user: 0 })
  yield* send(client, "ask", own, { instant, identifiers }, false, (ledger) =>
    decisionsOf(ledger, client.site, identifiers, instants),
  )
})

/** Reads a whole list, page by page. */
const listAll = Effect.fnUntraced(function* (ledger: Service, scope: ProjectScope, limit: number) {
  const events: Array<StoredEvent> = []
  let cursor: string | undefined
  for (;;) {
    const page = yield* ledger.list(scope, "asker", {
      limit,
      sort: "dateCreated",
      ...(cursor !== undefined && { cursor }),
    })
    if (page._tag === "UnknownCursor") return yield* Effect.die(new Error("a cursor is not known again"))
    events.push(...page.items)
    if (page.nextCursor === undefined) return { _tag: "Listed", total: page.total, events } as const
    cursor = page.nextCursor
  }
})

const list = (client: Client, own: string, { limit }: Action & { kind: "list" }) =>
  send(client, "list", own, undefined, false, (ledger) => listAll(ledger, client.site, limit))

/** Makes a scheduler look for what is due. It does so again, whether it is answered or not. */
const tick = ({ call }: Client, own: string) => call(own, (ledger) => ledger.scheduler.tick)

/** Follows the change feed by a page. Without an answer, the next page begins at the same mark. */
const follow = Effect.fnUntraced(function* (client: Client, own: string, { limit }: Action & { kind: "follow" }) {
  const { call, following, site } = client
  const query = { limit, ...(following.mark !== undefined && { after: following.mark }) }
  const page = yield* call(own, (ledger) =>
    Effect.catchTag(ledger.changes(site, query, { millis: 0 }), ["MarkLost", "UnknownMark"], Effect.die),
  )
  if (page._tag !== "Answered") return
  following.mark = page.value.mark
  following.got.push(...page.value.items.map(({ id }) => id))
})

const carryOut = (client: Client, own: string, action: Action): Effect.Effect<unknown, StoreUnavailable> => {
  switch (action.kind) {
    case "record":
      return record(client, own, action)
    case "visit":
      return visit(client, own, action)
    case "identify":
      return identify(client, own, action)
    case "undo":
      return undo(client, own, action)
    case "release":
      return release(client, own, action)
    case "rename":
      return rename(client, own, action)
    case "publish":
      return publish(client, own, action)
    case "cancel":
      return cancel(client, own, action)
    case "archive":
      return archive(client, own, action)
    case "create":
      return create(client, own, action)
    case "remove":
      return remove(client, own, action)
    case "ask":
      return ask(client, own, action)
    case "list":
      return list(client, own, action)
    case "tick":
      return tick(client, own)
    case "follow":
      return follow(client, own, action)
  }
}

/** Sends the requests of a client, one after the other. */
export const run = Effect.fnUntraced(function* (client: Client, actions: ReadonlyArray<Action>) {
  for (const [index, action] of actions.entries()) {
    yield* carryOut(client, `${client.name}.${index} ${action.kind}`, action)
  }
})
