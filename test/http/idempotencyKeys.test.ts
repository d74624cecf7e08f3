/** The header `Idempotency-Key`: its form, to which credential and path it belongs, and for which methods it counts. */
import * as fc from "fast-check"
import { beforeAll, describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import {
  carryOut,
  codes,
  expectReplay,
  isReplayed,
  newAsker,
  newOther,
  type Post,
  posts,
  registerProofs,
  send,
  written,
} from "./posts.ts"
import { acme, asOwner, blog, blogNewsletter, openSession, privacy, secretOf, shop, startWorld, yes } from "./world.ts"

const server = served(startWorld)
beforeAll(async () => {
  await registerProofs(server)
})

const names = Object.keys(posts)
const newPost = async (name: string): Promise<Post> => posts[name]!(await newAsker(server))

describe("a key of one path", () => {
  const withKeys = names.filter((name) => name.startsWith("create") && !/Visitor|Session/.test(name))
  const pairs = withKeys.flatMap((one, at, all) =>
    all.filter((_, index) => index !== at).map((other) => [one, other] as const),
  )
  const ofVisitors = [
    ["createVisitorConsentEvents", "keepProfile"],
    ["createVisitorConsentEvents", "identify"],
    ["keepProfile", "createVisitorConsentEvents"],
    ["keepProfile", "identify"],
  ] as const

  test.each([...pairs, ...ofVisitors])("of %s is 422 at %s of the same credential", async (one, other) => {
    const asker = await newAsker(server)
    const key = crypto.randomUUID()
    await carryOut(server, await posts[one]!(asker), key)
    const post = await posts[other]!(asker)
    const before = written(server)
    const answer = await send(server, post, key)
    expect([answer.status, codes(answer)], answer.text).toEqual([422, ["idempotency_key_reused"]])
    expect(written(server)).toBe(before)
  })

  test("is 422 in another project of the same organization", async () => {
    const post = await newPost("createConsentEvents")
    const key = crypto.randomUUID()
    await carryOut(server, post, key)
    const json = { items: [yes({ userId: "elsewhere", consentType: blogNewsletter.id })] }
    const answer = await send(server, { ...post, path: `${privacy(blog)}/consent-events`, json }, key)
    expect([answer.status, codes(answer)]).toEqual([422, ["idempotency_key_reused"]])
  })
})

describe("an Idempotency-Key", () => {
  test.each([["", "a b", "one, two", "\u00e9", "k".repeat(256), "a\tb"]].flat().map((key) => [key]))(
    "%j is 400 at every endpoint, and nothing is done",
    async (key) => {
      for (const name of names) {
        const post = await newPost(name)
        const before = written(server)
        const answer = await send(server, post, key)
        expect([name, answer.status]).toEqual([name, 400])
        expect(written(server)).toBe(before)
      }
    },
  )

  test("of 1 to 255 printable characters is taken", async () => {
    const printable = String.fromCharCode(...Array.from({ length: 94 }, (_, index) => 0x21 + index))
    for (const key of ["k", printable, "k".repeat(255)]) {
      const post = await newPost("createConsentEvents")
      await expectReplay(server, post, key, await carryOut(server, post, key))
    }
  })

  test.each([
    "guessable",
    "0197a000-0000-7000-8000",
    "1",
    "00000000-0000-0000-0000-000000000000",
    "{0197a000-0000-7000-8000-000000000001}",
  ])("%j is 400 for a session: whoever guesses it would get the session", async (key) => {
    expect((await openSession(server, {}, shop, { "idempotency-key": key })).status).toBe(400)
  })

  test("is passed over by GET", async () => {
    const headers = { ...asOwner, "idempotency-key": "not well formed" }
    const answer = await server.request("GET", `${privacy()}/consent-types`, { headers })
    expect([answer.status, isReplayed(answer)]).toEqual([200, false])
  })
})

test("of requests with few keys the first one of each is carried out, the same again is a replay, any other is 422", async () => {
  const other = await newOther(server)
  const bodies = ["accepted", "declined"].map((consentState) => ({ items: [yes({ userId: "law", consentState })] }))
  // One project, whose id can be written in two ways: two paths.
  const paths = [shop.id, shop.id.toUpperCase()].map((id) => `${privacy({ ...shop, id })}/consent-events`)
  const request = fc.record({
    apiKey: fc.constantFrom(asOwner["x-api-key"], other.apiKey),
    key: fc.constantFrom("one", "two"),
    body: fc.constantFrom(...bodies),
    path: fc.constantFrom(...paths),
  })
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 12 }), async (requests) => {
      const known = new Map<string, { readonly asked: string; readonly text: string }>()
      run++
      for (const { apiKey, body, key, path } of requests) {
        const post = { path, headers: { "x-api-key": apiKey }, json: body, refused: {} }
        const answer = await send(server, post, `law ${run} ${key}`.replaceAll(" ", "-"))
        const asked = JSON.stringify([path, body])
        const first = known.get(`${apiKey} ${key}`)
        if (first === undefined) {
          expect([answer.status, isReplayed(answer)]).toEqual([201, false])
          known.set(`${apiKey} ${key}`, { asked, text: answer.text })
        } else if (first.asked === asked) {
          expect([answer.status, isReplayed(answer), answer.text]).toEqual([201, true, first.text])
        } else {
          expect([answer.status, codes(answer), isReplayed(answer)]).toEqual([422, ["idempotency_key_reused"], false])
        }
      }
    }),
    { numRuns: 40 },
  )
})

test("a key of a role that may not do it is refused before its Idempotency-Key is looked at", async () => {
  const post = await newPost("createConsentEvents")
  const key = crypto.randomUUID()
  const asViewer = { ...post, headers: { "x-api-key": secretOf(acme, "viewer") } }
  expect((await send(server, asViewer, key)).status).toBe(403)
  await expectReplay(server, post, key, await carryOut(server, post, key))
})
