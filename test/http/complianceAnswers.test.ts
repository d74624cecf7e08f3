/** Answers to compliance requests over HTTP: a `delete` that erases, a `change` that corrects, and which keys may. */
import { beforeAll, describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { asKey, codesOf, ledgerTask, opened, work, worked } from "./complianceRequests.ts"
import { rows } from "./posts.ts"
import { expectProblem } from "./problem.ts"
import { acme, ask, asOwner, asVisitor, record, secretOf, startWorld, violations, visit, yes } from "./world.ts"

const server = served(startWorld)
const organization = `/privacy-v1/organizations/${acme.id}`
const asAdmin = { "x-api-key": secretOf(acme, "admin") }
const asLimited = { "x-api-key": secretOf(acme, "limited") }
const asViewer = { "x-api-key": secretOf(acme, "viewer") }

const answered = { status: "resolved", resolution: "It is done" }
const completed = { ...answered, resolutionStatus: "completed" }

/** A person with an account, and a request about it. */
const asking = async (userId: string, request: string, more: object = {}) => {
  const recorded = await record(server, [yes({ userId, email: `${userId}@example.com` })])
  expect(recorded.status, recorded.text).toBe(201)
  const user = { email: `${userId}@example.com` }
  const { id } = await opened(server, { request, preverified: true, userId, user, ...more })
  return { id: id as string, concordId: recorded.json.items[0].concordId as string }
}

const erasureOf = (concordId: string) =>
  server.request("GET", `${organization}/people/${concordId}/erasure`, { headers: asOwner })

describe("the answer to a delete", () => {
  let id: string
  let concordId: string
  beforeAll(async () => {
    ;({ concordId, id } = await asking("ann", "delete"))
    const answer = await work(server, id, completed, { headers: asAdmin })
    expect(answer.status, answer.text).toBe(200)
  })

  test("erases the person, and says what was erased and what is kept until it is mailed", async () => {
    const { json: erasure } = await erasureOf(concordId)
    const { json } = await asKey(server, "GET", `compliance-requests/${id}`)
    expect(json).toMatchObject({
      status: "resolved",
      resolutionStatus: "completed",
      resolution: "It is done",
      user: { email: "ann@example.com" },
      dataSystemTasks: [{ dataSystem: ledgerTask, completed: true, result: "completed" }],
      erasure: { id: erasure.id, scope: "full", counts: erasure.destroyed, remaining: [] },
    })
    expect(json.erasure.untilMailEnds).toEqual(
      expect.arrayContaining(["compliance_private.encrypted", "request_key.wrapped", "outbox.encrypted"]),
    )
    expect(erasure).toMatchObject({ reason: "request", members: [concordId] })
    expect((await ask(server, "consent-decisions", { userId: "ann" })).json.concordId).toBeUndefined()
    const reopened = await work(server, id, { reopen: { reason: "by mistake" } })
    expect([reopened.status, codesOf(reopened)]).toEqual([422, ["erased_already"]])
  })

  test("is a list of facts that any key may read, without anything personal", async () => {
    const events = await asKey(server, "GET", `compliance-requests-events?complianceRequestId=${id}&order=asc`, {
      headers: asViewer,
    })
    const kinds = events.json.items.map(({ event }: { readonly event: string }) => event)
    expect(kinds).toEqual(["opened", "acknowledged", "erased", "task_done", "resolved"])
    const { json } = await asKey(server, "GET", `compliance-requests/${id}`, { headers: asViewer })
    expect(json.erasure).toMatchObject({ scope: "full", remaining: [] })
    expect(events.text + JSON.stringify(json.erasure)).not.toContain(concordId)
  })

  test("needs a key that may erase in the whole organization: 403, and nothing is erased", async () => {
    const of = await asking("bea", "delete")
    for (const resolutionStatus of ["completed", "partially_completed"]) {
      const refused = await work(server, of.id, { ...answered, resolutionStatus }, { headers: asLimited })
      expectProblem(refused, 403)
      expect(violations(refused)).toEqual(["/status erase_needed"])
    }
    const denial = { ...answered, resolutionStatus: "denied", denialGround: "exempt" }
    expect((await work(server, of.id, denial, { headers: asLimited })).status).toBe(200)
    expectProblem(await erasureOf(of.concordId), 404)
  })

  test("erases everything unless it is asked to keep identifiers; an erasure with another answer is 422", async () => {
    const of = await asking("cid", "delete")
    const noted = await work(server, of.id, { notes: "later", erasure: { scope: "full" } })
    expect([noted.status, violations(noted)]).toEqual([422, ["/erasure erasure_not_allowed"]])
    expectProblem(await erasureOf(of.concordId), 404)
    expect(await worked(server, of.id, { ...completed, erasure: { scope: "full" } })).toMatchObject({
      erasure: { scope: "full" },
    })
  })

  test("waits for the other requests of the person, which are named", async () => {
    const of = await asking("dan", "delete")
    const { id: view } = await opened(server, { request: "view", preverified: true, userId: "dan" })
    const refused = await work(server, of.id, completed)
    expect([refused.status, violations(refused)]).toEqual([422, ["/status other_requests_open"]])
    expect(refused.json.errors[0].detail).toContain(view)
    expectProblem(await erasureOf(of.concordId), 404)
    const partly = await worked(server, of.id, { ...answered, resolutionStatus: "partially_completed" })
    expect(partly.erasure.remaining).toContain("compliance_private.encrypted")
    expect((await erasureOf(of.concordId)).status).toBe(200)
  })

  test("with an Idempotency-Key is given once, and a repeated one is answered alike", async () => {
    const of = await asking("eva", "delete")
    const sent = { headers: { ...asOwner, "idempotency-key": "erase-eva" } }
    const [first, second] = [await work(server, of.id, completed, sent), await work(server, of.id, completed, sent)]
    expect([first.status, second.status, second.text]).toEqual([200, 200, first.text])
    const listed = await server.request("GET", `${organization}/erasures`, { headers: asOwner })
    const own = listed.json.items.filter(({ members }: { members: string[] }) => members.includes(of.concordId))
    expect(own).toHaveLength(1)
  })

  test("leaves what is personal of this request alone, and nothing of a request that ended before", async () => {
    const of = await asking("fay", "delete")
    const { id: view } = await opened(server, { request: "view", preverified: true, userId: "fay" })
    await worked(server, view, { ...answered, resolutionStatus: "partially_completed" })
    await worked(server, of.id, completed)
    const hex = (id: string) => id.replaceAll("-", "")
    const idsIn = (table: string, column: string) =>
      rows(server, `name = '${table}'`)[0]![1].map((row) =>
        Buffer.from((row as Readonly<Record<string, Uint8Array>>)[column]!).toString("hex"),
      )
    const kept = idsIn("compliance_private", "request")
    expect([kept.includes(hex(of.id)), kept.includes(hex(view))]).toEqual([true, false])
    for (const table of ["alias", "session", "personal_data", "person_key", "external_id"]) {
      expect([table, idsIn(table, "person").includes(hex(of.concordId))]).toEqual([table, false])
    }
  })
})

describe("the answer to a delete that keeps identifiers", () => {
  const inPart = { ...answered, resolutionStatus: "partially_completed" }
  const held = { scope: "held", ground: "legal_claim" }

  test("is refused, and nothing is erased, without a ground, in whole, or by a key that may not erase", async () => {
    const of = await asking("hal", "delete")
    const refusals: ReadonlyArray<readonly [object, string, object?]> = [
      [{ ...inPart, erasure: { scope: "held" } }, "/erasure/ground erasure_ground_missing"],
      [{ ...inPart, erasure: { scope: "held", ground: null } }, "/erasure/ground erasure_ground_missing"],
      [{ ...inPart, erasure: { scope: "held", ground: "Hal's claim" } }, "/erasure/ground invalid"],
      [{ ...inPart, erasure: { scope: "tied", ground: "other" } }, "/erasure/scope invalid"],
      [{ ...inPart, erasure: { scope: "full", ground: "other" } }, "/erasure invalid"],
      [{ ...completed, erasure: held }, "/erasure/scope erasure_incomplete"],
      [{ ...answered, resolutionStatus: "no_records_found", erasure: held }, "/erasure erasure_not_allowed"],
      [{ notes: "later", erasure: held }, "/erasure erasure_not_allowed"],
      [{ status: "resolved", resolutionStatus: "partially_completed", erasure: held }, "/status resolution_missing"],
    ]
    for (const [change, violation] of refusals) {
      const refused = await work(server, of.id, change)
      expect([change, refused.status, violations(refused)]).toEqual([change, 422, [violation]])
      expect(refused.text).not.toContain("Hal")
    }
    const limited = await work(server, of.id, { ...inPart, erasure: held }, { headers: asLimited })
    expectProblem(limited, 403)
    expect(violations(limited)).toEqual(["/status erase_needed"])
    const data = await server.request("GET", `${organization}/people/${of.concordId}/data`, { headers: asOwner })
    expect(data.json.erasures).toEqual([])
  })

  test("destroys personal data and sessions, and the person is found, answered about and recorded for as before", async () => {
    const of = await asking("ida", "delete")
    const { id: view } = await opened(server, { request: "view", preverified: true, userId: "ida" })
    await worked(server, view, { ...answered, resolutionStatus: "partially_completed" })
    const own = yes({ userId: "ida", externalId: "order-of-ida" })
    expect((await record(server, [own])).status).toBe(201)
    const answer = await worked(server, of.id, { ...inPart, erasure: held })
    const { json: listed } = await server.request("GET", `${organization}/erasures`, { headers: asOwner })
    const erasure = listed.items.find(({ members }: { members: string[] }) => members.includes(of.concordId))
    expect(erasure).toMatchObject({ scope: "held", reason: "request", destroyed: { aliases: 0, externalIds: 1 } })
    expect(answer).toMatchObject({
      resolutionStatus: "partially_completed",
      user: { email: "ida@example.com" },
      erasure: { id: erasure.id, ...held, counts: erasure.destroyed },
    })
    expect(answer.erasure.untilMailEnds).toBeUndefined()
    expect(answer.purgeDate).toBeDefined()
    expect(answer.erasure.remaining).toContain("alias.hash")
    expect(
      answer.erasure.remaining.filter((column: string) => /personal_data|person_key|session|compl/.test(column)),
    ).toEqual([])
    const events = await asKey(server, "GET", `compliance-requests-events?complianceRequestId=${of.id}&event=erased`)
    expect(events.json.items).toHaveLength(1)
    expect(events.json.items[0].details).toMatchObject({ scope: "held", ground: "legal_claim" })
    expect(events.text).not.toContain(of.concordId)

    const asked = await ask(server, "consent-decisions", { userId: "ida" })
    expect(asked.json.items.map(({ permitted }: { permitted: boolean }) => permitted)).toContain(true)
    expectProblem(await erasureOf(of.concordId), 404)
    const again = await record(server, [own])
    expect([again.status, again.json.items[0].concordId]).toEqual([201, of.concordId])
    const data = await server.request("GET", `${organization}/people/${of.concordId}/data`, { headers: asOwner })
    expect(data.json.erasures).toMatchObject([{ id: erasure.id, scope: "held" }])
    expect(data.json.personalData).toMatchObject([{ kind: "event", data: { externalId: "order-of-ida" } }])
    expect(data.json.complianceRequests.map(({ id }: { readonly id: string }) => id)).toEqual([of.id])
  })

  test("is followed by another one, and by one that erases everything", async () => {
    const of = await asking("jan", "delete")
    await worked(server, of.id, { ...inPart, erasure: held })
    expect((await record(server, [yes({ userId: "jan", externalId: "second-of-jan" })])).status).toBe(201)
    const ask = { request: "delete", preverified: true, userId: "jan", user: { email: "jan@example.com" } }
    const second = await worked(server, (await opened(server, ask)).id, { ...inPart, erasure: held })
    expect(second.erasure).toMatchObject({ scope: "held", counts: { externalIds: 1, personalData: 1, personKeys: 1 } })
    const third = await worked(server, (await opened(server, ask)).id, completed)
    expect(third.erasure).toMatchObject({ scope: "full", remaining: [] })
    const { json } = await server.request("GET", `${organization}/erasures`, { headers: asOwner })
    const own = json.items.filter(({ members }: { members: string[] }) => members.includes(of.concordId))
    expect(own.map(({ scope }: { scope?: string }) => scope)).toEqual(["held", "held", undefined])
    const data = await server.request("GET", `${organization}/people/${of.concordId}/data`, { headers: asOwner })
    expect(data.json.erasures).toHaveLength(3)
  })
})

describe("the answer to a change", () => {
  const profileOf = async (concordId: string) => {
    const held = await server.request("GET", `${organization}/people/${concordId}/data`, { headers: asOwner })
    expect(held.status, held.text).toBe(200)
    return held.json.personalData.find(({ kind }: { readonly kind: string }) => kind === "profile")?.data
  }

  test("replaces members of the profile that the person has entered, and tells their names only", async () => {
    const visitor = await visit(server)
    const profile = { firstName: "Gus", lastName: "Grimm", address: { city: "Bonn", country: "DE" } }
    expect((await asVisitor(server, visitor, "POST", "profile", { json: profile })).status).toBe(200)
    const subject = { request: "change", preverified: true, concordId: visitor.concordId }
    const { id } = await opened(server, subject)
    const changes = { firstName: null, lastName: "Grimme", address: { city: "Köln" }, email: "new@example.com" }
    const changed = await worked(server, id, { ...completed, apply: true, changes })
    expect(changed.dataSystemTasks).toEqual([{ dataSystem: ledgerTask, completed: true, result: "completed" }])
    expect(await profileOf(visitor.concordId)).toEqual({ lastName: "Grimme", address: { city: "Köln" } })
    const events = await asKey(server, "GET", `compliance-requests-events?complianceRequestId=${id}&event=corrected`)
    expect(events.json.items[0].details).toEqual({ fields: ["address", "firstName", "lastName"] })
    expect(events.text).not.toMatch(/Grimm|Köln/)
  })

  const refusals: ReadonlyArray<readonly [string, object, string]> = [
    ["changes that are not to be applied", { ...completed, changes: { firstName: "H" } }, "/apply apply_missing"],
    ["an empty change", { ...completed, apply: true, changes: {} }, "/changes changes_missing"],
    ["no changes", { ...completed, apply: true, changes: null }, "/changes changes_missing"],
    ["a change without the answer", { apply: true, changes: { firstName: "H" } }, "/apply apply_not_allowed"],
    [
      "a name that is too long",
      { ...completed, apply: true, changes: { firstName: "h".repeat(257) } },
      "/changes/firstName invalid",
    ],
  ]

  test("with what is wrong is 422, and nothing is changed", async () => {
    const { concordId, id } = await asking("hal", "change")
    for (const [what, change, expected] of refusals) {
      const refused = await work(server, id, change)
      expect([what, refused.status, violations(refused)]).toEqual([what, 422, [expected]])
    }
    expect(await profileOf(concordId)).toBeUndefined()
    expect((await asKey(server, "GET", `compliance-requests/${id}`)).json.ordinal).toBe(1)
  })
})
