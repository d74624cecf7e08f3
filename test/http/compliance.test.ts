/** Compliance requests over HTTP by keys: opening, reading, working on them, what happened, roles and settings. */
import { beforeAll, describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { asKey, ask, codesOf, ledgerTask, mailOf, open, opened, work, worked } from "./complianceRequests.ts"
import { rows } from "./posts.ts"
import { expectProblem } from "./problem.ts"
import { acme, asOwner, blog, nobody, privacy, secretOf, shop, startWorld, types, violations, visit } from "./world.ts"

const server = served(startWorld)
const organization = `/privacy-v1/organizations/${acme.id}`
const asViewer = { "x-api-key": secretOf(acme, "viewer") }
const list = (query: string, headers = asOwner, of = shop) =>
  server.request("GET", `${privacy(of)}/compliance-requests?${query}`, { headers })
const idsOf = ({ json }: { readonly json: { readonly items: ReadonlyArray<{ readonly id: string }> } }) =>
  json.items.map(({ id }) => id)

describe("a request that a server opens", () => {
  test("is answered with everything that was sent, and waits for identity", async () => {
    const requestDate = Date.parse("2026-11-01T10:00:00Z")
    const request = await opened(server, {
      user: { email: "Jo@Example.com", firstName: "Jo", lastName: "Doe", phoneNumber: "+49 30 901820" },
      requestDetails: 42,
      notes: "By letter",
      requestDate,
      language: "de-at",
    })
    const { createdAt, dateCreated, dateUpdated, id, updatedAt, ...rest } = request
    expect([createdAt, updatedAt]).toEqual([[dateCreated], [dateUpdated]])
    expect(rest).toEqual({
      organization: acme.id,
      project: shop.id,
      request: "view",
      status: "pending_verification",
      requestDate,
      user: { email: "Jo@Example.com", firstName: "Jo", lastName: "Doe", phoneNumber: "+49 30 901820" },
      requestDetails: "42",
      notes: "By letter",
      preverified: false,
      dataSystemTasks: [{ dataSystem: ledgerTask, completed: false }],
      files: [],
      ordinal: 1,
      regulation: "clock:gdpr@2018-05",
      language: "de-AT",
      clock: {
        state: "running",
        dueDate: "2026-12-01",
        daysLeft: expect.any(Number),
        extended: false,
        overdue: expect.any(Boolean),
        late: false,
      },
      isLapsed: false,
    })
    const again = await asKey(server, "GET", `compliance-requests/${id.toUpperCase()}`)
    expect(again.json).toEqual(request)
  })

  test("takes the names of the site, a date as text, and a regulation by its name", async () => {
    const request = await opened(server, {
      user: null,
      userEmail: "flat@example.com",
      userLastName: "Flat",
      requestDate: "2026-11-02T00:00:00+02:00",
      regulation: "clock:ccpa@2023-03",
    })
    expect(request).toMatchObject({
      user: { email: "flat@example.com", lastName: "Flat" },
      requestDate: Date.parse("2026-11-01T22:00:00Z"),
      clock: { dueDate: "2026-12-16", confirmBy: "2026-11-13" },
    })
  })

  test("is opened once for one externalId of a key", async () => {
    const item = { request: "delete", user: { email: "once@example.com" }, externalId: "letter 7" }
    const [first, second] = [await open(server, [item]), await open(server, [item])]
    expect([first.status, second.status]).toEqual([201, 201])
    expect(idsOf(second)).toEqual(idsOf(first))
    const third = await open(server, [item], { headers: { "x-api-key": secretOf(acme, "admin") } })
    expect(idsOf(third)).not.toEqual(idsOf(first))
  })

  // Mutant: a limited key may say that identity was shown.
  test("counts as verified where the key may erase in the whole organization, otherwise it is 403", async () => {
    const item = { request: "view", user: { email: "sure@example.com" }, preverified: true }
    const { id } = await opened(server, item)
    const { json } = await asKey(server, "GET", `compliance-requests/${id}`)
    expect(json).toMatchObject({ status: "submitted", preverified: true, verificationMethod: "preverified" })
    const limited = await open(server, [item], { headers: { "x-api-key": secretOf(acme, "limited") } })
    expectProblem(limited, 403)
    expect(violations(limited)).toEqual(["/items/0/preverified erase_needed"])
    const permissions = [{ projectId: blog.id, role: "limited" }]
    const made = await server.request("POST", `${organization}/api-keys`, {
      headers: asOwner,
      json: { name: "Not everywhere", role: "admin", permissions },
    })
    const lesser = await open(server, [item], { headers: { "x-api-key": made.json.secret } })
    expect([lesser.status, codesOf(lesser)]).toEqual([403, ["erase_needed"]])
  })

  const broken: ReadonlyArray<readonly [string, object, string]> = [
    ["an unknown kind", { request: "sell" }, "/items/0/request invalid"],
    ["an e-mail address that is none", { user: { email: "nowhere" } }, "/items/0/user/email email_not_valid"],
    ["an e-mail address that is too long", { user: { email: "a".repeat(257) } }, "/items/0/user/email invalid"],
    ["a name with NUL", { user: { email: "a@b.example", firstName: "a\0" } }, "/items/0/user/firstName invalid"],
    ["an unknown clock pack", { regulation: "clock:gdpr@2019" }, "/items/0/regulation unknown_clock_pack"],
    ["a date of tomorrow", { requestDate: Date.now() + 86_400_000 }, "/items/0/requestDate request_date_in_future"],
    ["a date that is none", { requestDate: "yesterday" }, "/items/0/requestDate invalid"],
    ["a language that is none", { language: "not a language" }, "/items/0/language language_not_valid"],
    ["a subject that was not shown", { userId: "jo" }, "/items/0/userId subject_needs_preverified"],
    ["details that are too long", { requestDetails: "d".repeat(8193) }, "/items/0/requestDetails invalid"],
    ["notes that are too long", { notes: "d".repeat(2049) }, "/items/0/notes invalid"],
    ["a page that is no address", { captureUrl: "javascript:alert(1)" }, "/items/0/captureUrl invalid"],
  ]

  test.each(broken)("with %s is 422, and nothing is opened", async (_, item, expected) => {
    const before = (await list("limit=1")).json.total
    const answer = await open(server, [
      { request: "view", user: { email: "jo@example.com" }, ...item },
      { request: "view", user: { email: "jo@example.com" } },
    ])
    expectProblem(answer, 422)
    expect(violations(answer)).toEqual([expected])
    for (const value of Object.values(item)) expect(answer.text).not.toContain(`"${String(value)}"`)
    expect((await list("limit=1")).json.total).toBe(before)
  })

  test("is one of 1 to 100", async () => {
    const items = Array.from({ length: 101 }, () => ({ request: "view", user: { email: "jo@example.com" } }))
    expect(violations(await open(server, items))).toEqual(["/items invalid"])
    expect(violations(await open(server, []))).toEqual(["/items invalid"])
  })
})

describe("working on a request", () => {
  test("goes from identity to an answer, and every step is listed", async () => {
    const { id } = await opened(server)
    const refused = await work(server, id, { status: "acknowledged" })
    expect([refused.status, codesOf(refused)]).toEqual([422, ["not_verified"]])
    const verified = await worked(server, id, { verify: { reason: "Passport seen" }, notes: "Came by" })
    expect(verified).toMatchObject({ status: "submitted", verificationMethod: "staff", notes: "Came by", ordinal: 3 })
    expect(verified.verifiedDate).toEqual(expect.any(Number))
    expect(await worked(server, id, { status: "acknowledged" })).toMatchObject({ status: "acknowledged" })
    expect(await worked(server, id, { clarification: { ask: true } })).toMatchObject({ status: "acknowledged" })
    expect(codesOf(await work(server, id, { clarification: { ask: true } }))).toEqual(["clarification_open"])
    await worked(server, id, { clarification: { done: true } })
    expect(await worked(server, id, { extension: { reason: "Many systems" } })).toMatchObject({
      clock: { extended: true },
    })
    const open = await work(server, id, { status: "resolved", resolutionStatus: "completed", resolution: "Here" })
    expect([open.status, codesOf(open)]).toEqual([422, ["tasks_open"]])
    expect(open.json.errors[0].detail).toContain(`Consent ledger (${ledgerTask})`)
    const done = { status: "resolved", resolutionStatus: "partially_completed", resolution: ["As far as we could"] }
    expect(await worked(server, id, done)).toMatchObject({
      status: "resolved",
      resolutionStatus: "partially_completed",
      resolution: "As far as we could",
      resolvedDate: expect.stringMatching(/^\d{4}-.*Z$/),
      clock: { state: "ended", late: false },
    })
    expect(await worked(server, id, { reopen: { reason: "Forgot one" } })).toMatchObject({ status: "acknowledged" })
    const { json } = await asKey(server, "GET", `compliance-requests-events?complianceRequestId=${id}&order=asc`)
    expect(json.items.map(({ event }: { event: string }) => event)).toEqual(
      "opened noted verified acknowledged clarification_asked clarified extended resolved reopened".split(" "),
    )
    expect(JSON.stringify(json)).not.toMatch(/Passport|Came by|Many|As far|Forgot|jo@example/)
  })

  // Mutants: the ordinal is not compared; it is compared after the change.
  test("is 409 where the ordinal is not current, and changes nothing", async () => {
    const { id, ordinal } = await opened(server)
    expect(await worked(server, id, { ordinal, notes: "First" })).toMatchObject({ ordinal: ordinal + 1 })
    const second = await work(server, id, { ordinal, notes: "Second" })
    expectProblem(second, 409)
    expect(violations(second)).toEqual(["/ordinal request_conflict"])
    expect((await asKey(server, "GET", `compliance-requests/${id}`)).json.notes).toBe("First")
  })

  test("changes all or nothing", async () => {
    const { id } = await opened(server)
    const answer = await work(server, id, { notes: "Kept?", verify: { reason: "" } })
    expect([answer.status, codesOf(answer)]).toEqual([422, ["reason_missing"]])
    const { json } = await asKey(server, "GET", `compliance-requests/${id}`)
    expect(json).toMatchObject({ status: "pending_verification", ordinal: 1 })
    expect(json).not.toHaveProperty("notes")
  })

  test("without anything to change answers the request as it is", async () => {
    const request = await opened(server)
    expect(await worked(server, request.id, {})).toEqual(request)
    expect(await worked(server, request.id, { unknown: 1 })).toEqual(request)
  })

  test("a delete about no one that is known cannot be completed, a denial needs its ground", async () => {
    const { id } = await opened(server, { request: "delete", preverified: true })
    const resolved = { status: "resolved", resolution: "Done" }
    const completed = await work(server, id, { ...resolved, resolutionStatus: "completed" })
    expect([completed.status, codesOf(completed)]).toEqual([422, ["subject_unknown"]])
    const denied = await work(server, id, { ...resolved, resolutionStatus: "denied" })
    expect([denied.status, codesOf(denied)]).toEqual([422, ["denial_ground_missing"]])
    expect(
      await worked(server, id, { ...resolved, resolutionStatus: "denied", denialGround: "duplicate" }),
    ).toMatchObject({ resolutionStatus: "denied", denialGround: "duplicate" })
  })

  test("is 404 for a request that is not there, or of another project", async () => {
    const { id } = await opened(server, {}, blog)
    for (const each of [id, nobody, "nothing"]) expectProblem(await work(server, each, { notes: "n" }), 404)
  })
})

describe("an Idempotency-Key", () => {
  const items = [{ request: "do_not_sell", userId: "says no once", user: { email: "no-once@example.com" } }]
  const tables = "(name LIKE 'compliance%' OR name IN ('event', 'request_key', 'idempotency', 'outbox'))"

  // Mutants: the record is not written; the key is not read.
  test("opens once, and changes once: the answer is the same byte for byte, and nothing more is written", async () => {
    const headers = { "idempotency-key": crypto.randomUUID() }
    const first = await open(server, items, { headers })
    const changing = { "idempotency-key": crypto.randomUUID() }
    const change = () => work(server, first.json.items[0].id, { notes: "Once" }, { headers: changing })
    expect(first.status, first.text).toBe(201)
    const before = rows(server, tables)
    const again = await open(server, items, { headers })
    expect([again.status, again.text, again.headers["idempotent-replayed"]]).toEqual([201, first.text, "true"])
    expect(rows(server, tables)).toEqual(before)
    const changed = await change()
    const after = rows(server, tables)
    const repeated = await change()
    expect([repeated.text, repeated.headers["idempotent-replayed"]]).toEqual([changed.text, "true"])
    expect(rows(server, tables)).toEqual(after)
    const other = await open(server, [{ ...items[0], notes: "Another" }], { headers })
    expect([other.status, codesOf(other)]).toEqual([422, ["idempotency_key_reused"]])
  })
})

describe("a list of requests", () => {
  const marks = { notes: "zq-Notes", details: "zq-Details", email: "zq-filter@example.com", resolution: "zq-Words" }
  let id: string
  beforeAll(async () => {
    id = (
      await opened(server, {
        request: "change",
        user: { email: marks.email },
        notes: marks.notes,
        requestDetails: marks.details,
        requestDate: "2020-05-01T00:00:00Z",
        regulation: "clock:uk-gdpr@2026-02",
      })
    ).id
    const denied = { resolutionStatus: "denied", denialGround: "no_match", resolution: marks.resolution }
    await worked(server, id, { status: "resolved", ...denied })
  })

  test.each([
    "complianceRequestId=ID",
    "request=change&status=resolved&resolutionStatus=denied",
    "startDate=1588291200000&endDate=2020-05-01T00:00:00.001Z",
    "regulation=clock:uk-gdpr@2026-02",
    "userEmail=FILTER@ex",
    "notes=zq-n",
    "requestDetails=zq-d",
    "resolution=zq-w",
    "text=zq-w",
    "text=ZQ-FILTER",
  ])("finds it by %s", async (query) => {
    expect(idsOf(await list(query.replace("ID", id)))).toEqual([id])
  })

  // Mutant: only requests with a due date are listed, so one whose clock is paused is forgotten.
  test("of what is due has those whose clock is paused too, with the days that are left", async () => {
    const paused = await opened(server, { regulation: "clock:uk-gdpr@2026-02" })
    const untimed = await opened(server, { regulation: "clock:none@1" })
    const { json } = await asKey(server, "GET", "compliance-requests?dueBefore=2020-01-01&sort=dueDate&order=asc")
    const found = json.items.find((each: { readonly id: string }) => each.id === paused.id)
    expect(found.clock).toMatchObject({ state: "paused", daysLeft: paused.clock.daysLeft, overdue: false })
    expect(found.clock).not.toHaveProperty("dueDate")
    expect(paused.clock.daysLeft).toBeGreaterThan(25)
    expect(JSON.stringify(json.items)).not.toContain(untimed.id)
  })

  test.each([
    "status=submitted",
    "startDate=1588291200001&request=change",
    "endDate=1588291200000",
    "regulation=clock:none@1",
    "overdue=true",
    "lapsed=true",
    "dueBefore=2020-01-01",
    "userEmail=nowhere",
    "text=zq-nothing",
    "domain=shop.example&request=change",
    "geography=DE&request=change",
    `sessionId=${nobody}`,
    `concordId=${nobody}`,
  ])("leaves it out by %s", async (query) => {
    expect(idsOf(await list(query))).not.toContain(id)
  })

  test.each([
    ["limit=0", "limit"],
    ["status=open", "status"],
    ["request=sell", "request"],
    ["startDate=yesterday", "startDate"],
    ["overdue=1", "overdue"],
    ["dueBefore=2026-02-30", "dueBefore"],
    ["sort=notes", "sort"],
    ["complianceRequestId=7", "complianceRequestId"],
    [`notes=${"n".repeat(129)}`, "notes"],
    ["fileName=a", "fileName"],
    ["projectIds=a", "projectIds"],
  ])("is 400 with %s", async (query, parameter) => {
    const answer = await list(query)
    expectProblem(answer, 400)
    expect(answer.json.errors[0].parameter).toBe(parameter)
  })

  test("comes in pages that neither skip nor repeat, in both orders and by every sort", async () => {
    const total = (await list("limit=1")).json.total
    expect(total).toBeGreaterThan(5)
    for (const sort of ["requestDate", "dateCreated", "dateUpdated", "dueDate", "status"]) {
      const pages: Record<string, ReadonlyArray<string>> = {}
      for (const order of ["asc", "desc"]) {
        const found: Array<string> = []
        let cursor = ""
        do {
          const { json } = await list(`limit=3&sort=${sort}&order=${order}${cursor}`)
          found.push(...json.items.map((item: { id: string }) => item.id))
          cursor = json.nextCursor === undefined ? "" : `&cursor=${json.nextCursor}`
        } while (cursor !== "")
        pages[order] = found
        expect([sort, new Set(found).size, found.length]).toEqual([sort, total, total])
      }
      expect(pages["asc"]!.toReversed()).toEqual(pages["desc"])
    }
  })

  test("a cursor of another filter or key is 400", async () => {
    const { nextCursor } = (await list("limit=1")).json
    const asAdmin = { "x-api-key": secretOf(acme, "admin") }
    for (const answer of [
      await list(`limit=1&cursor=${nextCursor}&request=view`),
      await list(`limit=1&cursor=${nextCursor}`, asAdmin),
      await list(`limit=1&cursor=${nextCursor}`, asOwner, blog),
    ]) {
      expect([answer.status, codesOf(answer)]).toEqual([400, ["unknown_cursor"]])
    }
  })
})

describe("a key that may only read", () => {
  const personal = ["user", "requestDetails", "notes", "resolution", "captureUrl"]

  // Mutants: one member is left in; the audience is that of the organization.
  test("is answered without what is personal", async () => {
    const visitor = await visit(server)
    const { id } = (await ask(server, visitor, { requestDetails: "All of it" })).json
    await worked(server, id, { notes: "n", verify: { reason: "r" } })
    await worked(server, id, { status: "resolved", resolutionStatus: "partially_completed", resolution: "w" })
    const whole = (await asKey(server, "GET", `compliance-requests/${id}`)).json
    expect(Object.keys(whole)).toEqual(expect.arrayContaining(personal))
    expect(whole.session).toMatchObject({ id: visitor.id, domain: "shop.example", ipAddress: "127.0.0.0" })
    const seen = (await asKey(server, "GET", `compliance-requests/${id}`, { headers: asViewer })).json
    const { ipAddress: _, userAgent: __, ...session } = whole.session
    const left = Object.entries({ ...whole, session }).filter(([name]) => !personal.includes(name))
    expect(seen).toEqual(Object.fromEntries(left))
    const [item] = (await list(`complianceRequestId=${id}`, asViewer)).json.items
    expect(item).toEqual(seen)
  })

  test.each(["ipAddress", "userAgent", "userEmail", "notes", "requestDetails", "resolution", "text"])(
    "may not filter by %s",
    async (name) => {
      for (const path of [`${privacy()}/compliance-requests`, `${organization}/compliance-requests`]) {
        const answer = await server.request("GET", `${path}?${name}=a`, { headers: asViewer })
        expectProblem(answer, 403)
        expect(violations(answer)).toEqual([`?${name} handle_needed`])
        expect((await server.request("GET", `${path}?${name}=a`, { headers: asOwner })).status).toBe(200)
      }
    },
  )
})

describe("the list of an organization", () => {
  // Mutant: one project in which it may handle requests is enough.
  test("is 403 with a filter by something personal for a key that handles requests in one project alone", async () => {
    const permissions = [{ projectId: shop.id, role: "limited" }]
    const json = { name: "Handles in the shop", role: "viewer", permissions }
    const { secret } = (await server.request("POST", `${organization}/api-keys`, { headers: asOwner, json })).json
    const find = (query: string) =>
      server.request("GET", `${organization}/compliance-requests?text=jo${query}`, {
        headers: { "x-api-key": secret as string },
      })
    expectProblem(await find(""), 403)
    expect((await find(`&projectIds=${shop.id}`)).status).toBe(200)
  })

  test("has the projects in which the key may read, each with what it may see there", async () => {
    const inShop = (await opened(server, { notes: "In the shop" })).id
    const inBlog = (await opened(server, { notes: "In the blog" }, blog)).id
    const keyOf = async (role: string, inProject: string) => {
      const json = { name: `${role} ${inProject}`, role, permissions: [{ projectId: blog.id, role: inProject }] }
      const made = await server.request("POST", `${organization}/api-keys`, { headers: asOwner, json })
      return { "x-api-key": made.json.secret as string }
    }
    const seenBy = async (headers: Readonly<Record<string, string>>, query = "") => {
      const path = `${organization}/compliance-requests?limit=1000${query}`
      const { json } = await server.request("GET", path, { headers })
      const found = json.items.filter(({ id }: { id: string }) => [inShop, inBlog].includes(id))
      return found.map(({ notes, project }: Record<string, string>) => `${project} ${notes}`).toSorted()
    }
    const [shopNotes, blogNotes] = [`${shop.id} In the shop`, `${blog.id} In the blog`]
    expect(await seenBy(asOwner)).toEqual([shopNotes, blogNotes].toSorted())
    expect(await seenBy(asOwner, `&projectIds=${blog.id.toUpperCase()}`)).toEqual([blogNotes])
    expect(await seenBy(asOwner, `&projectIds=${nobody}`)).toEqual([])
    expect(await seenBy(await keyOf("limited", "viewer"))).toEqual([shopNotes, `${blog.id} undefined`].toSorted())
    const notInBlog = await keyOf("limited", "none")
    expect(await seenBy(notInBlog)).toEqual([shopNotes])
    expect(await seenBy(notInBlog, `&projectIds=${blog.id}`)).toEqual([])
    const events = await server.request("GET", `${organization}/compliance-requests-events?limit=1000`, {
      headers: notInBlog,
    })
    const about = new Set(events.json.items.map((item: Record<string, string>) => item["complianceRequestId"]))
    expect([about.has(inShop), about.has(inBlog)]).toEqual([true, false])
  })
})

describe("what happened to requests", () => {
  test("is listed by key, request, kind and instant, without anything personal", async () => {
    const { id } = await opened(server, { user: { email: "zq-event@example.com" } })
    await worked(server, id, { notes: "zq-noted" })
    const of = async (query: string) => {
      const { json } = await asKey(server, "GET", `compliance-requests-events?complianceRequestId=${id}&${query}`)
      return json.items.map(({ event }: { event: string }) => event)
    }
    expect(await of("")).toEqual(["noted", "opened"])
    expect(await of("event=noted&event=resolved")).toEqual(["noted"])
    expect(await of(`accountId=${nobody}`)).toEqual([])
    expect(await of("endDate=0")).toEqual([])
    const { json } = await asKey(server, "GET", `compliance-requests-events?complianceRequestId=${id}&event=opened`)
    expect(json.items).toEqual([
      {
        id: expect.any(String),
        complianceRequestId: id,
        event: "opened",
        details: expect.objectContaining({
          request: "view",
          clock: "clock:gdpr@2018-05",
          receivedAt: expect.stringMatching(/Z$/),
        }),
        submitter: expect.stringMatching(/^key:/),
        organizationId: acme.id,
        projectId: shop.id,
        dateCreated: expect.stringMatching(/Z$/),
        dateUpdated: expect.stringMatching(/Z$/),
      },
    ])
    const keyId = json.items[0].submitter.slice("key:".length)
    expect(await of(`accountId=${keyId}`)).toEqual(["noted", "opened"])
    expect(await of(`complianceRequestEventId=${json.items[0].id}`)).toEqual(["opened"])
    expect(codesOf(await asKey(server, "GET", "compliance-requests-events?event=read"))).not.toEqual([])
  })
})

describe("settings", () => {
  const ofOrganization = (json: object) => server.request("PATCH", organization, { headers: asOwner, json })
  const ofProject = (json: object) => server.request("PATCH", privacy(blog), { headers: asOwner, json })

  test("of an organization are answered as they were set, and null sets them back", async () => {
    const set = await ofOrganization({ timeZone: "Europe/Berlin", holidays: ["2026-12-25", "2026-12-24"] })
    expect(set.json).toMatchObject({ timeZone: "Europe/Berlin", holidays: ["2026-12-24", "2026-12-25"] })
    expect((await ofOrganization({ name: "Acme" })).json).toMatchObject({ timeZone: "Europe/Berlin" })
    const back = (await ofOrganization({ timeZone: null, holidays: null })).json
    expect(back).not.toHaveProperty("timeZone")
    expect(back).not.toHaveProperty("holidays")
  })

  test("of a project give a request its clock pack", async () => {
    const clockRules = [
      { geography: "US", request: "delete", pack: "clock:none@1" },
      { request: "delete", pack: "clock:ccpa@2023-03" },
    ]
    const set = await ofProject({ clockRules, doNotSellTypes: [] })
    expect(set.json).toMatchObject({ clockRules })
    expect(await opened(server, { request: "delete" }, blog)).toMatchObject({ regulation: "clock:ccpa@2023-03" })
    expect((await ofProject({ clockRules: null })).json).not.toHaveProperty("clockRules")
    expect(await opened(server, { request: "delete" }, blog)).toMatchObject({ regulation: "clock:gdpr@2018-05" })
  })

  test("say whether a package is built by itself, and false is what it is without", async () => {
    expect((await ofProject({ packageOnVerified: true })).json).toMatchObject({ packageOnVerified: true })
    expect((await ofProject({ name: "Blog" })).json).toMatchObject({ packageOnVerified: true })
    expect((await ofProject({ packageOnVerified: false })).json).not.toHaveProperty("packageOnVerified")
    await ofProject({ packageOnVerified: true })
    expect((await ofProject({ packageOnVerified: null })).json).not.toHaveProperty("packageOnVerified")
    expectProblem(await ofProject({ packageOnVerified: "yes" }), 422)
  })

  test("say whether an opt-out waits for identity, and false is what it is without", async () => {
    expect((await ofProject({ optOutNeedsVerification: true })).json).toMatchObject({ optOutNeedsVerification: true })
    expect((await ofProject({ name: "Blog" })).json).toMatchObject({ optOutNeedsVerification: true })
    const request = { request: "do_not_sell", user: { email: "typed@example.com" } }
    expect(await opened(server, request, blog)).toMatchObject({ status: "pending_verification" })
    expectProblem(await ofProject({ optOutNeedsVerification: "yes" }), 422)
    expect((await ofProject({ optOutNeedsVerification: false })).json).not.toHaveProperty("optOutNeedsVerification")
    await ofProject({ optOutNeedsVerification: true })
    expect((await ofProject({ optOutNeedsVerification: null })).json).not.toHaveProperty("optOutNeedsVerification")
    expect(await opened(server, request, blog)).toMatchObject({ status: "submitted" })
  })

  test("say where staff and privacy are reached, and how long requests are kept", async () => {
    const set = await ofProject({
      contactEmails: ["Staff@bücher.example", "Staff@bücher.example"],
      filesKeptFor: "P1W",
      requestsKeptFor: "P3Y",
    })
    const kept = { contactEmails: ["Staff@xn--bcher-kva.example"], filesKeptFor: "P7D", requestsKeptFor: "P3Y" }
    expect(set.json).toMatchObject(kept)
    expect((await ofProject({ name: "Blog" })).json).toMatchObject(kept)
    const { id } = await opened(server, {}, blog)
    const denial = { status: "resolved", resolutionStatus: "denied", denialGround: "exempt" }
    const denied = await asKey(server, "PATCH", `compliance-requests/${id}`, { json: denial }, blog)
    const { purgeDate, resolvedDate } = denied.json
    expect(Number(purgeDate.slice(0, 4)) - Number(resolvedDate.slice(0, 4))).toBe(3)
    expect(denied.json).not.toHaveProperty("filePurgeDate")
    const reset = await ofProject({ contactEmails: null, filesKeptFor: null, requestsKeptFor: null })
    for (const name of Object.keys(kept)) expect(reset.json).not.toHaveProperty(name)
    for (const privacyContact of ["dpo@acme.example", "https://acme.example/privacy"]) {
      expect((await ofOrganization({ privacyContact })).json).toMatchObject({ privacyContact })
    }
    expect((await ofOrganization({ privacyContact: null })).json).not.toHaveProperty("privacyContact")
    const representative = "Rep GmbH, Unter den Linden 1, Berlin"
    expect((await ofOrganization({ representative })).json).toMatchObject({ representative })
    expect((await ofOrganization({ timeZone: null })).json).toMatchObject({ representative })
    expect((await ofOrganization({ representative: null })).json).not.toHaveProperty("representative")
  })

  test.each([
    ["privacyContact", "nowhere", "/privacyContact invalid"],
    ["representative", "", "/representative invalid"],
    ["privacyContact", "javascript:alert(1)", "/privacyContact invalid"],
    ["privacyContact", "https://jo:secret@acme.example/", "/privacyContact invalid"],
    ["contactEmails", ["a@b.example\r\nBcc: c@d.example"], "/contactEmails/0 email_not_valid"],
    ["contactEmails", ["Jo <jo@acme.example>"], "/contactEmails/0 email_not_valid"],
    ["contactEmails", Array.from({ length: 11 }, (_, n) => `a${n}@acme.example`), "/contactEmails invalid"],
    ["filesKeptFor", "P6D", "/filesKeptFor invalid"],
    ["filesKeptFor", "P366D", "/filesKeptFor invalid"],
    ["filesKeptFor", "P7DT1H", "/filesKeptFor invalid"],
    ["requestsKeptFor", "P0D", "/requestsKeptFor invalid"],
    ["requestsKeptFor", "P11Y", "/requestsKeptFor invalid"],
    ["timeZone", "Mars/Olympus", "/timeZone time_zone_not_valid"],
    ["holidays", ["2026-02-30"], "/holidays/0 invalid"],
    ["holidays", Array.from({ length: 2001 }, () => "2026-12-25"), "/holidays invalid"],
    ["clockRules", [{ pack: "clock:gdpr@1" }], "/clockRules/0/pack unknown_clock_pack"],
    ["clockRules", [{ pack: "clock:none@1", request: "sell" }], "/clockRules/0/request invalid"],
    ["doNotSellTypes", [types.newsletter.id], "/doNotSellTypes/0 unknown_consent_type"],
  ])("%s is 422 with %j", async (name, value, expected) => {
    const isOfOrganization = ["timeZone", "holidays", "privacyContact", "representative"].includes(name)
    const answer = await (isOfOrganization ? ofOrganization : ofProject)({ [name]: value })
    expectProblem(answer, 422)
    expect(violations(answer)).toEqual([expected])
  })
})

describe("a mail that came back", () => {
  test("is failed, and its request shows it; the same again changes nothing", async () => {
    const { id } = await opened(server, { isPreverified: true })
    const mail = mailOf(server, id)
    const bounce = (of: string, headers = asOwner) =>
      server.request("POST", `${privacy(shop)}/mails/${of}/bounce`, { headers, json: {} })
    const noted = await bounce(mail)
    expect([noted.status, noted.json]).toMatchObject([
      200,
      { id: mail, complianceRequestId: id, template: "received", state: "failed", outcome: "bounced" },
    ])
    expect((await bounce(mail)).json).toEqual(noted.json)
    const events = await asKey(server, "GET", `compliance-requests-events?complianceRequestId=${id}`)
    expect(events.json.items.filter(({ event }: { readonly event: string }) => event === "mailed")).toHaveLength(1)
    expectProblem(await bounce(nobody), 404)
    expectProblem(await bounce("1"), 404)
    expectProblem(await bounce(mail, asViewer), 403)
  })
})

// Mutant: an announced body that is empty is parsed as JSON.
test("an empty body with the type of JSON is no body, where a package is asked for", async () => {
  const { id } = await opened(server, { preverified: true })
  const headers = { "content-type": "application/json" }
  const asked = await asKey(server, "POST", `compliance-requests/${id}/package`, { headers, body: "" })
  expect([asked.status, asked.json.id], asked.text).toEqual([202, id])
  const wrong = await asKey(server, "POST", `compliance-requests/${id}/package`, { headers, body: "{" })
  expect(wrong.status).toBe(400)
  const needed = await asKey(server, "PATCH", `compliance-requests/${id}`, { headers, body: "" })
  expect(needed.status).toBe(400)
})
