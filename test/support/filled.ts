/**
 * A ledger with rows in every table, made by the ledger's own use cases: two projects, versions with documents,
 * sessions, profiles, an erasure, used keys, idempotency records, changes without an event, compliance requests with
 * mails and files, a data system with a contact, and many events at few instants.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option, Stream } from "effect"
import * as Store from "../../apps/Store.ts"
import type { Organization, ProjectScope } from "../../core/model/Catalog.ts"
import * as ConsentState from "../../core/engine/ConsentState.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as LedgerContext from "../../core/ledger/LedgerContext.ts"
import * as MailEnding from "../../core/outbox/MailEnding.ts"
import { chunkBytes } from "../../core/ports/RequestFileStore.ts"
import { LedgerStore, type Session } from "../../core/ports/LedgerStore.ts"
import * as AttributeCatalogue from "../../rule-packs/attributes/AttributeCatalogue.ts"
import { wholePerson } from "./wholePerson.ts"
import * as TestKeys from "./keys.ts"

const instants = [Date.UTC(2024, 0, 31), Date.UTC(2024, 1, 29), Date.UTC(2024, 1, 29) + 1]

const items = (scope: ProjectScope, from: number, count: number) =>
  Array.from({ length: count }, (_, index) => {
    const n = from + index
    return {
      person: { userId: `person ${(n * 5) % 7}`, ...(n % 7 === 3 && { projectUserId: `customer ${(n * 5) % 7}` }) },
      consentType: scope.types.all[n % scope.types.all.length]!.id,
      consentState: ConsentState.all[(n >> 1) % 4]!,
      consentAction: "import" as const,
      consentDate: instants[n % 3]!,
      ...(n % 3 === 0 && { externalId: `“event” ${scope.project.id} ${n}` }),
      ...(n % 5 === 0 && { expirationDate: Date.UTC(2040, 0, 1) + n }),
    }
  })

const type = (label: string) => ({
  category: "custom",
  subcategory: "filled",
  label,
  name: "Ein “Übungs”-Typ 🙂",
  document: `# ${label}\n\nText`,
})

/** How many visitors there are, and how many events each records. */
const visitors = { count: 6, events: 4 }

/** The number of events that visitors record. */
export const eventsOfVisitors = visitors.count * visitors.events

/** A data system and two contacts, one of which is deleted again. */
const describe = Effect.fnUntraced(function* (organization: Organization) {
  const { dataSystems } = yield* Ledger.Ledger
  const answering = { answer: () => "" }
  const system = { name: "“Kasse”", status: "active", retention: "P2Y" } as const
  const created = yield* dataSystems.create(organization, system, answering)
  if (created._tag !== "Changed") return yield* Effect.die(created._tag)
  for (const [n, name] of ["First", "Second"].entries()) {
    const contact = {
      ...({ name, status: "active", family: "contact", dataSystems: [created.value.id] } as const),
      address: { email: `${n}@example.com` },
      contactType: AttributeCatalogue.of("contactType")[0]!.id,
    }
    const made = yield* dataSystems.createAttribute(organization, contact, answering)
    if (made._tag !== "Changed") return yield* Effect.die(made._tag)
    if (n === 1) yield* dataSystems.removeAttribute(organization, "contact", made.value.id, true, answering)
  }
})

const fill = Effect.fnUntraced(function* (events: number) {
  const ledger = yield* Ledger.Ledger
  const { apiKey, organization, project } = Option.getOrThrow(yield* ledger.found)
  const shop = Option.getOrThrow(yield* ledger.projectScope(project.id))
  yield* ledger.setup.createProject(organization, { name: "Blog", domains: [] }, { answer: () => "" })
  const blogId = [...(yield* ledger.catalog).projects.keys()].find((id) => id !== project.id)!
  const blog = Option.getOrThrow(yield* ledger.projectScope(blogId))
  for (const label of ["first", "second"]) yield* ledger.setup.createType(blog, type(label), { answer: () => "" })
  yield* describe(organization)
  yield* ledger.apiKey(apiKey)
  const submitter = organization.id
  for (const id of [shop.project.id, blog.project.id]) {
    const scope = Option.getOrThrow(yield* ledger.projectScope(id))
    for (let done = 0; done < events / 2; done += 20) {
      const idempotency = { caller: "test", key: `${id} ${done}`, credential: "", content: `${done}` }
      const recorded = yield* ledger.record({ ...scope, submitter, items: items(scope, done, 20), idempotency })
      if (recorded._tag !== "Recorded") return yield* Effect.die(recorded)
    }
  }
  yield* change(shop)
  const sessions: Array<Session> = []
  for (let visitor = 0; visitor < visitors.count; visitor++) {
    const geography = visitor % 2 === 0 ? { geography: "DE-BE", userAgent: "a browser" } : {}
    const opened = yield* ledger.openSession({ ...shop, ipAddress: "192.0.2.7", domain: "localhost", ...geography })
    if (opened._tag !== "Opened") return yield* Effect.die(opened._tag)
    const { session } = opened
    const said = items(shop, visitor, visitors.events).map((item) => ({
      ...item,
      person: { concordId: session.concordId },
    }))
    yield* ledger.record({ ...shop, submitter: session.concordId, session, items: said })
    const kept = yield* ledger.keepProfile({ ...shop, session, profile: { firstName: "Jo" }, identifiers: {} })
    if (kept._tag !== "ProfileKept") return yield* Effect.die(kept._tag)
    sessions.push(session)
  }
  yield* ask(shop, sessions)
  yield* join(shop, sessions)
  yield* erase(shop, sessions.at(-1)!)
})

/** Stores changes about the first people of some lanes, and one about no person; and the place of a scan. */
const change = Effect.fnUntraced(function* ({ organization, project, types }: ProjectScope) {
  const { feed, people } = yield* LedgerStore
  for (let n = 0; n < 2 * project.lanes; n += 1) {
    const lane = n % project.lanes
    const ends = yield* feed.ends(project)
    const [about] = yield* feed.people(project, lane, undefined, undefined, 1)
    const concordId = about?.concordId
    const { revision } = yield* people.person(organization, concordId ?? organization.id)
    const type = types.all[0]!.id
    const now = Math.max(...ends.map(({ lastRecordedAt }) => lastRecordedAt))
    const ofType = { at: now, consentType: type, body: '{"revision":1}' }
    const written = yield* feed.write({
      organization,
      project,
      seen: concordId === undefined ? [] : [{ concordId, revision }],
      lanes: [...new Set([0, lane, 15])].map((each) => ({ lane: each, position: ends[each]!.position })),
      recordedAt: now,
      changes: [
        { ...ofType, lane, type: "decision.changed", ...(concordId !== undefined && { concordId }) },
        { ...ofType, lane: 0, type: "type.changed" },
      ],
      places: [{ lane, name: `scan ${ends[lane]!.number}`, before: undefined, after: '{"lapse":1}' }],
    })
    if (written._tag !== "Written") return yield* Effect.die(written._tag)
  }
})

/** Opens compliance requests of visitors and of a server, and works on some of them. */
const ask = Effect.fnUntraced(function* (shop: ProjectScope, sessions: ReadonlyArray<Session>) {
  const { compliance } = yield* Ledger.Ledger
  const item = { user: { email: "jo@example.com" }, requestDetails: "“everything” 🙂", captureUrl: "http://localhost/" }
  for (const [index, session] of sessions.entries()) {
    const items = [{ ...item, request: (["view", "delete"] as const)[index % 2]! }]
    const opened = yield* compliance.open(shop, { opener: { _tag: "Visitor", session }, items })
    if (opened._tag !== "Opened") return yield* Effect.die(opened)
  }
  const items = [1, 2, 3].map((n) => ({ ...item, request: "change" as const, isPreverified: true, notes: `${n}` }))
  const opened = yield* compliance.open(shop, { opener: { _tag: "Key", id: shop.organization.id }, items })
  if (opened._tag !== "Opened") return yield* Effect.die(opened)
  const worker = { keyId: shop.organization.id }
  const denial = { status: "resolved", resolutionStatus: "denied", denialGround: "no_match", resolution: "no" } as const
  yield* attach(shop, opened.requests[0]!.id)
  yield* endMails(shop)
  for (const [index, { id }] of opened.requests.entries()) {
    const change = index === 0 ? { status: "acknowledged" as const } : denial
    const changed = yield* compliance.change(shop, id, change, worker)
    if (changed._tag !== "Changed") return yield* Effect.die(changed)
  }
})

/** Attaches files of one chunk and of two to a request, and leaves one that is not attached. */
const attach = Effect.fnUntraced(function* (shop: ProjectScope, id: string) {
  const { compliance } = yield* Ledger.Ledger
  const by = `key:${shop.organization.id}` as const
  for (const [size, isAttached] of [
    [7, true],
    [chunkBytes + 7, true],
    [9, false],
  ] as const) {
    const bytes = Stream.make(new Uint8Array(size).fill(0x61))
    const sent = { fileName: "“Übung”.txt", declaredType: "text/plain", bytes }
    const taken = yield* compliance.takeFile(shop, id, sent, by)
    if (taken._tag !== "Taken") return yield* Effect.die(taken)
    if (!isAttached) continue
    const attached = yield* compliance.attachFile(shop, taken.file, { isForRequester: true }, { by })
    if (attached._tag !== "Changed") return yield* Effect.die(attached)
  }
})

/** Ends some of the mails that wait, as sent and as failed. */
const endMails = Effect.fnUntraced(function* (shop: ProjectScope) {
  const context = yield* LedgerContext.make
  const { outbox } = context.store
  const mails = yield* outbox.list([shop.project], { state: "waiting" }, undefined, 100)
  for (const [index, mail] of mails.entries()) {
    if (index % 3 === 2) continue
    const ending = (
      [
        { to: "sent", outcome: "250" },
        { to: "failed", outcome: "550" },
      ] as const
    )[index % 3]!
    if (!(yield* MailEnding.write(shop, mail, ending, context))) return yield* Effect.die("the mail was changed")
  }
})

/** Erases a visitor. */
const erase = Effect.fnUntraced(function* (shop: ProjectScope, last: Session) {
  const ledger = yield* Ledger.Ledger
  const { concordId } = last
  const erased = yield* ledger.erase(shop.organization, { concordId, submitter: "test", reason: "request" })
  if (erased._tag !== "Erased") return yield* Effect.die(erased._tag)
})

/**
 * Identifies visitors as a known person and as two others, undoes the last identification, and renames an account.
 */
const join = Effect.fnUntraced(function* (shop: ProjectScope, sessions: ReadonlyArray<Session>) {
  const ledger = yield* Ledger.Ledger
  for (const [index, userId] of ["person 1", "person 1", "visitor", "stranger"].entries()) {
    const session = sessions[index]!
    const alias = Option.getOrThrow(yield* ledger.aliasOf(shop, { kind: "userId", value: userId, isHashed: false }))
    const evidence = { kind: alias.kind, issuedAt: instants[0]!, expiresAt: instants[1]! }
    const identified = yield* ledger.identify({ ...shop, session, alias, evidence, signed: session.id })
    if (identified._tag !== "Identified") return yield* Effect.die(identified._tag)
  }
  const { concordId } = sessions[3]!
  const { facts } = yield* wholePerson(shop.organization, concordId)
  const undone = yield* ledger.undoJoin(shop.organization, {
    concordId,
    factId: facts[0]!.id,
    submitter: "test",
    answer: () => "",
  })
  if (undone._tag !== "Undone") return yield* Effect.die(undone._tag)
  const names = { items: [{ userId: "person 2", newUserId: "renamed" }], submitter: "test", answer: () => "" }
  const renamed = yield* ledger.renameAccounts(shop.organization, names)
  if (renamed._tag !== "Renamed") return yield* Effect.die(renamed._tag)
})

/** Fills an empty store. */
export const fillLedger = (url: string, events = 400): Promise<void> => {
  const layer = Ledger.layer.pipe(
    Layer.provideMerge(Store.layer(url)),
    Layer.provideMerge(Layer.mergeAll(NodeCrypto.layer, TestKeys.layer)),
  )
  return Effect.runPromise(Effect.provide(fill(events), layer)).finally(() => TestKeys.writeNextToKept(url))
}
