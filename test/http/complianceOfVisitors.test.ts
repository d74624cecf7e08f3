/** Compliance requests of visitors: what a session may open and see, the opt-out, and what no stranger learns. */
import { beforeAll, describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import type { Server } from "../support/server.ts"
import { ask, asked, captureUrl, codesOf, opened, told, work, worked } from "./complianceRequests.ts"
import { identify, publishedSigner } from "./identityTokens.ts"
import { expectProblem } from "./problem.ts"
import {
  acme,
  ask as askAbout,
  asOwner,
  asVisitor,
  nobody,
  privacy,
  record,
  shop,
  startWorld,
  types,
  violations,
  visit,
  type Visitor,
  yes,
} from "./world.ts"

/** Lets an opt-out of the shop decline the newsletter. */
const sellsByNewsletter = async (server: Server) => {
  const json = { doNotSellTypes: [types.newsletter.id] }
  expect((await server.request("PATCH", privacy(), { headers: asOwner, json })).status).toBe(200)
}

const server = served(startWorld)
beforeAll(() => sellsByNewsletter(server))

const own = (visitor: Visitor, path = "") => asVisitor(server, visitor, "GET", `compliance-requests${path}`)

describe("a request that a visitor opens", () => {
  test("is answered with what its opener may see, and nothing else", async () => {
    const visitor = await visit(server)
    const request = await asked(server, visitor, { userFirstName: "Jo", requestDetails: true })
    expect(request).toEqual({
      id: expect.any(String),
      concordId: visitor.concordId,
      organization: acme.id,
      project: shop.id,
      request: "view",
      status: "pending_verification",
      requestDate: expect.any(Number),
      userEmail: "j…@example.com",
      clock: { dueDate: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) },
    })
    expect((await own(visitor, `/${request.id}`)).json).toEqual(request)
    expect((await own(visitor)).json).toEqual({ offset: 0, count: 1, total: 1, items: [request] })
  })

  test("is 404 for any other visitor, and in any other project", async () => {
    const [mine, other] = [await visit(server), await visit(server)]
    const { id } = await asked(server, mine)
    for (const path of [`/${id}`, `/${nobody}`, "/nothing"]) expectProblem(await own(other, path), 404)
    expectProblem(await asVisitor(server, other, "POST", `compliance-requests/${id}/withdraw`), 404)
    expect((await own(other)).json.total).toBe(0)
  })

  test("is written in the language of the header that is wanted most", async () => {
    const visitor = await visit(server)
    const languageOf = async (header: string, language?: string) => {
      const headers = { "accept-language": header }
      const answer = await ask(server, visitor, language === undefined ? {} : { language }, { headers })
      const { json } = await server.request("GET", `${privacy()}/compliance-requests/${answer.json.id}`, {
        headers: asOwner,
      })
      return json.language
    }
    expect(await languageOf("fr;q=0.5, de-at;q=0.9, *;q=0.1")).toBe("de-AT")
    expect(await languageOf("not a language,".repeat(1000))).toBe("en")
    expect(await languageOf("fr", "es")).toBe("es")
  })

  test.each([
    ["no page", { captureUrl: null }, "/captureUrl"],
    ["a page of another host", { captureUrl: "https://another.example/" }, "/captureUrl"],
    ["a page that is no address", { captureUrl: "data:text/html,x" }, "/captureUrl"],
    ["an address that is none", { userEmail: "nowhere" }, "/userEmail"],
    ["no address", { userEmail: null }, "/userEmail"],
    ["an unknown kind", { request: "sell" }, "/request"],
    ["details that are an object", { requestDetails: {} }, "/requestDetails"],
    ["a language that is none", { language: "a b" }, "/language"],
    ["a name that is too long", { userLastName: "n".repeat(129) }, "/userLastName"],
  ])("with %s is 422", async (_, json, pointer) => {
    const answer = await ask(server, await visit(server), json)
    expectProblem(answer, 422)
    expect(violations(answer).map((each) => each.split(" ")[0])).toEqual([pointer])
  })

  test("ends when it is withdrawn, once", async () => {
    const visitor = await visit(server)
    const { id } = await asked(server, visitor)
    const withdraw = () => asVisitor(server, visitor, "POST", `compliance-requests/${id}/withdraw`)
    expect(await withdraw()).toMatchObject({ status: 200, json: { id, status: "resolved" } })
    const again = await withdraw()
    expect([again.status, codesOf(again)]).toEqual([422, ["not_open"]])
  })

  // Mutant: requests of the session are not counted.
  test("is 429 after five in an hour, but for the first opt-out", async () => {
    const visitor = await visit(server)
    for (let n = 0; n < 5; n++) await asked(server, visitor, { userEmail: `n${n}@example.com` })
    const sixth = await ask(server, visitor)
    expectProblem(sixth, 429)
    expect(Number(sixth.headers["retry-after"])).toBeGreaterThan(3500)
    expect((await ask(server, visitor, { request: "do_not_sell" })).status).toBe(201)
    expectProblem(await ask(server, visitor, { request: "do_not_sell", userEmail: "another@example.com" }), 429)
    expect((await ask(server, await visit(server))).status).toBe(201)
  })
})

describe("an opt-out", () => {
  const permitted = async (query: Readonly<Record<string, string>>) => {
    const { json } = await askAbout(server, "consent-decisions", query)
    return json.items.find(({ consentType }: Record<string, string>) => consentType === types.newsletter.id).permitted
  }

  test("declines at once for the visitor, and for whom the address names", async () => {
    const visitor = await visit(server)
    const says = { items: [yes()] }
    await asVisitor(server, visitor, "POST", "consent-events", { json: says })
    await record(server, [yes({ email: "known@example.com" })])
    expect(await permitted({ concordId: visitor.concordId })).toBe(true)
    const request = await asked(server, visitor, { request: "do_not_sell", userEmail: "Known@Example.com" })
    expect(request).toMatchObject({ status: "submitted", request: "do_not_sell" })
    expect(await permitted({ concordId: visitor.concordId })).toBe(false)
    expect(await permitted({ email: "known@example.com" })).toBe(false)
    const events = await server.request(
      "GET",
      `${privacy()}/compliance-requests-events?complianceRequestId=${request.id}&order=asc`,
      { headers: asOwner },
    )
    expect(
      events.json.items.map(({ details, event }: never) => [event, (details as object as { types?: number }).types]),
    ).toEqual([
      ["opened", undefined],
      ["opted_out", 1],
      ["task_done", undefined],
    ])
  })

  test("that a key opens names its person by an account", async () => {
    await record(server, [yes({ userId: "opts out" })])
    await opened(server, { request: "do_not_sell", user: null, userId: "opts out" })
    expect(await permitted({ userId: "opts out" })).toBe(false)
  })
})

describe("above the quota", () => {
  const limited = served(() => startWorld({ ASSENT_RATE_LIMIT_SESSION: "1" }))

  // Mutant: an opt-out is refused as any other request is.
  test("an opt-out is opened, and any other request is 429", async () => {
    const visitor = await visit(limited)
    expect((await ask(limited, visitor)).status).toBe(201)
    expectProblem(await ask(limited, visitor), 429)
    expect((await ask(limited, visitor, { request: "do_not_sell" })).status).toBe(201)
  })
})

describe("a session whose person is the one that a request is about", () => {
  const signer = publishedSigner(server)
  const resolved = { status: "resolved", resolutionStatus: "partially_completed", resolution: "Sent by post" }

  // Mutant: a guest that opened the request counts as the one it is about.
  test("sees how it ended", async () => {
    const userEmail = "subject@example.com"
    const proof = { type: "email", value: userEmail, token: await signer.token(userEmail) }
    const { session } = (await identify(server, await visit(server), proof)).json
    const { id } = await asked(server, { session }, { userEmail })
    await worked(server, id, { verify: { reason: "Called back" } })
    await worked(server, id, resolved)
    const { json } = await asVisitor(server, { session }, "GET", `compliance-requests/${id}`)
    expect(json).toMatchObject({ resolution: "Sent by post", resolutionStatus: "partially_completed" })
  })

  test("does not, if it only typed the address", async () => {
    const visitor = await visit(server)
    const { id } = await asked(server, visitor)
    await worked(server, id, { verify: { reason: "Called back" } })
    await worked(server, id, resolved)
    const { json } = await own(visitor, `/${id}`)
    expect(json).toMatchObject({ status: "resolved", resolvedDate: expect.any(String) })
    for (const member of ["resolution", "resolutionStatus", "notes", "dataSystemTasks", "dateUpdated"]) {
      expect(json).not.toHaveProperty(member)
    }
  })
})

describe("two ledgers, one that knows the person of an address and one that does not,", () => {
  const stranger = served(startWorld)
  beforeAll(async () => {
    await sellsByNewsletter(stranger)
    const known = { email: "twin@example.com", userId: "twin", phoneNumber: "+49 30 901820" }
    await record(server, [yes(known)])
  })

  // Law 7. Mutants: the subject's id is answered as concordId; the result is answered to the opener.
  test.each(["view", "change", "delete", "do_not_sell"])(
    "answer every call of a session that is not the person's alike: %s",
    async (request) => {
      const user = { userEmail: "Twin@Example.com", userPhoneNumber: "+49 30 901820", userFirstName: "T" }
      const play = async (ledger: Server): Promise<ReadonlyArray<unknown>> => {
        const visitor = await visit(ledger)
        const answers: Array<unknown> = []
        const see = async (id: string) => {
          for (const path of [`compliance-requests/${id}`, "compliance-requests", "consent-state", "consent-events"]) {
            answers.push(told(await asVisitor(ledger, visitor, "GET", path)))
          }
        }
        const first = await ask(ledger, visitor, { request, ...user })
        answers.push(told(first))
        await see(first.json.id)
        await work(ledger, first.json.id, { notes: "n", verify: { reason: "Called back" } })
        await see(first.json.id)
        await worked(ledger, first.json.id, {
          status: "resolved",
          resolutionStatus: "partially_completed",
          resolution: "r",
        })
        await see(first.json.id)
        const second = await ask(ledger, visitor, { request, ...user })
        answers.push(told(second))
        const path = `compliance-requests/${second.json.id}/withdraw`
        for (let n = 0; n < 2; n++) answers.push(told(await asVisitor(ledger, visitor, "POST", path)))
        await see(second.json.id)
        answers.push(told(await ask(ledger, visitor, { request, ...user, captureUrl: `${captureUrl}/\0` })))
        return answers
      }
      expect(await play(server)).toEqual(await play(stranger))
    },
  )
})
