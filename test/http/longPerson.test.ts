/**
 * A person that has logged in from thousands of browsers: its members and facts are answered in pages, and are read in
 * parts with other requests answered in between.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { afterAll, beforeAll, expect, test } from "vitest"
import * as Store from "../../apps/Store.ts"
import * as Joins from "../../core/ledger/Joins.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { Fact } from "../../core/model/People.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { type CountedServer, start } from "../support/counted.ts"
import * as TestKeys from "../support/keys.ts"

const guests = 2300
const uuid = (n: number): string => `00000000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`
const survivor = uuid(1)
const factOf = (index: number): Fact => ({
  id: uuid(0x10000 + index),
  kind: "joined",
  dateCreated: 1000 + Math.floor(index / 3),
  member: uuid(0x100 + index),
  survivor,
  submitter: uuid(2),
})
const facts = Array.from({ length: guests }, (_, index) => factOf(index))
const members = [survivor, ...facts.map(({ member }) => member)]

const fill = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  const store = yield* LedgerStore
  const { apiKey, organization } = Option.getOrThrow(yield* ledger.found)
  const { projects, revision } = yield* store.catalog.current
  const joining = {
    projects: [...projects.values()],
    catalog: revision,
    learnt: 2000,
    dissolved: [],
    groups: [{ survivor, members }],
  }
  const change = { organization, seen: [], claims: [], releases: [] }
  expect(yield* store.people.change({ ...change, facts, joining })).toBe("kept")
  return { secret: apiKey, path: `/privacy-v1/organizations/${organization.id}/people` }
})

const folder = mkdtempSync(join(tmpdir(), "assent-person-"))
const file = join(folder, "ledger.db")
let server: CountedServer
let filled: { readonly secret: string; readonly path: string }
beforeAll(async () => {
  const ledger = Ledger.layer.pipe(
    Layer.provideMerge(Store.layer(`sqlite:${file}`)),
    Layer.provide([NodeCrypto.layer, TestKeys.layer]),
  )
  filled = await Effect.runPromise(Effect.provide(fill, ledger))
  server = await start(file)
})
afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true })
})

const ask = (concordId: string, cursor?: string, method = "GET") => {
  const query = cursor === undefined ? "" : `?${new URLSearchParams({ cursor })}`
  return server.work(`${filled.path}/${concordId}${query}`, { method, headers: { "x-api-key": filled.secret } })
}

const all = async (concordId: string) => {
  const found = { members: [] as Array<string>, facts: [] as Array<string>, pages: 0, concordIds: new Set<string>() }
  let cursor: string | undefined
  do {
    const { mostInOneTurn, status, text } = await ask(concordId, cursor)
    expect(status, text.slice(0, 300)).toBe(200)
    const page = JSON.parse(text)
    expect(page.members.length).toBeLessThanOrEqual(1000)
    expect(page.facts.length).toBeLessThanOrEqual(1000)
    // One read, and the few rows around it.
    expect(mostInOneTurn.rows).toBeLessThanOrEqual(1.25 * Joins.readMaxFacts + 50)
    found.members.push(...page.members)
    found.facts.push(...page.facts.map(({ id }: Fact) => id))
    found.concordIds.add(page.concordId)
    found.pages++
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return found
}

// Kills: PersonFacts.pageOf repeats the last fact of a page, or forgets the facts of the same instant.
test("its members and facts come in pages of 1,000, each once and in order, whichever member is asked about", async () => {
  for (const concordId of [survivor, members[777]!]) {
    const found = await all(concordId)
    expect([found.pages, found.concordIds]).toEqual([3, new Set([survivor])])
    expect(found.members).toEqual(members)
    expect(found.facts).toEqual(facts.map(({ id }) => id))
  }
})

// Kills: JsonPages.from reads all pages in one turn.
test("everything that is held about it is one answer, read in parts", async () => {
  const { mostInOneTurn, status, text } = await ask(`${members[777]!}/data`)
  expect(status, text.slice(0, 300)).toBe(200)
  const held = JSON.parse(text)
  expect(held.concordId).toBe(survivor)
  expect(held.people.map(({ concordId }: { concordId: string }) => concordId)).toEqual(members)
  expect(held.facts.map(({ id }: Fact) => id)).toEqual(facts.map(({ id }) => id))
  expect(mostInOneTurn.rows).toBeLessThanOrEqual(1.25 * Joins.readMaxFacts + 50)
})

test("a cursor is good for the same person only", async () => {
  const { nextCursor } = JSON.parse((await ask(survivor)).text)
  expect((await ask(members[1]!, nextCursor)).status).toBe(400)
  expect((await ask(survivor, `${nextCursor}A`)).status).toBe(400)
  expect((await ask(survivor, "")).status).toBe(400)
})

test("a page goes on as known when the first one was answered; undoing answers the first page", async () => {
  const first = JSON.parse((await ask(survivor)).text)
  const undone = await ask(`${survivor}/joins/${facts[1500]!.id}`, undefined, "DELETE")
  expect([undone.status, undone.text.slice(0, 200)]).toEqual([200, expect.any(String)])
  const after = JSON.parse(undone.text)
  expect([after.members.length, after.facts.length]).toEqual([1000, 1000])
  expect(undone.mostInOneTurn.rows).toBeLessThanOrEqual(1.25 * Joins.readMaxFacts + 50)
  const second = JSON.parse((await ask(survivor, first.nextCursor)).text)
  expect(second.members).toEqual(members.slice(1000, 2000))
  const now = await all(survivor)
  expect(now.members).toEqual(members.filter((member) => member !== facts[1500]!.member))
  expect(now.facts).toHaveLength(guests + 1)
  expect(JSON.parse((await ask(survivor, after.nextCursor)).text).members).toEqual(now.members.slice(1000, 2000))
})
