/**
 * The access package of a `view`: what is in it and what is not, that the same ledger makes the same bytes, and that
 * nothing half built is ever seen.
 */
import { createHash } from "node:crypto"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Fiber, Layer, Option, type Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as AccessPackage from "../../core/access-package/AccessPackage.ts"
import { entryNames } from "../../core/access-package/PackageWords.ts"
import { id as ledgerTask } from "../../core/data-systems/LedgerSystem.ts"
import * as LedgerContext from "../../core/ledger/LedgerContext.ts"
import * as PackageQueue from "../../core/ledger/PackageQueue.ts"
import * as HeldData from "../../core/people/HeldData.ts"
import { Keys } from "../../core/ports/Keys.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as Packages from "../support/compliance/packages.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"
import * as Surface from "../support/people/surface.ts"

const start = Date.UTC(2026, 10, 30, 12)

const run = <A>(program: Effect.Effect<A, unknown, Layer.Success<typeof layer> | Scope.Scope>): Promise<A> =>
  Effect.andThen(TestClock.setTime(start), program).pipe(
    Effect.provide(layer),
    Effect.provide(TestClock.layer()),
    Effect.scoped,
    Effect.runPromise,
  )

const layer = Ledger.layer.pipe(
  Layer.provideMerge(Layer.sync(Keys, TestKeys.make)),
  Layer.provideMerge(MemoryStore.layer),
  Layer.provideMerge(NodeCrypto.layer),
)

const answer = (person: object, consentState: "accepted" | "declined", type = "newsletter") => ({
  project: "p",
  person,
  type,
  consentState,
  consentDate: start,
})

const ann = { email: "a@example.com" }

/** Waits for something that other fibers do. */
const until = (isSo: Effect.Effect<boolean, unknown>) =>
  Effect.gen(function* () {
    for (let turns = 0; turns < 2000; turns++) {
      if (yield* isSo) return
      yield* turn
    }
    expect.fail("nothing was built")
  })

/** A turn of the event loop, in which other fibers go on. */
const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

const members = times(100, 1000)

describe("What is in it", () => {
  test("every file in its order, with digests and sizes in the manifest that are those of the bytes", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        yield* play.surface.record([answer(ann, "accepted"), answer(ann, "declined", "analytics")], "leave-out")
        const { id } = yield* Packages.view(play)
        const texts = yield* Packages.builtTexts(play, id)
        expect([...texts.keys()]).toEqual(entryNames.filter((name) => name !== "files/"))
        const manifest = JSON.parse(texts.get("manifest.json")!)
        expect(manifest).toMatchObject({
          schema: "assent/access-package@1",
          request: id,
          isAnythingHeld: true,
          knownAt: "2026-11-30T12:00:00.000Z",
          notIncluded: [{ name: "systems.json" }],
        })
        const names = manifest.entries.map(({ name }: { readonly name: string }) => name)
        expect(names).toEqual([...texts.keys()].slice(0, -1))
        for (const { name, sha256, size } of manifest.entries) {
          const text = texts.get(name)!
          expect([name, Buffer.byteLength(text)]).toEqual([name, size])
          expect([name, createHash("sha256").update(text).digest("hex")]).toEqual([name, sha256])
        }
      }),
    ))

  test("the events, the decisions, the texts of the versions that were answered, and the kinds of identifiers", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        yield* play.surface.record([answer(ann, "accepted"), answer(ann, "declined", "analytics")], "leave-out")
        yield* play.surface.record([{ ...answer(ann, "declined"), project: "q" }], "leave-out")
        yield* play.surface.record([answer({ email: "b@example.com" }, "accepted")], "leave-out")
        const texts = yield* Packages.builtTexts(play, (yield* Packages.view(play)).id)
        const states = Packages.itemsOf(texts, "events.ndjson").map(({ consentState, label }) => [label, consentState])
        expect(states.toSorted()).toEqual([
          ["analytics", "declined"],
          ["newsletter", "accepted"],
          ["newsletter", "declined"],
        ])
        const decisions = Packages.itemsOf(texts, "decisions.json")
        expect(new Set(decisions.map(({ project }) => project)).size).toBe(2)
        expect(decisions.filter(({ status }) => status !== "unknown")).toHaveLength(3)
        const types = Packages.itemsOf(texts, "consent-types.json")
        expect(types.flatMap(({ versions }) => versions.map(({ name }: { readonly name: string }) => name))).toEqual([
          ...Array.from({ length: 3 }, () => expect.any(String)),
        ])
        expect(Packages.itemsOf(texts, "identifiers.json").map(({ kind }) => kind)).toEqual(["email"])
        expect([...texts.values()].join("")).not.toContain("b@example.com")
      }),
    ))

  test("the texts in the languages that the events say they were shown in, and in no others", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { ledger, scope } = play
        const type = scope.types.all.find(({ label }) => label === "newsletter")!
        const give = (language: string) =>
          ledger.setup.giveTranslation(
            scope,
            { consentType: type.id, version: "1", language },
            { name: `Name in ${language}`, description: "d", document: `Document in ${language}` },
            { answer: () => "" },
          )
        for (const language of ["de", "fr"]) expect((yield* give(language))._tag).toBe("Changed")
        const yes = {
          person: ann,
          consentType: type.id,
          consentState: "accepted",
          consentAction: "user_click",
        } as const
        yield* ledger.record({ ...scope, submitter: "server", items: [{ ...yes, language: "de" }, yes] })
        const texts = yield* Packages.builtTexts(play, (yield* Packages.view(play)).id)
        expect(
          Packages.itemsOf(texts, "events.ndjson")
            .map(({ language }) => language ?? null)
            .toSorted(),
        ).toEqual(["de", null])
        const { versions } = Packages.itemsOf(texts, "consent-types.json")[0]!
        expect(versions).toEqual([
          {
            ...{
              version: 1,
              publishedAt: expect.any(String),
              name: expect.any(String),
              description: expect.any(String),
            },
            translations: [{ language: "de", name: "Name in de", description: "d", document: "Document in de" }],
          },
        ])
      }),
    ))

  test("the request itself and the others, without notes, keys of staff, hashes and what another person sent", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { ledger, scope } = play
        yield* play.surface.record([answer(ann, "accepted")], "leave-out")
        const { concordId } = yield* Surface.expected(yield* ledger.find(scope, ann), "Found")
        const asked = { requestDetails: "my data", notes: "a secret note", externalId: "own id" }
        const { id } = yield* Packages.view(play, asked)
        const other = yield* Packages.view(play, { request: "change", subject: { concordId: concordId! }, user: {} })
        yield* ledger.compliance.change(scope, other.id, { notes: "another secret" }, { keyId: "staffs-key" })
        const texts = yield* Packages.builtTexts(play, id)
        const requests = Packages.itemsOf(texts, "compliance-requests.json")
        expect(requests.map((each) => each.id)).toEqual([id, other.id])
        expect(requests[0]).toMatchObject({ requestDetails: "my data", user: ann, subject: concordId })
        expect(requests[0].facts.map(({ by, event }: Record<string, string>) => [event, by])).toEqual([
          ["opened", "staff"],
        ])
        const whole = [...texts.values()].join("")
        for (const hidden of [
          "a secret note",
          "another secret",
          "staffs-key",
          "11111111-1111-7111-8111-111111111111",
          "codeHash",
        ]) {
          expect([hidden, whole.includes(hidden)]).toEqual([hidden, false])
        }
      }),
    ))

  test("of a subject that is not known, the request alone, and a page that says that nothing is held", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { id } = yield* Packages.view(play, { user: { email: "new@example.com" }, language: "fr-CA" })
        const texts = yield* Packages.builtTexts(play, id)
        expect(JSON.parse(texts.get("manifest.json")!)).toMatchObject({ isAnythingHeld: false, concordId: null })
        expect(texts.get("index.html")).toContain("Rien n’est conservé à votre sujet")
        expect(texts.get("index.html")).toContain('<html lang="fr">')
        expect(Packages.itemsOf(texts, "compliance-requests.json").map((each) => each.id)).toEqual([id])
        expect(texts.get("events.ndjson")).toBe("")
        const { state } = yield* Packages.found(play, id)
        expect(state.tasks).toEqual([{ dataSystem: ledgerTask, result: "no_records" }])
      }),
    ))

  test(
    `of a person joined of ${members} members, all of them`,
    () =>
      run(
        Effect.gen(function* () {
          const play = yield* Plays.make
          yield* play.surface.record([answer({ userId: "account" }, "accepted")], "leave-out")
          for (let guest = 0; guest < members - 1; guest++) {
            const visitor = yield* play.surface.visit
            if (guest % (members / 10) === 0) {
              yield* play.surface.record([answer({ concordId: visitor.concordId }, "declined")], "leave-out")
            }
            yield* play.surface.identify(visitor, { userId: "account" })
          }
          const { concordId } = yield* Surface.expected(
            yield* play.ledger.find(play.scope, { userId: "account" }),
            "Found",
          )
          const { id } = yield* Packages.view(play, { subject: { userId: "account" }, user: {} })
          const texts = yield* Packages.builtTexts(play, id)
          const joins = JSON.parse(texts.get("joins.json")!)
          expect(joins.concordId).toBe(concordId)
          expect(joins.people.length).toBeGreaterThanOrEqual(members - 1)
          expect(Packages.itemsOf(texts, "events.ndjson")).toHaveLength(11)
          expect(Buffer.byteLength(texts.get("index.html")!)).toBeLessThan(200_000)
        }),
      ),
    60_000,
  )
})

describe("How it is built", () => {
  test("the same ledger makes the same bytes, and a later day other ones", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        yield* play.surface.record([answer(ann, "accepted"), answer(ann, "declined", "analytics")], "leave-out")
        const { id, state } = yield* Packages.view(play)
        const context = yield* LedgerContext.make
        const { organization, project } = play.scope
        const stored = (yield* context.store.compliance.request(project, id))!
        const { concordId } = yield* Surface.expected(yield* play.ledger.find(play.scope, ann), "Found")
        const people = yield* HeldData.open(organization, concordId!, context)
        const request = { stored, project, row: undefined, data: undefined }
        const make = Effect.fnUntraced(function* (knownAt: number) {
          const input = { scope: play.scope, request, state, people, files: [], knownAt }
          return Buffer.concat(yield* Stream.runCollect(AccessPackage.make(input, context)))
        })
        const first = yield* make(start)
        expect(yield* make(start)).toEqual(first)
        expect(yield* make(start + 86_400_000)).not.toEqual(first)
      }),
    ))

  test("it is a file of the request, does the task of the ledger, and replaces the one before it", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { requestFiles } = yield* LedgerStore
        const { id } = yield* Packages.view(play)
        yield* Packages.build(play, id)
        const { state } = yield* Packages.found(play, id)
        expect(state.tasks).toEqual([{ dataSystem: ledgerTask, result: "no_records" }])
        const [{ file, sha256, type }] = state.files as [(typeof state.files)[0] & {}]
        expect(type).toBe("application/zip")
        const bytes = yield* Packages.bytesOf(play, id)
        expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256)
        yield* Packages.build(play, id)
        const after = yield* Packages.found(play, id)
        expect(after.state.files.map((each) => each.file === file)).toEqual([false])
        expect(after.privateData?.files).toHaveLength(1)
        expect(yield* requestFiles.chunk(play.scope.project, id, file, 0)).toBeUndefined()
        const kinds = (yield* Plays.factsOf(play, id)).map(({ kind }) => kind)
        expect(kinds.filter((kind) => kind === "packaged")).toHaveLength(2)
        expect(kinds.filter((kind) => kind === "file_removed")).toHaveLength(1)
      }),
    ))

  test("one that is too large leaves nothing, and asking again is answered with it until the request changes", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { ledger, scope } = play
        const { requestFiles } = yield* LedgerStore
        const { id } = yield* Packages.view(play)
        expect(yield* Packages.build(play, id, { zipped: 1000, entry: 1000 })).toBe("TooLarge")
        expect(yield* requestFiles.abandoned(Infinity, 10)).toEqual([])
        expect((yield* Packages.found(play, id)).state.files).toEqual([])
        expect(yield* ledger.compliance.package(scope, id)).toMatchObject({ code: "package_too_large" })
        yield* ledger.compliance.change(scope, id, { notes: "asked again" }, { keyId: "k" })
        expect((yield* ledger.compliance.package(scope, id))._tag).toBe("Accepted")
      }),
    ))

  test("one whose building was interrupted is not seen, leaves nothing, and is built when it is asked for again", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { requestFiles } = yield* LedgerStore
        yield* play.surface.record([answer(ann, "accepted")], "leave-out")
        const { id } = yield* Packages.view(play)
        for (let turns = 0; turns < 12; turns++) {
          const building = yield* Effect.forkChild(Packages.build(play, id))
          for (let taken = 0; taken < turns; taken++) yield* turn
          yield* Fiber.interrupt(building)
          const { state } = yield* Packages.found(play, id)
          const attached = yield* Effect.forEach(state.files, ({ file }) =>
            requestFiles.chunk(play.scope.project, id, file, 0),
          )
          expect(attached.every((chunk) => chunk !== undefined)).toBe(true)
          expect(yield* requestFiles.abandoned(Infinity, 10)).toEqual([])
        }
        expect(yield* Packages.build(play, id)).toBe("Built")
      }),
    ))
})

describe("For which requests", () => {
  test("only a view, whose requester has shown identity, that is open", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { ledger, scope } = play
        const codeOf = Effect.fnUntraced(function* (id: string) {
          const outcome = yield* ledger.compliance.package(scope, id)
          expect(yield* Packages.build(play, id)).toBe(outcome._tag === "Accepted" ? "Built" : "Dropped")
          return outcome._tag === "Refused" ? outcome.code : outcome._tag
        })
        expect(yield* codeOf((yield* Packages.view(play, { isPreverified: false })).id)).toBe("not_verified")
        expect(yield* codeOf((yield* Packages.view(play, { request: "delete" })).id)).toBe("transition_not_allowed")
        const optOut = yield* Packages.view(play, { request: "do_not_sell", isPreverified: false })
        expect(yield* codeOf(optOut.id)).toBe("transition_not_allowed")
        const { id } = yield* Packages.view(play)
        yield* ledger.compliance.change(
          scope,
          id,
          { status: "resolved", resolutionStatus: "partially_completed", resolution: "done" },
          { keyId: "k" },
        )
        expect(yield* codeOf(id)).toBe("not_open")
        expect(yield* codeOf("0197afff-ffff-7fff-8fff-ffffffffffff")).toBe("NotFound")
        expect((yield* ledger.compliance.package(scope, "no id"))._tag).toBe("NotFound")
      }),
    ))

  test("what is asked for is built by the loop of the server, once for each time", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { ledger, scope } = play
        yield* Effect.forkScoped(ledger.compliance.buildPackages)
        const { id } = yield* Packages.view(play)
        yield* ledger.compliance.package(scope, id)
        yield* ledger.compliance.package(scope, id)
        const isBuilt = Effect.map(Packages.found(play, id), ({ state }) => state.files.length > 0)
        yield* until(isBuilt)
        expect((yield* Plays.factsOf(play, id)).map(({ kind }) => kind)).toContain("packaged")
      }),
    ))

  test("with packageOnVerified, and not without, it is built once identity is shown, and only of a view", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { ledger } = play
        const before = yield* Packages.view(play)
        const fields = { packageOnVerified: true }
        yield* ledger.setup.updateProject(play.scope, fields, { answer: () => "" })
        const scope = Option.getOrThrow(yield* ledger.projectScope(play.scope.project.id))
        const inScope = { ...play, scope }
        yield* Effect.forkScoped(ledger.compliance.buildPackages)
        const preverified = yield* Packages.view(inScope)
        const later = yield* Packages.view(inScope, { isPreverified: false })
        const change = yield* Packages.view(inScope, { request: "change" })
        yield* ledger.compliance.change(scope, later.id, { verify: { reason: "seen" } }, { keyId: "k" })
        const isBuilt = (id: string) => Effect.map(Packages.found(inScope, id), ({ state }) => state.files.length > 0)
        yield* until(isBuilt(preverified.id))
        yield* until(isBuilt(later.id))
        expect([yield* isBuilt(change.id), yield* isBuilt(before.id)]).toEqual([false, false])
      }),
    ))
})

test("the queue holds each request once, in order, and one that is taken may wait again", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const queue = PackageQueue.make()
      const [a, b] = [
        { project: "p", request: "a" },
        { project: "p", request: "b" },
      ] as const
      for (const each of [a, b, a]) queue.offer(each)
      expect(yield* queue.take).toEqual(a)
      queue.offer(a)
      expect([yield* queue.take, yield* queue.take]).toEqual([b, a])
      const taker = yield* Effect.forkChild(queue.take)
      yield* turn
      queue.offer(b)
      expect(yield* Fiber.join(taker)).toEqual(b)
    }),
  ))
