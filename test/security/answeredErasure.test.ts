/**
 * Nothing stays behind after a `delete` was answered, shown by search: once what is kept for the answer was removed, no
 * file of the store holds a value that was typed or recorded, nor a byte of what was encrypted of it, and before that
 * no value is there in clear.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { afterAll, expect, test } from "vitest"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as TestKeys from "../support/keys.ts"
import * as Markers from "../support/markers.ts"
import * as Surface from "../support/people/surface.ts"

const folder = mkdtempSync(join(tmpdir(), "assent-answered-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const day = 86_400_000
const names = ["userId", "email", "firstName", "details", "notes", "resolution"] as const
const markers = Object.fromEntries(names.map((name) => [name, Markers.make()])) as Record<
  (typeof names)[number],
  string
>
const typed = Markers.search(markers)

/** Erases a person by the answer to its request; returns the request, and the bytes that are kept of it encrypted. */
const answer = Effect.fnUntraced(function* (play: Plays.Play) {
  const { ledger, scope, surface, visitors } = play
  const { details, firstName, notes, resolution, userId } = markers
  const email = `${markers.email}@example.com`
  const visitor = yield* surface.identify(visitors[0]!, { userId })
  const item = { project: "p", person: { userId, email }, type: "newsletter", consentState: "accepted" } as const
  yield* surface.record([item], "leave-out")
  const profile = { ...scope, session: visitor.session!, profile: { firstName }, identifiers: {} }
  yield* Surface.expected(yield* ledger.keepProfile(profile), "ProfileKept")
  const item2 = { request: "delete", user: { email, firstName }, requestDetails: details, notes } as const
  const opener = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" } as const
  const asked = { ...item2, isPreverified: true, subject: { userId } }
  const [request] = (yield* Surface.expected(yield* Plays.open(play, asked, opener), "Opened")).requests
  const change = { status: "resolved", resolutionStatus: "completed", resolution } as const
  const worker = { keyId: "k", mayErase: true } as const
  yield* Surface.expected(yield* ledger.compliance.change(scope, request!.id, change, worker), "Changed")
  const { compliance, outbox } = yield* LedgerStore
  const [row] = yield* compliance.privateOf(scope.project, [request!.id])
  const listed = yield* outbox.list([scope.project], { request: request!.id }, undefined, 10)
  const mails = yield* Effect.forEach(listed, ({ id }) => outbox.mail([scope.project], id))
  const kept: Record<string, Uint8Array> = {
    "the private row": row!.sealed!.encrypted,
    "the key of the request": row!.key!.wrapped,
    "the hash of the address": Buffer.from(row!.emailHash!, "hex"),
  }
  for (const mail of mails) if (mail?.sealed !== undefined) kept[`the mail ${mail.template}`] = mail.sealed.encrypted
  return { id: request!.id, kept }
})

test("after a delete was answered, nothing of the person is in a file of the store", async () => {
  const path = join(folder, "ledger.db")
  const run = Effect.gen(function* () {
    yield* TestClock.setTime(Date.UTC(2026, 0, 31))
    const play = yield* Plays.make
    const { ledger, scope } = play
    const { id, kept } = yield* answer(play)
    expect(Object.keys(kept)).toContain("the mail resolved")
    const search = Markers.search(kept)
    expect(yield* Effect.promise(() => typed.inFiles(folder))).toEqual([])
    expect((yield* Effect.promise(() => search.inFiles(folder))).length).toBeGreaterThan(0)
    yield* TestClock.adjust(6 * day)
    yield* ledger.compliance.sweep
    const read = Effect.map(ledger.compliance.find(scope, id), Option.getOrThrow)
    expect((yield* read).privateData?.resolution).toBe(markers.resolution)
    yield* TestClock.adjust(2 * day)
    yield* ledger.compliance.sweep
    const { privateData, state, untilMailEnds } = yield* read
    expect([state.isPurged, privateData, untilMailEnds]).toEqual([true, undefined, undefined])
    expect(yield* Effect.promise(() => search.inFiles(folder))).toEqual([])
    expect(yield* Effect.promise(() => typed.inFiles(folder))).toEqual([])
  })
  const store = SqliteStore.layer(path)
  await run.pipe(
    Effect.provide(Ledger.layer.pipe(Layer.provideMerge(store), Layer.provide([NodeCrypto.layer, TestKeys.layer]))),
    Effect.provide(TestClock.layer()),
    Effect.runPromise,
  )
})
