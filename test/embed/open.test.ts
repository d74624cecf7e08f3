/**
 * `assent/open`: recording and asking without Effect, over each kind of store.
 */
import { execFileSync } from "node:child_process"
import { existsSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { describe, expect, test } from "vitest"
import { Closed, OpenError, open, Refusal, Unavailable } from "../../apps/embed/index.ts"
import { childEnv } from "../support/childEnv.ts"
import { isLong } from "../support/long.ts"
import { errorOf, folder, newsletter, openAt, places, server, types, warnings, yes } from "./opened.ts"

const jo = { email: "jo@example.com" }

/** PostgreSQL, which takes longest, is among the long tests. */
const stores = Object.entries(places).filter(([kind]) => isLong || kind !== "PostgreSQL")

describe.each(stores)("a ledger in %s", (kind, place) => {
  test("records and answers plain values, with the names of the type", async () => {
    await using ledger = await openAt(await place())
    const [event] = await ledger.record({ ...jo, ...yes, consentDate: new Date("2026-01-31T12:00:00Z") })
    expect(event).toMatchObject({ ...yes, consentDate: "2026-01-31T12:00:00.000Z", version: 1 })
    const [decision] = await ledger.decide(jo, { types: [newsletter], at: "2026-06-01T00:00:00Z" })
    expect(decision).toMatchObject({
      concordId: event!.concordId,
      consentType: event!.consentType,
      ...newsletter,
      status: "given",
      permitted: true,
      event: event!.id,
      nextChangeAt: "2027-02-28T12:00:00.000Z",
      because: { rule: "live-choice", lost: [] },
    })
    const state = await ledger.state(jo, { at: "2026-06-01T00:00:00Z" })
    expect(state).toEqual({ items: [event], nextChangeAt: "2027-02-28T12:00:00.000Z" })
    const timeline = await ledger.timeline(jo, { types: [newsletter] })
    expect(timeline.map(({ at, status }) => [at, status])).toEqual([
      ["2026-01-31T12:00:00.000Z", "given"],
      ["2027-02-28T12:00:00.000Z", "expired"],
    ])
    const people = await ledger.people({ email: "JO@example.com" })
    expect(people).toEqual([
      {
        concordId: event!.concordId,
        members: [event!.concordId],
        identifiers: [{ kind: "email", since: expect.any(String) }],
      },
    ])
    const all = await ledger.types()
    expect(all.map(({ consentDuration, label, name }) => [label, name, consentDuration])).toEqual([
      ["newsletter", "Newsletter", "P1Y1M"],
      ["visits", "visits", undefined],
    ])
    for (const answer of [event, decision, state, timeline, people, all]) {
      expect(JSON.parse(JSON.stringify(answer))).toStrictEqual(answer)
    }
  })

  test("lets a refusal win, and answers as of before it was known", async () => {
    await using ledger = await openAt(await place())
    await ledger.record({ ...jo, ...yes })
    const [before] = await ledger.decide(jo, { types: [newsletter] })
    await ledger.record({ ...jo, ...yes, consentState: "declined" })
    const [after] = await ledger.decide(jo, { types: [newsletter] })
    expect([before!.status, after!.status, after!.permitted]).toEqual(["given", "withdrawn", false])
    expect(after!.because.lost).toEqual([
      { event: before!.event, consentState: "accepted", reason: "not-after-choice" },
    ])
    const { at, knownAt } = before!
    expect(await ledger.decide(jo, { types: [newsletter], at, knownAt })).toEqual([before])
  })

  test("records a refusal of which little can be read, and never an acceptance", async () => {
    await using ledger = await openAt(await place())
    const unreadable = { consentDate: "soon", version: "first", consentAction: 7, externalId: "" } as object
    const [event] = await ledger.record({ ...jo, ...yes, consentState: "declined", ...unreadable })
    expect(event!.leftOut?.toSorted()).toEqual(["consentAction", "consentDate", "externalId", "version"])
    const [decision] = await ledger.decide(jo, { types: [newsletter] })
    expect([decision!.status, decision!.event]).toEqual(["refused", event!.id])
    const error = await errorOf(ledger.record({ ...jo, ...yes, ...unreadable }))
    expect(error).toBeInstanceOf(Refusal)
    const options = { sharedContacts: "leave-in", idempotencykey: "a" } as object
    const no = { ...jo, ...yes, consentState: "declined" } as const
    expect(await ledger.record([no], options)).toMatchObject([{ consentState: "declined" }])
    expect(await errorOf(ledger.record([no, { ...jo, ...yes }], options))).toMatchObject({
      violations: [
        { pointer: "/0", code: "not_recorded" },
        { pointer: "/idempotencykey" },
        { pointer: "/sharedContacts" },
      ],
    })
  })

  test("answers what is under way when it is closed, is closed twice, and refuses calls after that", async () => {
    const ledger = await openAt(await place())
    const calls = [ledger.record({ ...jo, ...yes }), ledger.decide(jo), ledger.types()]
    await Promise.all([ledger.close(), ledger.close()])
    const settled = await Promise.allSettled(calls)
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled"])
    await ledger.close()
    expect(await errorOf(ledger.decide(jo))).toBeInstanceOf(Closed)
    expect(await errorOf(ledger.record({ ...jo, ...yes }))).toBeInstanceOf(Closed)
    expect((await ledger.handler(new Request("http://localhost/livez"))).status).toBe(503)
  })

  if (kind === "memory") return
  test("is found again, by two at a time, which see each other's events", async () => {
    const at = await place()
    const [first, second] = await Promise.all([openAt(at), openAt(at)])
    expect(second.projectId).toBe(first.projectId)
    const [event] = await first.record({ ...jo, ...yes })
    expect(await second.state(jo)).toMatchObject({ items: [{ id: event!.id }] })
    await second.record({ ...jo, ...yes, consentState: "declined" })
    expect(await first.decide(jo, { types: [newsletter] })).toMatchObject([{ status: "withdrawn" }])
    await first.close()
    expect(await second.decide(jo, { types: [newsletter] })).toMatchObject([{ status: "withdrawn" }])
    await second.close()
    const third = await openAt(at, { name: "Another name", types: [] })
    expect([third.projectId, (await third.types()).length]).toEqual([first.projectId, types.length])
    expect(await third.decide(jo, { types: [newsletter] })).toMatchObject([{ status: "withdrawn" }])
    await third.close()
  })
})

describe("a ledger", () => {
  const place = places["SQLite"]!

  test("records all items or none, and says what is wrong with each and which refusals would pass alone", async () => {
    await using ledger = await openAt(await place())
    const no = { ...jo, ...yes, consentState: "declined" } as const
    const error = await errorOf(ledger.record([no, { ...jo, ...yes, version: 0 }, { ...yes, email: "nobody" }]))
    expect(error).toBeInstanceOf(Refusal)
    const { message, statusCode, violations } = error as Refusal
    expect(violations.map(({ code, pointer }) => [pointer, code])).toEqual([
      ["/0", "not_recorded"],
      ["/1/version", "invalid"],
      ["/2/email", "identifier_not_valid"],
    ])
    expect([statusCode, message.includes("nobody")]).toEqual([422, false])
    expect(await ledger.people(jo)).toEqual([])
    expect((await errorOf(ledger.record({ ...yes, email: "nobody" }))) as Refusal).toMatchObject({
      violations: [{ pointer: "/email", code: "identifier_not_valid" }],
    })
  })

  test("records the same call once by its idempotency key, and the same event once by its external id", async () => {
    await using ledger = await openAt(await place())
    const once = () => ledger.record({ ...jo, ...yes }, { idempotencyKey: "a" })
    expect(await once()).toEqual(await once())
    expect(await errorOf(ledger.record({ ...jo, ...yes, version: 1 }, { idempotencyKey: "a" }))).toMatchObject({
      violations: [{ pointer: "/idempotencyKey", code: "key_reused" }],
    })
    const item = { ...jo, ...yes, externalId: "order 7", consentDate: "2026-01-01T00:00:00Z" } as const
    expect((await ledger.record(item))[0]!.id).toBe((await ledger.record(item))[0]!.id)
  })

  test("refuses a question that cannot be read, instead of answering another one", async () => {
    await using ledger = await openAt(await place())
    const wrong = [
      [ledger.decide({}), "", "identifier_missing"],
      [ledger.decide({ email: "nobody" }), "/email", "identifier_not_valid"],
      [ledger.decide({ mail: "x" } as object), "/mail", "unknown"],
      [ledger.decide({ email: 7 } as object), "/email", "invalid"],
      [ledger.decide(jo, { types: [{ label: "news" }] }), "/types/0", "unknown_consent_type"],
      [ledger.decide(jo, { types: [{}] }), "/types/0", "invalid"],
      [ledger.decide(jo, { types: [{ lable: "x" } as object] }), "/types/0/lable", "unknown"],
      [ledger.decide(jo, { at: "yesterday" }), "/at", "invalid"],
      [ledger.decide(jo, { knownAt: new Date(Number.NaN) }), "/knownAt", "invalid"],
      [ledger.decide(jo, { knownat: "2026-01-01T00:00:00Z" } as object), "/knownat", "unknown"],
      [ledger.timeline(jo, { at: "2026-01-01T00:00:00Z" } as object), "/at", "unknown"],
      [ledger.record([]), "", "invalid"],
      [ledger.record({ ...jo, ...yes }, { idempotencyKey: "" }), "/idempotencyKey", "invalid"],
      [ledger.addType({ category: "custom", subcategory: "x", label: "No" }), "/label", "invalid"],
      [ledger.addType(newsletter), "/label", "consent_type_exists"],
      [ledger.createKey({ name: "", role: "owner" }), "/name", "invalid"],
    ] as const
    for (const [call, pointer, code] of wrong) {
      expect(await errorOf(call)).toMatchObject({ name: "Refusal", violations: [{ pointer, code }] })
    }
  })

  test("sees a type that was made meanwhile", async () => {
    await using ledger = await openAt(await place())
    const survey = { category: "custom", subcategory: "research", label: "survey" } as const
    const made = await ledger.addType({ ...survey, rules: { permits: "accepted" } })
    expect(made).toMatchObject({ ...survey, rules: { permits: "accepted" }, version: 1, status: "active" })
    expect((await ledger.types()).at(-1)).toEqual(made)
    expect(await ledger.decide(jo, { types: [survey] })).toMatchObject([{ ...survey, status: "unknown" }])
    expect(await errorOf(ledger.addType(undefined as never))).toBeInstanceOf(Refusal)
    expect(await errorOf(ledger.createKey(undefined as never))).toBeInstanceOf(Refusal)
  })
})

test("a ledger takes the ids and the versions of a types.json", async () => {
  const id = "018d5d1e-0000-7000-8000-00000000000A"
  const versions = [
    { version: 1, publishedAt: "2024-01-01T00:00:00Z" },
    { version: 2, publishedAt: "2025-01-01T00:00:00Z", requireReaccept: true, grace: "P1M" },
  ]
  await using ledger = await open("memory:", { types: { items: [{ id, ...newsletter, versions }] } })
  await ledger.record({ ...jo, ...yes, consentDate: "2024-06-01T00:00:00Z" })
  expect(await ledger.types()).toMatchObject([{ id: id.toLowerCase(), version: 2 }])
  expect((await ledger.timeline(jo)).map(({ at, status }) => [at, status])).toEqual([
    ["2024-06-01T00:00:00.000Z", "given"],
    ["2025-02-01T00:00:00.000Z", "invalidated"],
  ])
})

describe("opening", () => {
  const files = folder()

  test("makes the key file next to a SQLite file, says so, and refuses another one", async () => {
    const path = join(files, "kept/consent.db")
    warnings.length = 0
    await (await openAt({ url: `sqlite:${path}`, options: {} })).close()
    expect([existsSync(`${path}.keys`), warnings]).toEqual([true, [expect.stringContaining(`${path}.keys`)]])
    const others = join(files, "others.keys")
    await (
      await openAt({ url: `sqlite:${join(files, "other.db")}`, options: { keys: others } }).catch(() => undefined)
    )?.close()
    writeFileSync(others, "not keys")
    expect(await errorOf(open(`sqlite:${path}`, { keys: others }))).toMatchObject({ name: "OpenError", code: "keys" })
  })

  test("warns of types that the project lacks, because only the first opening makes them", async () => {
    const url = `sqlite:${join(files, "later.db")}`
    await (await openAt({ url, options: {} })).close()
    warnings.length = 0
    await (await openAt({ url, options: {} })).close()
    expect(warnings).toEqual([])
    const survey = { category: "custom", subcategory: "research", label: "survey" } as const
    await using ledger = await openAt({ url, options: {} }, { types: [...types, survey] })
    expect(warnings).toEqual([expect.stringMatching(/later\.db: \/types\/2: the project has no such .*addType/)])
    await ledger.addType(survey)
    await using again = await openAt({ url, options: {} }, { types: [...types, survey] })
    expect([warnings.length, (await again.types()).length]).toEqual([1, 3])
  })

  test("refuses a ledger with several projects unless one is named, and lists them", async () => {
    const url = `sqlite:${join(files, "several.db")}`
    const first = await open(url, { name: "Shop", onWarning: () => {} })
    const { secret } = await first.createKey({ name: "setup", role: "owner" })
    const headers = { "x-api-key": secret, "content-type": "application/json" }
    const path = `http://localhost/privacy-v1/organizations/${first.organizationId}/projects`
    const body = JSON.stringify({ name: "Blog", type: "website", domains: ["blog.example"] })
    const made = await first.handler(new Request(path, { method: "POST", headers, body }))
    const { id } = (await made.json()) as { readonly id: string }
    await first.close()
    const error = (await errorOf(open(url))) as OpenError
    expect([error.code, error.message.includes(`${id} (Blog, of Shop)`)]).toEqual(["project", true])
    const second = await open(url, { project: id.toUpperCase() })
    expect([second.projectId, await second.types()]).toEqual([id, []])
    await second.close()
    expect(await errorOf(open(url, { project: first.organizationId }))).toMatchObject({ code: "project" })
  })

  test("says what is wrong, names the place, and shows no password", async () => {
    const keys = join(files, "some.keys")
    const url = await (await server()).database()
    const notThere = url.replace(/\/[^/]+$/, "/missing_database").replace(/:[^:@]*@/, ":secret@")
    const file = join(files, "not-a-ledger.db")
    writeFileSync(file, "this is a text, and longer than the header of a file of SQLite".repeat(20))
    const wrong = [
      ["mysql://localhost/x", {}, "options", "sqlite:PATH"],
      ["memory:", { nmae: "x" }, "options", "/nmae"],
      ["memory:", { domains: ["no host"] }, "options", "/domains/0"],
      ["memory:", { domains: [] }, "options", "/domains"],
      ["memory:", { types: [{ category: "news" }] }, "options", "/types/items/0/category"],
      ["memory:", { types: [{ ...newsletter, rules: { maxage: {} } }] }, "options", "/types/items/0/rules/maxage"],
      ["memory:", { types: [newsletter, newsletter] }, "options", "/types/items/1"],
      ["memory:", { http: { basepath: "/x" } }, "options", "/http/basepath"],
      [url, {}, "keys", "assent keys create"],
      [url, { keys }, "keys", keys],
      [`sqlite:${file}`, {}, "store", file],
      [`sqlite:${files}`, {}, "store", files],
      [notThere, { keys: `${file}.keys` }, "keys", "missing_database"],
    ] as const
    for (const [at, options, code, named] of wrong) {
      const error = await errorOf(open(at, options as object))
      expect(error).toBeInstanceOf(OpenError)
      expect([at, (error as OpenError).code]).toEqual([at, code])
      expect((error as OpenError).message).toContain(named)
      expect((error as OpenError).message).not.toContain("secret")
    }
  })

  test("says which Node.js it needs, where the one that runs has no SQLite", () => {
    const open = JSON.stringify(join(import.meta.dirname, "../../apps/embed/index.ts"))
    const code = `import { open } from ${open}
      await open("memory:").catch(({ name, code, message }) => console.log(name, code, message))`
    const args = ["--no-experimental-sqlite", "--input-type=module", "--eval", code]
    const printed = execFileSync(process.execPath, args, { env: childEnv, encoding: "utf8" })
    expect(printed).toBe(`OpenError package assent/open needs Node.js from 22.19, and this is ${process.version}\n`)
  })

  test("opens a SQLite file once for all openings of a process, and refuses it in another one", async () => {
    const path = join(files, "shared.db")
    const [first, second] = await Promise.all([openAt({ url: `sqlite:${path}`, options: {} }), open(`sqlite:${path}`)])
    const program = `import { open } from ${JSON.stringify(join(import.meta.dirname, "../../apps/embed/index.ts"))}
      const opened = await open(${JSON.stringify(`sqlite:${path}`)}).catch((error) => error)
      console.log(opened.code, opened.message)
      await opened.close?.()`
    const script = join(files, "other.ts")
    writeFileSync(script, program)
    const other = () => execFileSync(process.execPath, [script], { encoding: "utf8", env: childEnv })
    expect(other()).toMatch(/^store .*shared\.db: another server has this ledger/)
    await Promise.all([first.close(), first.close()])
    expect((await second.types()).length).toBe(types.length)
    const [, third] = await Promise.all([
      second.close(),
      open(`sqlite:${join(files, "../", basename(files), "shared.db")}`),
    ])
    expect((await third.types()).length).toBe(types.length)
    await third.close()
    expect(other()).toBe("undefined undefined\n")
  })

  test("is Unavailable while PostgreSQL is away, and answers again", async () => {
    const at = await places["PostgreSQL"]!()
    const ledger = await openAt(at)
    const postgres = await server()
    const name = new URL(at.url).pathname.slice(1)
    await postgres.administer(`ALTER DATABASE "${name}" WITH ALLOW_CONNECTIONS false`)
    await postgres.administer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`)
    const error = await errorOf(ledger.record({ ...jo, ...yes }))
    expect([error instanceof Unavailable, (error as Unavailable).statusCode]).toEqual([true, 503])
    await postgres.administer(`ALTER DATABASE "${name}" WITH ALLOW_CONNECTIONS true`)
    for (let tries = 0; tries < 100; tries++) {
      if (
        await ledger.record({ ...jo, ...yes }).then(
          () => true,
          () => false,
        )
      )
        break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(await ledger.decide(jo, { types: [newsletter] })).toMatchObject([{ status: "given" }])
    await ledger.close()
  })
})
