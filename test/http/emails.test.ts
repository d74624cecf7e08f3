/**
 * The senders of mails and the words of mails over HTTP, with a real mail server: an address sends once the code that
 * was mailed to it was given back, and mails of requests come from it, with the words of the organization.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Mail, type MailServer, startMailServer } from "../support/mailServer.ts"
import { codeIn, mailsTo } from "../support/requesterMails.ts"
import type { Answer, Server } from "../support/server.ts"
import { expectProblem } from "./problem.ts"
import {
  acme,
  asOwner,
  blog,
  foreign,
  nobody,
  other,
  privacy,
  secretOf,
  shop,
  startWorld,
  violations,
} from "./world.ts"

let relay: MailServer
let server: Server
beforeAll(async () => {
  relay = await startMailServer()
  server = await startWorld({ ASSENT_SMTP_URL: relay.url, ASSENT_MAIL_FROM: "Acme privacy <privacy@relay.example>" })
})
afterAll(async () => {
  await server.stop()
  await relay.stop()
})

const emails = `/privacy-v1/organizations/${acme.id}/emails`
const texts = `/privacy-v1/organizations/${acme.id}/mail-texts`

const send = (method: string, path: string, json?: object, headers: object = {}): Promise<Answer> =>
  server.request(method, path, { headers: { ...asOwner, ...headers }, ...(json !== undefined && { json }) })

let made = 0
const newEmail = () => ({ name: `Office ${made}`, email: `office${made++}@acme.example` })

const codeFor = (email: string): string =>
  mailsTo(relay, email)
    .flatMap((mail) => codeIn(mail) ?? [])
    .at(-1)!

const created = async () => {
  const answer = await send("POST", emails, newEmail())
  expect(answer.status, answer.text).toBe(201)
  return answer.json as { readonly id: string; readonly email: string }
}

const verified = async () => {
  const { email, id } = await created()
  const answer = await send("POST", `${emails}/${id}/verify`, { code: codeFor(email) })
  expect(answer.status, answer.text).toBe(200)
  return { email, id }
}

const wrong = (code: string): string => (code === "00000000" ? "00000001" : "00000000")

/** Opens a request of a person that is known, and answers its mail. */
const mailOf = async (project: typeof shop, more: object = {}): Promise<Mail> => {
  const email = `asks${made++}@example.com`
  const items = [{ request: "view", user: { email }, preverified: true, ...more }]
  const answer = await send("POST", `${privacy(project)}/compliance-requests`, { items })
  expect(answer.status, answer.text).toBe(201)
  await relay.until(() => mailsTo(relay, email).length > 0)
  return mailsTo(relay, email)[0]!
}

describe("a sender", () => {
  test("is pending until the code that was mailed to it is given back", async () => {
    const { email, name } = newEmail()
    const answer = await send("POST", emails, { name, email: email.replace("acme", "ACME") })
    expect([answer.status, answer.json]).toEqual([
      201,
      {
        id: expect.any(String),
        name,
        email,
        organizationId: acme.id,
        projects: [],
        status: "pending",
        dateCreated: expect.any(String),
      },
    ])
    const [mail] = mailsTo(relay, email)
    expect(mail).toMatchObject({ from: "privacy@relay.example" })
    expect(mail!.parsed).toMatchObject({ subject: "Acme: please confirm this sender address" })
    const path = `${emails}/${answer.json.id}/verify`
    const code = codeFor(email)
    const refused = await send("POST", path, { code: wrong(code) })
    expect([refused.status, violations(refused)]).toEqual([422, ["/code code_not_valid"]])
    const taken = await send("POST", path, { code })
    expect([taken.status, taken.json]).toEqual([200, { ...answer.json, status: "verified" }])
    expect(violations(await send("POST", path, { code }))).toEqual(["/code code_not_valid"])
  })

  test("is not verified after five wrong tries, however many come at once", async () => {
    const { email, id } = await created()
    const code = codeFor(email)
    const path = `${emails}/${id}/verify`
    const tries = await Promise.all(Array.from({ length: 12 }, () => send("POST", path, { code: wrong(code) })))
    expect(new Set(tries.map(({ status }) => status))).toEqual(new Set([422]))
    expect(violations(await send("POST", path, { code }))).toEqual(["/code code_not_valid"])
  })

  test("gets another code after a minute at the earliest", async () => {
    const { email, id } = await created()
    const answer = await send("POST", `${emails}/${id}/verification`)
    expectProblem(answer, 429)
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0)
    expect(mailsTo(relay, email)).toHaveLength(1)
    const sender = await verified()
    const again = await send("POST", `${emails}/${sender.id}/verification`)
    expect([again.status, violations(again)]).toEqual([409, [" sender_verified"]])
  })

  test("is added once, with one mail, when the request is sent again with its key", async () => {
    const json = newEmail()
    const key = { "idempotency-key": crypto.randomUUID() }
    const answers = [await send("POST", emails, json, key), await send("POST", emails, json, key)]
    expect(answers[1]!.text).toBe(answers[0]!.text)
    expect(mailsTo(relay, json.email)).toHaveLength(1)
    const twice = await send("POST", emails, json)
    expect([twice.status, violations(twice)]).toEqual([409, ["/email sender_exists"]])
    const path = `${emails}/${answers[0]!.json.id}/verify`
    const [code, tryKey] = [codeFor(json.email), { "idempotency-key": crypto.randomUUID() }]
    for (let n = 0; n < 2; n++) {
      const answer = await send("POST", path, { code: wrong(code) }, tryKey)
      expect([answer.status, violations(answer)]).toEqual([422, ["/code code_not_valid"]])
    }
    expect((await send("POST", path, { code })).status).toBe(200)
  })

  test("is not added where the mail server does not take the mail: 503, and the same request may come again", async () => {
    const json = newEmail()
    const key = { "idempotency-key": crypto.randomUUID() }
    relay.behave({ to: () => 550 })
    const refused = await send("POST", emails, json, key)
    relay.behave({})
    expectProblem(refused, 503)
    expect(refused.json.detail).toBe(
      "the mail server did not take the mail with the code (550), so nothing was changed",
    )
    expect((await send("POST", emails, json, key)).status).toBe(201)
    expect(server.log()).not.toContain(json.email)
  })

  test.each([
    ["an address that is none", { email: "office" }, ["/email email_not_valid"]],
    ["an address that begins a header", { email: "a@acme.example\r\nBcc: b@x.example" }, ["/email email_not_valid"]],
    ["a name that begins a header", { name: "Acme\r\nBcc: b@x.example" }, ["/name invalid"]],
    ["a name of white space", { name: "  " }, ["/name invalid"]],
  ])("with %s is 422", async (_, json, expected) => {
    const answer = await send("POST", emails, { ...newEmail(), ...json })
    expect([answer.status, violations(answer)]).toEqual([422, expected])
  })

  test("of the server is `default`: it is listed first, and no request changes it", async () => {
    const { json } = await send("GET", emails)
    expect(json.items[0]).toMatchObject({
      id: "default",
      name: "Acme privacy",
      email: "privacy@relay.example",
      status: "verified",
      projects: expect.arrayContaining([{ id: shop.id, name: "Shop" }]),
    })
    for (const [method, path, body] of [
      ["PATCH", "default", { name: "Other" }],
      ["DELETE", "default", undefined],
      ["POST", "default/verification", undefined],
    ] as const) {
      const answer = await send(method, `${emails}/${path}`, body)
      expect([answer.status, violations(answer)]).toEqual([422, [" read_only"]])
    }
  })

  test("is renamed and deleted, but not while a project uses it; others' do not exist", async () => {
    const { id } = await verified()
    expect((await send("PATCH", `${emails}/${id}`, { name: "Renamed" })).json).toMatchObject({ id, name: "Renamed" })
    await send("PATCH", privacy(blog), { sendFromEmailId: id })
    const inUse = await send("DELETE", `${emails}/${id}`)
    expect([inUse.status, violations(inUse)]).toEqual([409, [" in_use"]])
    await send("PATCH", privacy(blog), { sendFromEmailId: "default" })
    expect((await send("DELETE", `${emails}/${id}`)).json).toMatchObject({ id, projects: [] })
    for (const each of [id, nobody]) expectProblem(await send("PATCH", `${emails}/${each}`, { name: "Gone" }), 404)
    const theirs = await server.request("GET", `/privacy-v1/organizations/${other.id}/emails`, {
      headers: { "x-api-key": secretOf(other, "owner") },
    })
    expect(theirs.json.total).toBe(2)
    expectProblem(await send("PATCH", `${emails}/${theirs.json.items[1].id}`, { name: "Mine" }), 404)
  })
})

describe("the mails of a project", () => {
  test("come from its sender, by way of the server's own address", async () => {
    const { email, id } = await verified()
    const answer = await send("PATCH", privacy(blog), { sendFromEmailId: id.toUpperCase() })
    expect([answer.status, answer.json.sendFromEmailId]).toEqual([200, id])
    const own = await mailOf(blog)
    expect(own.from).toBe("privacy@relay.example")
    expect(own.parsed.from).toMatchObject({ address: email })
    expect(own.parsed.messageId).toMatch(/@acme\.example>$/)
    expect((await send("GET", emails)).json.items.find((each: { id: string }) => each.id === id).projects).toEqual([
      { id: blog.id, name: "Blog" },
    ])
    expect((await send("PATCH", privacy(blog), { sendFromEmailId: null })).json).not.toHaveProperty("sendFromEmailId")
    expect((await mailOf(blog)).parsed.from).toMatchObject({ address: "privacy@relay.example" })
  })

  test("come from no address that is not verified, not known, or another organization's", async () => {
    const { id } = await created()
    const theirs = await server.request("GET", `/privacy-v1/organizations/${other.id}/emails`, {
      headers: { "x-api-key": secretOf(other, "owner") },
    })
    for (const [sender, code] of [
      [id, "sender_not_verified"],
      [nobody, "unknown_sender"],
      [theirs.json.items[1].id, "unknown_sender"],
    ]) {
      const answer = await send("PATCH", privacy(blog), { sendFromEmailId: sender })
      expect([answer.status, violations(answer)]).toEqual([422, [`/sendFromEmailId ${code}`]])
    }
    const json = { name: "Made", domains: ["made.example"], sendFromEmailId: id }
    const answer = await send("POST", `/privacy-v1/organizations/${acme.id}/projects`, json)
    expect(answer.status, answer.text).toBe(422)
    expect(violations(answer)).toEqual(["/sendFromEmailId sender_not_verified"])
  })
})

describe("the words of a mail", () => {
  const words = { subject: "{organization}: ontvangen", text: "Dag,\n\nU vroeg: {request}.\r\n\r\nTot {dueDate}." }

  test("are those of Assent until the organization has its own, and again once these are deleted", async () => {
    const shipped = (await send("GET", texts)).json.items as ReadonlyArray<Record<string, unknown>>
    expect(shipped).toHaveLength(15 * 4)
    expect(shipped.find(({ language, name }) => name === "denied" && language === "de")).toMatchObject({
      isOwn: false,
      placeholders: expect.arrayContaining(["reason", "complaint"]),
      required: ["reason", "resolution", "complaint"],
    })
    const set = await send("PUT", `${texts}/received/NL`, words)
    expect([set.status, set.json]).toMatchObject([200, { name: "received", language: "nl", isOwn: true }])
    expect((await send("PUT", `${texts}/received/en`, words)).status).toBe(200)
    const own = (await send("GET", texts)).json.items as ReadonlyArray<Record<string, unknown>>
    expect(own).toHaveLength(15 * 4 + 1)
    expect(own.filter(({ isOwn }) => isOwn).map(({ language, name, text }) => [name, language, text])).toEqual([
      ["received", "en", words.text.replaceAll("\r", "")],
      ["received", "nl", words.text.replaceAll("\r", "")],
    ])
    const dutch = await mailOf(shop, { language: "nl-BE" })
    expect(dutch.parsed.subject).toBe("Acme: ontvangen")
    expect(dutch.parsed.text).toMatch(/^Dag,\n\nU vroeg: access to your personal data\.\n\nTot /)
    expect(dutch.raw).toMatch(/^Content-Language: nl\r$/m)
    for (const language of ["en", "nl"]) {
      expect((await send("DELETE", `${texts}/received/${language}`)).json).toMatchObject({ language, isOwn: true })
      expectProblem(await send("DELETE", `${texts}/received/${language}`), 404)
    }
    expect((await mailOf(shop, { language: "nl" })).parsed.subject).toBe("Acme: we have received your request")
    expect((await send("GET", texts)).json.items).toEqual(shipped)
  })

  test("are tried with sample values, and not kept", async () => {
    const answer = await send("PUT", `${texts}/verification/ar?preview=true`, {
      subject: "{organization}",
      text: "<b>{code}</b>\n\n{link}",
    })
    expect(answer.status, answer.text).toBe(200)
    expect(answer.json).toMatchObject({ name: "verification", language: "ar", subject: "Acme" })
    expect(answer.json.text).toMatch(/^<b>12345678<\/b>\n\nhttps:/)
    expect(answer.json.html).toContain('<html lang="ar" dir="rtl">')
    expect(answer.json.html).toContain("&lt;b&gt;")
    expect((await send("GET", texts)).json.items.some(({ isOwn }: { isOwn: boolean }) => isOwn)).toBe(false)
    const refused = await send("PUT", `${texts}/verification/ar?preview=true`, { subject: "A", text: "B" })
    expect([refused.status, violations(refused)]).toEqual([422, ["/text placeholder_missing"]])
  })

  test.each([
    [
      "verification",
      "a placeholder that there is not",
      { text: "{code} {Code}" },
      ["/text placeholder_missing", "/text unknown_placeholder"],
    ],
    ["received", "a placeholder of another mail", { text: "{code}" }, ["/text unknown_placeholder"]],
    ["received", "a placeholder of an object", { text: "{constructor}" }, ["/text unknown_placeholder"]],
    [
      "verification",
      "the code in the subject",
      { subject: "{code}", text: "{code}" },
      ["/subject unknown_placeholder"],
    ],
    ["verification", "no code", { text: "Hello" }, ["/text placeholder_missing"]],
    [
      "verification",
      "the code beside a link that may be missing",
      { text: "{code} or {link}" },
      ["/text placeholder_missing"],
    ],
    ["denied", "no right to complain", { text: "{reason}\n\n{resolution}" }, ["/text placeholder_missing"]],
    ["received", "a subject that begins a header", { subject: "A\r\nBcc: b@x.example" }, ["/subject invalid"]],
    ["received", "a control character", { text: "A\u0000" }, ["/text invalid"]],
    ["received", "an empty text", { text: " \n " }, ["/text invalid"]],
    ["received", "too long a subject", { subject: "s".repeat(201) }, ["/subject invalid"]],
    ["received", "too long a text", { text: "s".repeat(20_001) }, ["/text invalid"]],
  ])("of %s with %s are 422", async (name, _, json, expected) => {
    const answer = await send("PUT", `${texts}/${name}/en`, { subject: "A", text: "B", ...json })
    expect([answer.status, [...new Set(violations(answer))]]).toEqual([422, expected])
    expect(answer.text).not.toContain("Bcc")
  })

  test("of no mail are 404, and in no language 422", async () => {
    expectProblem(await send("PUT", `${texts}/constructor/en`, words), 404)
    const answer = await send("DELETE", `${texts}/received/de_DE`)
    expect([answer.status, violations(answer)]).toEqual([422, ["?language language_not_valid"]])
  })

  test("of another organization are not those of this one", async () => {
    await send("PUT", `${texts}/received/de`, { ...words, subject: "Eigene Worte" })
    const headers = { "x-api-key": secretOf(other, "owner") }
    const theirs = await server.request("GET", `/privacy-v1/organizations/${other.id}/mail-texts`, { headers })
    expect(theirs.json.items.some(({ isOwn }: { isOwn: boolean }) => isOwn)).toBe(false)
    const email = `asks${made++}@example.com`
    const items = [{ request: "view", user: { email }, preverified: true, language: "de" }]
    await server.request("POST", `${privacy(foreign)}/compliance-requests`, { headers, json: { items } })
    await relay.until(() => mailsTo(relay, email).length > 0)
    expect(mailsTo(relay, email)[0]!.parsed.subject).not.toBe("Eigene Worte")
    expect((await mailOf(shop, { language: "de" })).parsed.subject).toBe("Eigene Worte")
    await send("DELETE", `${texts}/received/de`)
  })
})
