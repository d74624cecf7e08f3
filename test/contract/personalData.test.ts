/**
 * Personal data apart: what is stored has commitments in their place, answers have them, and nothing waits for keys.
 */
import { createHash } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer, Option } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as MemoryKeys from "../../adapters/keys/MemoryKeys.ts"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Crypto from "../../apps/Crypto.ts"
import * as Store from "../../apps/Store.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as RecordedLine from "../../core/formats/RecordedLine.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import { Keys, KeysUnavailable } from "../../core/ports/Keys.ts"
import { type Append, LedgerStore, type Session } from "../../core/ports/LedgerStore.ts"
import * as Counting from "../support/counting.ts"
import { isLong } from "../support/long.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import * as TestKeys from "../support/keys.ts"

let postgres: Postgres | undefined
let folder: string
beforeAll(async () => {
  if (isLong) postgres = await startPostgres()
  folder = mkdtempSync(join(tmpdir(), "assent-personal-"))
})
afterAll(async () => {
  await postgres?.stop()
  rmSync(folder, { recursive: true })
})

/** Keys that can be taken away. */
const makeKeys = () => {
  const keys = MemoryKeys.make(TestKeys.keySet)
  let isAway = false
  const unlessAway = <A>(effect: Effect.Effect<A, KeysUnavailable>) =>
    Effect.suspend(() => (isAway ? Effect.fail(new KeysUnavailable({ reason: "taken away" })) : effect))
  const service: Keys["Service"] = {
    ...keys,
    epoch: unlessAway(keys.epoch),
    wrap: (by, key) => unlessAway(keys.wrap(by, key)),
    unwrap: (by, wrapped) => unlessAway(keys.unwrap(by, wrapped)),
  }
  return {
    service,
    take: () => {
      isAway = true
    },
    giveBack: () => {
      isAway = false
    },
    destroyAll: Effect.gen(function* () {
      const { number } = yield* keys.begin(Date.now(), Date.now())
      for (let epoch = 1; epoch < number; epoch++) yield* keys.destroy(epoch, Date.now())
    }),
  }
}

interface World {
  readonly scope: ProjectScope
  readonly counting: ReturnType<typeof Counting.over>
  readonly keys: ReturnType<typeof makeKeys>
  /** Runs as another process would, which holds no key and has opened nothing. */
  readonly elsewhere: <A, E>(use: Effect.Effect<A, E, Ledger.Ledger>) => Effect.Effect<A, unknown>
}

const run = <A>(
  store: Layer.Layer<LedgerStore, unknown>,
  use: (world: World) => Effect.Effect<A, unknown, Ledger.Ledger>,
) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const counting = Counting.over(yield* LedgerStore)
      const keys = makeKeys()
      const layer = Layer.fresh(Ledger.layer).pipe(
        Layer.provide([Layer.succeed(LedgerStore, counting.store), Layer.succeed(Keys, keys.service), Crypto.layer]),
      )
      const elsewhere: World["elsewhere"] = (other) => Effect.provide(other, Layer.fresh(layer))
      return yield* Effect.gen(function* () {
        const ledger = yield* Ledger.Ledger
        const { project } = Option.getOrThrow(yield* ledger.found)
        const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
        counting.reset()
        return yield* use({ scope, counting, keys, elsewhere })
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped, Effect.provide(store)),
  )

const inMemory = { memory: () => MemoryStore.layer }

/** A short run has the store in memory alone: the contract of the stores is tested elsewhere. */
const stores: Readonly<Record<string, () => Layer.Layer<LedgerStore, unknown>>> = isLong
  ? {
      ...inMemory,
      sqlite: () => Store.layer(`sqlite:${join(folder, `${Math.random()}.db`)}`),
      postgres: () =>
        Layer.unwrap(
          Effect.map(
            Effect.promise(() => postgres!.database()),
            Store.layer,
          ),
        ),
    }
  : inMemory

const userAgent = 'Mozilla/5.0 ("marker")'

const visit = Effect.fnUntraced(function* (scope: ProjectScope, idempotency?: string) {
  const ledger = yield* Ledger.Ledger
  const opened = yield* ledger.openSession({
    ...scope,
    ipAddress: "198.51.100.77",
    domain: "shop.example",
    geography: "DE-BE",
    userAgent,
    ...(idempotency !== undefined && {
      idempotency: { caller: "page", key: idempotency, credential: "", content: "" },
    }),
  })
  return opened._tag === "Opened" ? opened : yield* Effect.die(opened._tag)
})

const record = Effect.fnUntraced(function* (
  scope: ProjectScope,
  person: { readonly concordId?: string; readonly userId?: string; readonly email?: string },
  more: { readonly session?: Session; readonly externalId?: string; readonly sharedContacts?: "leave-out" } = {},
) {
  const ledger = yield* Ledger.Ledger
  const { session, sharedContacts, ...item } = more
  const outcome = yield* ledger.record({
    ...scope,
    submitter: "00000000-0000-4000-8000-000000000001",
    ...(session !== undefined && { session }),
    ...(sharedContacts !== undefined && { sharedContacts }),
    items: [
      {
        person,
        consentType: scope.types.all[0]!.id,
        consentState: "accepted",
        consentAction: "user_click",
        ...item,
      },
    ],
  })
  return outcome._tag === "Recorded" ? outcome.events[0]! : yield* Effect.die(outcome)
})

const identify = Effect.fnUntraced(function* (scope: ProjectScope, session: Session, userId: string) {
  const ledger = yield* Ledger.Ledger
  const alias = Option.getOrThrow(yield* ledger.aliasOf(scope, { kind: "userId", value: userId, isHashed: false }))
  const evidence = { kind: alias.kind, keyId: "marker key", issuedAt: 0, expiresAt: 9e12 }
  const identified = yield* ledger.identify({ ...scope, session, alias, evidence, signed: session.id })
  if (identified._tag !== "Identified") return yield* Effect.die(identified._tag)
  return Option.getOrThrow(yield* ledger.liveSession(scope.project, identified.token))
})

const exported = Effect.fnUntraced(function* (scope: ProjectScope) {
  const ledger = yield* Ledger.Ledger
  const all: Array<string> = []
  const { next } = yield* ledger.export(scope, {})
  for (let page = yield* next; page !== undefined; page = yield* next) all.push(...page.events.map(({ body }) => body))
  return all
})

const markers = ["198.51.100", "marker", "order 7"]

describe.each(Object.entries(stores))("Personal data apart, in %s", (_, store) => {
  test("are in answers, and in no stored body, session, fact or idempotency record", () =>
    run(store(), ({ counting, elsewhere, scope }) =>
      Effect.gen(function* () {
        const ledger = yield* Ledger.Ledger
        const key = crypto.randomUUID()
        const opened = yield* visit(scope, key)
        const { session } = opened
        const person = { concordId: session.concordId }
        const event = yield* record(scope, person, { session, externalId: "order 7" })
        const shown = {
          id: session.id,
          ipAddress: "198.51.100.0",
          domain: "shop.example",
          geography: "DE-BE",
          userAgent,
        }
        expect(JSON.parse(event.body)).toMatchObject({ session: shown, externalId: "order 7" })
        expect(Object.keys(JSON.parse(event.body).session)).toEqual(Object.keys(shown))
        const answers = Effect.gen(function* () {
          const { event: one, list, state } = yield* Ledger.Ledger
          const listed = yield* list(scope, "caller", {})
          const { items } = yield* state({ ...scope, concordId: session.concordId })
          const found = yield* one(scope.project, event.id)
          const page = "items" in listed ? listed.items : []
          return [found!.body, ...page.map(({ body }) => body), ...items.map((each) => each.event.body)]
        })
        for (const from of [answers, elsewhere(answers)]) {
          expect(yield* from).toEqual([event.body, event.body, event.body])
        }
        expect(yield* exported(scope)).toEqual([event.body])
        // Recorded again with the same external id, it is the same event with the same answer.
        expect((yield* record(scope, person, { session, externalId: "order 7" })).body).toBe(event.body)

        const next = yield* identify(scope, session, "gus")
        expect(next).toMatchObject({ ipAddress: "198.51.100.0", userAgent })
        const { store } = counting
        const [stored] = yield* store.events.byId(scope.project, [event.id])
        const kept = yield* store.sessions.byToken(next.tokenHash)
        const [facts] = yield* store.people.facts(scope.organization, [{ concordId: next.concordId, from: 0 }], 10)
        const hash = createHash("sha256").update(`page\0${key}`).digest("hex")
        const answered = yield* store.idempotencyRecord(scope.organization, hash)
        expect(answered!.answer).toContain(session.id)
        const text = JSON.stringify([stored, kept, facts, answered])
        for (const marker of [...markers, "ipAddress", 'tokenHash":"x', '"alias"', '"evidence"'])
          expect(text).not.toContain(marker)
        const repeated = yield* visit(scope, key)
        expect(repeated).toEqual({ ...opened, isRepeated: true })
        const read = yield* ledger.person(scope.organization, next.concordId, { caller: "caller" })
        expect(read).toMatchObject({ facts: [{ evidence: { keyId: "marker key" } }, { evidence: { issuedAt: 0 } }] })
      }),
    ))

  test("of a session are in it alone, until something is recorded in it: then its events keep them", () =>
    run(store(), ({ counting, elsewhere, scope }) =>
      Effect.gen(function* () {
        const { store: stored } = counting
        const partsOf = ({ concordId }: Session) => stored.personal.partsOf(scope.organization, concordId, undefined, 9)
        const [{ session: silent }, { session, token }] = [yield* visit(scope), yield* visit(scope)]
        const event = yield* record(scope, { concordId: session.concordId }, { session })
        expect([yield* partsOf(silent), (yield* partsOf(session)).map(({ kind }) => kind)]).toEqual([[], ["session"]])
        // Another process reads the session, which holds its own, and records in it: the same part again.
        const [part] = yield* partsOf(session)
        const again = Effect.gen(function* () {
          const ledger = yield* Ledger.Ledger
          counting.reset()
          const live = Option.getOrThrow(yield* ledger.liveSession(scope.project, token))
          expect(live).toMatchObject({ ipAddress: "198.51.100.0", userAgent })
          expect([...counting.count.byName.keys()].filter((name) => name.startsWith("personal."))).toEqual([
            "personal.keys",
          ])
          return yield* record(scope, { concordId: session.concordId }, { session: live })
        })
        const other = yield* elsewhere(again)
        expect(yield* partsOf(session)).toEqual([part])
        // It is removed a day after its end, as any that is opened then removes those of its lane.
        const tokens = [silent, session].map(({ tokenHash }) => `${"0".repeat(60)}${tokenHash.slice(-4)}`)
        const expiresAt = session.expiresAt + 2 * 24 * 60 * 60 * 1000
        for (const tokenHash of tokens) {
          const { commitment, concordId, domain, id, project } = silent
          const change = { organization: scope.organization, seen: [], claims: [], releases: [], facts: [] }
          const last = { commitment, concordId, domain, id, project, tokenHash, expiresAt }
          expect(yield* stored.people.change({ ...change, session: last })).toBe("kept")
        }
        for (const { tokenHash } of [silent, session]) expect(yield* stored.sessions.byToken(tokenHash)).toBeUndefined()
        for (const { body, id } of [event, other]) {
          const read = elsewhere(Effect.flatMap(Ledger.Ledger, (ledger) => ledger.event(scope.project, id)))
          expect((yield* read)!.body).toBe(body)
          expect(JSON.parse(body).session).toMatchObject({ ipAddress: "198.51.100.0", userAgent })
        }
      }),
    ))

  test("of a session are brought by the first append of a process in it, and by no other", () =>
    run(store(), ({ counting, scope }) =>
      Effect.gen(function* () {
        const ledger = yield* Ledger.Ledger
        const { session, token } = yield* visit(scope)
        const brought: Array<number> = []
        for (let count = 0; count < 3; count++) {
          const live = Option.getOrThrow(yield* ledger.liveSession(scope.project, token))
          yield* record(scope, { concordId: session.concordId }, { session: live })
          brought.push((counting.count.given.get("events.append") as Append).personal?.parts.length ?? 0)
        }
        expect(brought).toEqual([1, 0, 0])
      }),
    ))

  test("cost no statement where there are none, nor where they were seen a moment ago", () =>
    run(store(), ({ counting, elsewhere, scope }) =>
      Effect.gen(function* () {
        const ledger = yield* Ledger.Ledger
        const asked = () => [...counting.count.byName].filter(([name]) => name.startsWith("personal."))
        const plain = yield* record(scope, { userId: "gus" })
        yield* ledger.list(scope, "caller", {})
        yield* ledger.event(scope.project, plain.id)
        expect(asked()).toEqual([])
        const { session, token } = yield* visit(scope)
        counting.reset()
        for (let count = 0; count < 3; count++) {
          yield* ledger.liveSession(scope.project, token)
          yield* record(scope, { concordId: session.concordId }, { session })
          yield* ledger.list(scope, "caller", {})
        }
        expect(asked()).toEqual([])
        // The answer to an external id that is recorded is not read, and a new person has no key that could be read.
        yield* record(scope, { userId: "another" }, { externalId: "order" })
        expect(asked()).toEqual([])
        // Another process reads the personal data of a page once.
        for (let count = 0; count < 3; count++)
          yield* record(scope, { userId: "gus" }, { externalId: `order ${count}` })
        counting.reset()
        yield* elsewhere(Effect.flatMap(Ledger.Ledger, ({ list }) => list(scope, "caller", {})))
        expect(asked()).toEqual([["personal.parts", 1]])
      }),
    ))

  test("are left out while the keys are away: everything is recorded and answered, and a profile is refused", () =>
    run(store(), ({ elsewhere, keys, scope }) =>
      Effect.gen(function* () {
        const { session: before } = yield* visit(scope)
        const old = yield* record(scope, { concordId: before.concordId }, { session: before, externalId: "order 1" })
        yield* elsewhere(
          Effect.gen(function* () {
            const ledger = yield* Ledger.Ledger
            keys.take()
            const { session, token } = yield* visit(scope)
            const person = { concordId: session.concordId }
            const event = yield* record(scope, person, { session, externalId: "order 7" })
            const answer = JSON.parse(event.body)
            expect(answer.erased).toBe(true)
            expect(answer.session).toEqual({ id: session.id, domain: "shop.example", geography: "DE-BE" })
            expect(answer.externalId).toBeUndefined()
            // The same request again is the same event all the same.
            expect((yield* record(scope, person, { session, externalId: "order 7" })).id).toBe(event.id)
            expect(JSON.parse((yield* ledger.event(scope.project, old.id))!.body).erased).toBe(true)
            expect(Option.isSome(yield* ledger.liveSession(scope.project, token))).toBe(true)
            const next = yield* identify(scope, session, "gus")
            const profile = { profile: { firstName: "Gus" }, identifiers: {} }
            const refused = yield* Effect.flip(ledger.keepProfile({ ...scope, session: next, ...profile }))
            expect(refused._tag).toBe("StoreUnavailable")
            expect((yield* Effect.flip(exported(scope)))._tag).toBe("StoreUnavailable")
            keys.giveBack()
            expect((yield* ledger.keepProfile({ ...scope, session: next, ...profile }))._tag).toBe("ProfileKept")
            expect((yield* ledger.event(scope.project, old.id))!.body).toBe(old.body)
            // What was left out stays out.
            expect((yield* ledger.event(scope.project, event.id))!.body).toBe(event.body)
          }),
        )
      }),
    ))

  test("of an identification are needed to undo it: it is refused while the keys are away", () =>
    run(store(), ({ elsewhere, keys, scope }) =>
      Effect.gen(function* () {
        const { organization } = scope
        const { session } = yield* visit(scope)
        const next = yield* identify(scope, session, "gus")
        const named = Effect.flatMap(Ledger.Ledger, (ledger) => ledger.find(scope, { userId: "gus" }))
        expect(yield* named).toMatchObject({ concordId: next.concordId })
        const undo = Effect.gen(function* () {
          const ledger = yield* Ledger.Ledger
          const read = yield* ledger.person(organization, next.concordId, { caller: "caller" })
          const { id: factId } = ("facts" in read ? read.facts : []).find(({ kind }) => kind === "identified")!
          const about = { concordId: next.concordId, factId, submitter: "key", answer: JSON.stringify }
          const idempotency = { caller: "key", key: "1", credential: "", content: "" }
          return yield* ledger.undoJoin(organization, { ...about, idempotency })
        })
        yield* elsewhere(
          Effect.gen(function* () {
            keys.take()
            expect((yield* Effect.flip(undo))._tag).toBe("StoreUnavailable")
            keys.giveBack()
            const undone = yield* undo
            expect(undone._tag).toBe("Undone")
            const repeated = yield* undo
            expect("answer" in repeated && JSON.parse(repeated.answer)).toEqual("person" in undone && undone.person)
          }),
        )
        expect(yield* named).toMatchObject({ concordId: undefined })
      }),
    ))

  test("of an identification that were left out are not needed: what it gave is known by its instant", () =>
    run(store(), ({ elsewhere, keys, scope }) =>
      elsewhere(
        Effect.gen(function* () {
          const ledger = yield* Ledger.Ledger
          keys.take()
          const { session } = yield* visit(scope)
          const next = yield* identify(scope, session, "gus")
          keys.giveBack()
          const read = yield* ledger.person(scope.organization, next.concordId, { caller: "caller" })
          const { id: factId } = ("facts" in read ? read.facts : []).find(({ kind }) => kind === "identified")!
          const about = { concordId: next.concordId, factId, submitter: "key", answer: JSON.stringify }
          const undone = yield* ledger.undoJoin(scope.organization, about)
          expect(undone).toMatchObject({ _tag: "Undone", person: { members: [next.concordId] } })
          expect(yield* ledger.find(scope, { userId: "gus" })).toMatchObject({ concordId: undefined })
        }),
      ),
    ))

  test("of facts are there in answers, and are found again: a shared contact is noted once", () =>
    run(store(), ({ counting, elsewhere, keys, scope }) =>
      Effect.gen(function* () {
        const { organization } = scope
        const first = yield* record(scope, { userId: "one", email: "a@shop.example" })
        const other = { userId: "two", email: "a@shop.example" }
        const shared = Effect.gen(function* () {
          yield* record(scope, other, { sharedContacts: "leave-out" })
          const places = [{ concordId: first.concordId, from: 0 }]
          const [facts] = yield* counting.store.people.facts(organization, places, 10)
          return facts!.filter(({ kind }) => kind === "shared").length
        })
        yield* elsewhere(
          Effect.gen(function* () {
            expect([yield* shared, yield* shared]).toEqual([1, 1])
          }),
        )
        yield* elsewhere(
          Effect.gen(function* () {
            keys.take()
            expect(yield* shared).toBe(1)
            keys.giveBack()
            expect(yield* shared).toBe(1)
          }),
        )
        const ledger = yield* Ledger.Ledger
        const releasing = {
          identifier: { kind: "email", value: "a@shop.example" } as const,
          reason: "marker reason",
          submitter: "key",
          answer: JSON.stringify,
          idempotency: { caller: "key", key: "2", credential: "", content: "" },
        }
        const released = yield* ledger.releaseIdentifier(organization, releasing)
        const repeated = yield* ledger.releaseIdentifier(organization, releasing)
        expect(released).toMatchObject({ _tag: "Released", fact: { reason: "marker reason" } })
        expect("answer" in repeated && JSON.parse(repeated.answer)).toMatchObject({ reason: "marker reason" })
        const read = yield* ledger.person(organization, first.concordId, { caller: "caller" })
        expect(read).toMatchObject({ facts: [{ kind: "shared" }, { kind: "released", reason: "marker reason" }] })
      }),
    ))

  test("of an export are encrypted again; one without them is answered as before", () =>
    run(store(), ({ counting, elsewhere, keys, scope }) =>
      Effect.gen(function* () {
        const { session } = yield* visit(scope)
        const { session: other } = yield* visit(scope)
        for (let count = 0; count < 3; count++)
          yield* record(scope, { concordId: session.concordId }, { session, externalId: `order ${count}` })
        yield* record(scope, { concordId: other.concordId }, { session: other })
        yield* record(scope, { userId: "gus" })
        const whole = yield* exported(scope)
        yield* keys.destroyAll
        const erased = yield* elsewhere(exported(scope))
        expect(erased.filter((body) => JSON.parse(body).erased === true)).toHaveLength(whole.length - 1)
        const { organizations, projects } = yield* counting.store.catalog.current
        for (const bodies of [whole, erased]) {
          const again = yield* Effect.promise(() => restored(bodies, { organizations, projects, scope }))
          expect(again).toEqual({ fates: ["recorded", "known"], bodies, whole: "known", erased: "known" })
        }
        async function restored(
          bodies: ReadonlyArray<string>,
          ledger: { readonly scope: ProjectScope } & Pick<
            Effect.Success<typeof counting.store.catalog.current>,
            "organizations" | "projects"
          >,
        ) {
          return await run(MemoryStore.layer, ({ counting: { store } }) =>
            Effect.gen(function* () {
              const { restoreBlock } = yield* Ledger.Ledger
              const { revision } = yield* store.catalog.current
              const entries = {
                organizations: [...ledger.organizations.values()],
                projects: [...ledger.projects.values()],
                consentTypes: [...ledger.scope.types.byId.values()],
              }
              expect(yield* store.catalog.change({ revision, entries, documents: [] })).toBe("kept")
              const fate = Effect.fnUntraced(function* (all: ReadonlyArray<string>) {
                const fates = yield* restoreBlock({ ...ledger.scope, lines: all.map(lineOf) })
                return fates.every((each) => each === fates[0]) ? fates[0] : fates
              })
              const fates = [yield* fate(bodies), yield* fate(bodies)]
              const answered = yield* exported(ledger.scope)
              return { fates, bodies: answered, whole: yield* fate(whole), erased: yield* fate(erased) }
            }),
          )
        }
      }),
    ))
})

const decodeLine = Exchange.decoder(RecordedLine.RecordedLine)

const lineOf = (body: string): RecordedLine.Line => {
  const decoded = decodeLine(JSON.parse(body))
  if (decoded._tag === "Failure") throw new Error(JSON.stringify(decoded.failure))
  return decoded.success
}
