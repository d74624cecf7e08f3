/**
 * Which region a person is in: that of the latest session of everyone that it is joined with, whichever server a
 * session acts on.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Store from "../../apps/Store.ts"
import * as Ledger from "../../core/Ledger.ts"
import { LedgerStore, type Session } from "../../core/ports/LedgerStore.ts"
import * as Checking from "../support/checking.ts"
import * as TestKeys from "../support/keys.ts"
import { wholePerson } from "../support/wholePerson.ts"

const program = Effect.gen(function* () {
  const store = Layer.succeed(LedgerStore, yield* LedgerStore)
  const ledgerLayer = Ledger.layer.pipe(Layer.provide([store, NodeCrypto.layer, TestKeys.layer]))
  const server = Effect.provide(Ledger.Ledger, Layer.fresh(ledgerLayer))
  const [one, other] = [yield* server, yield* server]
  const { project } = Option.getOrThrow(yield* one.found)
  const scope = Option.getOrThrow(yield* one.projectScope(project.id))
  yield* one.regions.publish(scope, {}, { answer: () => "" })
  const made = yield* one.regions.create(scope, { name: "FR", regions: ["FR"] }, { answer: () => "" })
  if (made._tag !== "Changed") return yield* Effect.die(made._tag)
  yield* one.regions.publish(scope, {}, { answer: () => "" })
  const [here, there] = [project.id, made.value.id]

  const visit = Effect.fnUntraced(function* (region: string, contextId?: string) {
    const browser = contextId === undefined ? {} : { contextId }
    const opened = yield* one.openSession({ ...scope, ...browser, ipAddress: "", domain: "localhost", region })
    return opened._tag === "Opened" ? opened : yield* Effect.die(opened._tag)
  })
  const say = Effect.fnUntraced(function* (ledger: typeof one, session: Session) {
    const consentType = scope.types.all.find(({ category }) => category === "privacy_setting")!.id
    const person = { concordId: session.concordId }
    const item = { person, consentType, consentState: "accepted", consentAction: "user_click" } as const
    const recorded = yield* ledger.record({ ...scope, submitter: session.concordId, session, items: [item] })
    expect(recorded._tag).toBe("Recorded")
  })
  const regionOf = (concordId: string) =>
    Effect.map(one.decisions({ ...scope, concordId }), ({ items }) => items[0]?.region)
  const identify = Effect.fnUntraced(function* (session: Session) {
    const alias = Option.getOrThrow(yield* one.aliasOf(scope, { kind: "userId", value: "ann", isHashed: false }))
    const evidence = { kind: alias.kind, issuedAt: 0, expiresAt: 9e12 }
    const identified = yield* one.identify({ ...scope, session, alias, evidence, signed: session.id })
    expect(identified._tag).toBe("Identified")
  })

  const first = yield* visit(there)
  const { concordId } = first.session
  yield* say(one, first.session)
  expect(yield* regionOf(concordId)).toBe(there)
  const second = yield* visit(here, first.contextId)
  expect(second.session.concordId).toBe(concordId)
  yield* say(one, second.session)
  expect(yield* regionOf(concordId)).toBe(here)
  // The other server does not know that the first session has acted.
  yield* say(other, first.session)
  expect(yield* regionOf(concordId)).toBe(here)

  yield* identify(second.session)
  const guest = yield* visit(there)
  yield* say(one, guest.session)
  yield* identify(guest.session)
  for (const person of [concordId, guest.session.concordId]) expect(yield* regionOf(person)).toBe(there)
  const { facts } = yield* wholePerson(scope.organization, concordId).pipe(Effect.provideService(Ledger.Ledger, one))
  const join = facts.findLast(({ kind }) => kind === "joined")!
  expect(join.member).toBe(guest.session.concordId)
  const undoing = { concordId: join.member, factId: join.id, submitter: "test", answer: () => "" }
  yield* one.undoJoin(scope.organization, undoing)
  expect([yield* regionOf(concordId), yield* regionOf(guest.session.concordId)]).toEqual([here, there])
})

test("a person is in the region of the latest session of everyone that it is joined with, on any server", () =>
  program.pipe(Effect.provide(MemoryStore.layer), Effect.scoped, Effect.runPromise))

test("a ledger with regions of people is whole, and so is its copy", async () => {
  const folder = mkdtempSync(join(tmpdir(), "assent-regions-"))
  try {
    const [from, to] = ["from", "to"].map((name) => `sqlite:${join(folder, `${name}.db`)}`) as [string, string]
    await program.pipe(Effect.provide(Store.layer(from)), Effect.scoped, Effect.runPromise)
    expect((await Checking.verify(from)).findings).toEqual([])
    await Checking.move(from, to)
    expect((await Checking.verify(to)).findings).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
