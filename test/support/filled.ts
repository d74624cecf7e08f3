/**
 * A ledger with rows in every table, made by the ledger's own use cases: two projects, versions with documents,
 * sessions, profiles, an erasure, used keys, idempotency records, and many events at few instants.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import * as Store from "../../apps/Store.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import * as ConsentState from "../../core/engine/ConsentState.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { Session } from "../../core/ports/LedgerStore.ts"
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

const fill = Effect.fnUntraced(function* (events: number) {
  const ledger = yield* Ledger.Ledger
  const { apiKey, organization, project } = Option.getOrThrow(yield* ledger.found)
  const shop = Option.getOrThrow(yield* ledger.projectScope(project.id))
  yield* ledger.setup.createProject(organization, { name: "Blog", domains: [] }, { answer: () => "" })
  const blogId = [...(yield* ledger.catalog).projects.keys()].find((id) => id !== project.id)!
  const blog = Option.getOrThrow(yield* ledger.projectScope(blogId))
  for (const label of ["first", "second"]) yield* ledger.setup.createType(blog, type(label), { answer: () => "" })
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
  yield* join(shop, sessions)
  yield* erase(shop, sessions.at(-1)!)
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
  const layer = Ledger.layer.pipe(Layer.provide([Store.layer(url), NodeCrypto.layer, TestKeys.layer]))
  return Effect.runPromise(Effect.provide(fill(events), layer)).finally(() => TestKeys.writeNextToKept(url))
}
