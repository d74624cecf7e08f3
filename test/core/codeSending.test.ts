/** Codes and mails of compliance requests through the use cases, over a store in memory. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as CodeSending from "../../core/compliance-requests/CodeSending.ts"
import * as MailSettings from "../../core/ledger/MailSettings.ts"
import * as Ledger from "../../core/Ledger.ts"
import { Keys } from "../../core/ports/Keys.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as Counting from "../support/counting.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as SentCodes from "../support/compliance/sentCodes.ts"
import * as TestKeys from "../support/keys.ts"
import * as Surface from "../support/people/surface.ts"

const start = Date.UTC(2026, 0, 31, 12)

/** What the store of the test under way was asked. */
let asked: ReturnType<typeof Counting.over>

const store = Layer.effect(
  LedgerStore,
  Effect.map(LedgerStore, (own) => {
    asked = Counting.over(own, { areRequestsCounted: true })
    return asked.store
  }),
).pipe(Layer.provide(MemoryStore.layer))

/** How often each member of the store was called, but those that write. */
const readsOf = () => Object.fromEntries([...asked.count.byName].filter(([name]) => !name.endsWith("write")))

/** How many keys of requests were unwrapped: before anything is decrypted. */
let unwrapped = 0

const keys = Layer.effect(
  Keys,
  Effect.map(Keys, (own) => ({
    ...own,
    unwrap: (...given: Parameters<typeof own.unwrap>) => {
      unwrapped++
      return own.unwrap(...given)
    },
  })),
).pipe(Layer.provide(TestKeys.layer))

const world = () =>
  Ledger.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(store, NodeCrypto.layer, keys)),
    Layer.provide(Layer.succeed(MailSettings.Current, { publicUrl: SentCodes.publicUrl })),
  )

const run = <A>(program: Effect.Effect<A, unknown, Layer.Success<ReturnType<typeof world>>>): Promise<A> =>
  Effect.andThen(TestClock.setTime(start), program).pipe(
    Effect.provide(world()),
    Effect.provide(TestClock.layer()),
    Effect.runPromise,
  )

/** Opens a request in a new session. */
const openOf = Effect.fnUntraced(function* (play: Plays.Play, email: string, kind: "view" | "do_not_sell" = "view") {
  const session = (yield* play.surface.visit).session!
  const request = { request: kind, user: { email } } as const
  const opener = { _tag: "Visitor", session } as const
  const { requests } = yield* Surface.expected(yield* Plays.open(play, request, opener), "Opened")
  return { session, id: requests[0]!.id }
})

const templatesOf = (play: Plays.Play, id: string) =>
  Effect.map(SentCodes.of(play.scope, id), (mails) => mails.map(({ template }) => template))

describe("The limit of an address", () => {
  // Mutant: the code is mailed nevertheless.
  test("is silent: no code is mailed, the answers stay the same, and staff sees a mail that failed", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const send = ({ id, session }: Effect.Success<ReturnType<typeof openOf>>) =>
          play.ledger.compliance.sendCodeToVisitor(play.scope, id, session)
        const opened = []
        for (let n = 0; n <= CodeSending.silentLimits.perAddressAndDay; n++) {
          opened.push(yield* openOf(play, n % 2 === 0 ? "a@example.com" : "A@Example.com"))
        }
        const [first, last] = [opened[0]!, opened.at(-1)!]
        expect(yield* templatesOf(play, first.id)).toContain("verification")
        expect(yield* templatesOf(play, last.id)).toEqual([])
        const facts = yield* Plays.factsOf(play, last.id)
        expect(facts.map(({ kind }) => kind)).toEqual(["opened", "mailed", "mailed"])
        expect(facts[1]).toMatchObject({ text: "received", outcome: "failed" })
        expect(facts[2]).toMatchObject({ text: "verification", outcome: "failed" })
        const soon = [yield* send(first), yield* send(last)]
        expect(soon[1]).toEqual(soon[0])
        yield* TestClock.adjust("1 minute")
        expect([yield* send(first), yield* send(last)]).toEqual([{ _tag: "Accepted" }, { _tag: "Accepted" }])
        expect(yield* templatesOf(play, (yield* openOf(play, "b@example.com")).id)).toContain("verification")
      }),
    ))
})

describe("The mailbox of a stranger", () => {
  const limit = CodeSending.silentLimits.perAddressAndDay
  const spellings = ["a@example.com", "A@example.com", "a+1@example.com", " a+2@example.com", "<a@example.com>"]

  // Mutants: the confirmation of receipt has no limit; those that are opened at once are not counted.
  test("gets a bounded number of mails from many sessions at once, however its address is spelled", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const openMany = (request: "view" | "do_not_sell") =>
          Effect.forEach(
            Array.from({ length: 2 * limit }, (_, n) => spellings[n % spellings.length]!),
            (email) => openOf(play, email, request),
            { concurrency: "unbounded" },
          )
        const opened = [...(yield* openMany("view")), ...(yield* openMany("do_not_sell"))]
        const templates = (yield* Effect.forEach(opened, ({ id }) => templatesOf(play, id))).flat()
        const counts = [...new Set(templates)].map((each) => [each, templates.filter((one) => one === each).length])
        expect(Object.fromEntries(counts)).toEqual({ verification: limit, received: limit, opted_out: limit })
      }),
    ))

  // Mutant: codes that are asked for at once are not counted.
  test("gets no more codes when many requests ask for one at once", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const opened: Array<Effect.Success<ReturnType<typeof openOf>>> = []
        for (let n = 0; n < 2 * limit; n++) {
          if (n === limit) yield* TestClock.adjust("25 hours")
          opened.push(yield* openOf(play, "a@example.com"))
        }
        yield* TestClock.adjust("25 hours")
        const codes = Effect.gen(function* () {
          const mails = yield* Effect.forEach(opened, ({ id }) => templatesOf(play, id))
          return mails.flat().filter((template) => template === "verification").length
        })
        const send = ({ id, session }: Effect.Success<ReturnType<typeof openOf>>) =>
          play.ledger.compliance.sendCodeToVisitor(play.scope, id, session)
        yield* Effect.forEach(opened, send, { concurrency: "unbounded" })
        const sent = (yield* Effect.forEach(opened, ({ id }) => Plays.factsOf(play, id))).flat()
        expect(sent.filter(({ kind }) => kind === "verification_sent")).toHaveLength(3 * limit)
        expect(yield* codes).toBe(2 * limit)
      }),
    ))

  test("is that of the address without white space and angle brackets around it", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        for (const typed of ["Jo@example.com ", "<Jo@example.com>", "mailto:Jo@example.com"]) {
          const { id } = yield* openOf(play, typed)
          const mails = yield* SentCodes.of(play.scope, id)
          expect(mails.map(({ template, to }) => [template, to.toLowerCase()])).toEqual([
            ["received", "jo@example.com"],
            ["verification", "jo@example.com"],
          ])
        }
      }),
    ))
})

describe("Before identity is shown", () => {
  // Mutants: a denial is mailed to an address that was only typed; the wait for a code of a resolved request goes on.
  test("the address that was typed gets the receipt and the code alone", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { id } = yield* openOf(play, "a@example.com")
        const denial = { status: "resolved", resolutionStatus: "denied", denialGround: "identity_not_shown" } as const
        yield* play.ledger.compliance.change(play.scope, id, denial, { keyId: "k" })
        // The code waits no more.
        expect(yield* templatesOf(play, id)).toEqual(["received"])
      }),
    ))
})

describe("Whether the ledger knows the person of an address", () => {
  // Mutant: the address is looked up when the request is opened.
  test("changes no call of the store, in opening, sending and a wrong code", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const person = { email: "known@example.com", userId: "account" }
        const answer = {
          project: "p",
          person,
          type: "newsletter",
          consentState: "accepted",
          consentDate: start,
        } as const
        yield* play.surface.record([answer], "leave-out")
        const callsOf = Effect.fnUntraced(function* (email: string) {
          yield* openOf(play, `warm-up-${email}`)
          asked.reset()
          const { id, session } = yield* openOf(play, email)
          yield* play.ledger.compliance.sendCodeToVisitor(play.scope, id, session)
          yield* play.ledger.compliance.verifyByCode(play.scope, id, session, "wrong", undefined)
          return { calls: asked.count.calls, ...Object.fromEntries(asked.count.byName) }
        })
        const known = yield* callsOf("known@example.com")
        expect(known.calls).toBeGreaterThan(5)
        expect(yield* callsOf("nobody@example.com")).toEqual(known)
      }),
    ))

  test("is not told by a code of a request that is not there: the same reads as of a wrong one", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { id, session } = yield* openOf(play, "a@example.com")
        const other = yield* openOf(play, "b@example.com")
        const callsOf = Effect.fnUntraced(function* (of: string) {
          asked.reset()
          yield* play.ledger.compliance.verifyByCode(play.scope, of, session, "wrong", undefined)
          return readsOf()
        })
        const own = yield* callsOf(id)
        expect(yield* callsOf(other.id)).toEqual(own)
        expect(yield* callsOf("00000000-0000-7000-8000-000000000001")).toEqual(own)
      }),
    ))

  // Mutant: another visitor's request is decrypted before it is refused, so the time of the answer tells of it.
  test("is not told by the work for another visitor's request: the same as for one that is not there", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { id } = yield* openOf(play, "a@example.com")
        const { session } = yield* openOf(play, "b@example.com")
        const { findOfVisitor, sendCodeToVisitor, verifyByCode } = play.ledger.compliance
        const workOf = Effect.fnUntraced(function* (of: string) {
          asked.reset()
          unwrapped = 0
          yield* findOfVisitor(play.scope, of, session)
          yield* sendCodeToVisitor(play.scope, of, session)
          yield* verifyByCode(play.scope, of, session, "wrong", undefined)
          return { unwrapped, ...Object.fromEntries(asked.count.byName) }
        })
        const missing = yield* workOf("00000000-0000-7000-8000-000000000001")
        expect(missing.unwrapped).toBe(0)
        expect(yield* workOf(id)).toEqual(missing)
      }),
    ))
})

describe("An answer to a question of staff", () => {
  // Mutants: staff is not mailed; it is mailed what it has noted itself.
  test("is mailed to staff where the requester gave it, without a word of it", () =>
    run(
      Effect.gen(function* () {
        const { ledger, ...made } = yield* Plays.make
        const settings = { contactEmails: ["staff@example.com"] }
        yield* ledger.setup.updateProject(made.scope, settings, { answer: () => "" })
        const scope = Option.getOrThrow(yield* ledger.projectScope(made.scope.project.id))
        const play = { ...made, ledger, scope }
        const { id } = yield* openOf(play, "a@example.com")
        const { ticket } = (yield* SentCodes.of(scope, id)).find(({ template }) => template === "verification")!
        const { actOnPage, change } = ledger.compliance
        yield* actOnPage(scope, id, ticket!, { kind: "verify" })
        const ask = { clarification: "ask", question: "Which shop?" } as const
        const answeredOf = Effect.map(SentCodes.of(scope, id), (mails) =>
          mails.filter(({ template }) => template === "staff_answered"),
        )
        yield* change(scope, id, ask, { keyId: "k" })
        yield* change(scope, id, { clarification: "done" }, { keyId: "k" })
        expect(yield* answeredOf).toEqual([])
        yield* change(scope, id, ask, { keyId: "k" })
        yield* actOnPage(scope, id, ticket!, { kind: "clarify", answer: "The one in Bonn" })
        const [mail, ...more] = yield* answeredOf
        expect(more).toEqual([])
        expect(mail).toMatchObject({ to: "staff@example.com", text: expect.stringContaining(id) })
        expect(mail!.text).not.toMatch(/Bonn|Which shop|a@example/)
        expect(mail!.text).toContain("Answer due: ")
      }),
    ))
})

describe("A link", () => {
  // Kills: a download that is not counted, or one that passes the limit while others are under way.
  test("downloads the files for the requester 10 times together, also at the same time", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { id } = yield* openOf(play, "a@example.com")
        const { ticket } = (yield* SentCodes.of(play.scope, id)).find(({ template }) => template === "verification")!
        const { actOnPage, attachFile, downloadOnPage, page, takeFile } = play.ledger.compliance
        yield* actOnPage(play.scope, id, ticket!, { kind: "verify" })
        const attach = Effect.fnUntraced(function* (isForRequester: boolean) {
          const sent = { fileName: "a.txt", declaredType: "text/plain", bytes: Stream.make(new Uint8Array([33])) }
          const taken = yield* Surface.expected(yield* takeFile(play.scope, id, sent, "key:k"), "Taken")
          yield* attachFile(play.scope, taken.file, { isForRequester }, { by: "key:k" })
          return taken.file.file
        })
        const [own, staffs] = [yield* attach(true), yield* attach(false)]
        const download = (file: string) => Effect.map(downloadOnPage(play.scope, id, ticket!, file), ({ _tag }) => _tag)
        expect(yield* download(staffs)).toBe("NoFile")
        const all = yield* Effect.all(
          Array.from({ length: 12 }, () => download(own)),
          { concurrency: 12 },
        )
        expect(all.toSorted()).toEqual([...Array(10).fill("Download"), "NoFile", "NoFile"])
        expect(yield* download(own)).toBe("NoFile")
        expect(Option.getOrThrow(yield* page(play.scope, id, ticket!))).toMatchObject({ downloadsLeft: 0 })
        const kinds = (yield* Plays.factsOf(play, id)).filter(({ kind }) => kind === "file_downloaded")
        expect(kinds).toHaveLength(10)
      }),
    ))
})
