/**
 * Showing identity for a compliance request, by a code that is mailed or an identity token; and what no answer says.
 */
import { afterAll, describe, expect, test } from "vitest"
import { type MailServer, startMailServer } from "../support/mailServer.ts"
import * as Mails from "../support/requesterMails.ts"
import { served } from "../support/served.ts"
import type { Server } from "../support/server.ts"
import { asKey, ask, asked, codesOf, opened, told, work, worked } from "./complianceRequests.ts"
import { publishedSigner } from "./identityTokens.ts"
import { expectProblem } from "./problem.ts"
import { asVisitor, nobody, record, startWorld, visit, type Visitor, yes } from "./world.ts"

let mail: MailServer
const startWithMail = async () => {
  const settings = { ASSENT_SMTP_URL: mail.url, ASSENT_MAIL_FROM: "privacy@acme.example" }
  return startWorld({ ...settings, ASSENT_PUBLIC_URL: Mails.publicUrl })
}
const server = served(async () => {
  mail = await startMailServer()
  return startWithMail()
})
afterAll(() => mail.stop())
const signer = publishedSigner(server)

let made = 0
const newAddress = (): string => `requester${made++}@example.com`

const verify = (visitor: Visitor, id: string, json: object) =>
  asVisitor(server, visitor, "POST", `compliance-requests/${id}/verify`, { json })
const resend = (visitor: Visitor, id: string) =>
  asVisitor(server, visitor, "POST", `compliance-requests/${id}/verification`)

/** The facts of a request, in order. */
const factsOf = async (id: string): Promise<ReadonlyArray<string>> => {
  const { json } = await asKey(server, "GET", `compliance-requests-events?complianceRequestId=${id}&order=asc`)
  return json.items.map(({ event }: { readonly event: string }) => event)
}

/** A request that a visitor has opened, with the code that was mailed. */
const begun = async (json: object = {}) => {
  const [visitor, userEmail] = [await visit(server), newAddress()]
  const request = await asked(server, visitor, { userEmail, ...json })
  return { visitor, userEmail, id: request.id as string, code: await Mails.next(mail, userEmail, Mails.codeIn) }
}

describe.concurrent("a request that a visitor opens", () => {
  test("has a code mailed at once, and the code shows identity, once", async () => {
    const { code, id, visitor } = await begun()
    expect(code).toMatch(/^\d{8}$/)
    const verified = await verify(visitor, id, { code })
    expect(verified).toMatchObject({ status: 200, json: { id, status: "submitted", verifiedDate: expect.any(Number) } })
    const again = await verify(visitor, id, { code })
    expect([again.status, codesOf(again)]).toEqual([422, ["code_not_valid"]])
    expect((await factsOf(id)).filter((fact) => fact !== "mailed")).toEqual(["opened", "verification_sent", "verified"])
  })

  // Mutant: a code that is typed in two groups, or copied with the line end, counts as a wrong one.
  test("is shown by a code with white space in it", async () => {
    const { code, id, visitor } = await begun()
    const typed = ` ${code.slice(0, 4)} ${code.slice(4)}\u00a0\n`
    expect(await verify(visitor, id, { code: typed })).toMatchObject({ status: 200, json: { status: "submitted" } })
  })

  test("with an idempotency key is told again that identity was shown", async () => {
    const { code, id, visitor } = await begun()
    const sent = { json: { code }, headers: { "idempotency-key": `verified-${id}` } }
    const path = `compliance-requests/${id}/verify`
    for (let n = 0; n < 2; n++) {
      expect(await asVisitor(server, visitor, "POST", path, sent)).toMatchObject({
        status: 200,
        json: { status: "submitted" },
      })
    }
  })

  test("tells nothing that was typed in its first mails", async () => {
    const typed = { userFirstName: "Typed1", userLastName: "Typed2", userPhoneNumber: "+49 30 901820" }
    const { userEmail } = await begun({ ...typed, requestDetails: "Typed3" })
    await mail.until(() => Mails.mailsTo(mail, userEmail).length === 2)
    for (const { parsed } of Mails.mailsTo(mail, userEmail)) {
      expect(`${parsed.subject} ${parsed.text} ${parsed.html}`).not.toMatch(/Typed|901820/)
    }
  })

  // Mutant: the answer to a code of another request differs from that to a wrong one.
  test("answers everything that is wrong with a code alike", async () => {
    const { code, id, visitor } = await begun()
    const stranger = await visit(server)
    const told = async (who: Visitor, of: string, given: string) => {
      const { json, status } = await verify(who, of, { code: given })
      const { instance: _, ...rest } = json
      return [status, rest]
    }
    const wrong = await told(visitor, id, "00000000" === code ? "11111111" : "00000000")
    expect(wrong[0]).toBe(422)
    const others = [
      await told(stranger, id, code),
      await told(visitor, nobody, code),
      await told(visitor, "no-id", code),
      await told(visitor, id, "not a code"),
      await told(visitor, id, "٠".repeat(8)),
    ]
    for (const other of others) expect(other).toEqual(wrong)
    for (let n = 0; n < 5; n++) expect(await told(visitor, id, "x")).toEqual(wrong)
    expect(await told(visitor, id, code)).toEqual(wrong)
    expect((await asKey(server, "GET", `compliance-requests/${id}`)).json.status).toBe("pending_verification")
  })

  test("has a new code mailed when it is asked for, once a minute", async () => {
    const { id, visitor } = await begun()
    const soon = await resend(visitor, id)
    expectProblem(soon, 429)
    expect(Number(soon.headers["retry-after"])).toBeGreaterThan(0)
    expect(Number(soon.headers["retry-after"])).toBeLessThanOrEqual(60)
  })

  test("is answered alike where there is none, and where it is another visitor's", async () => {
    const { id } = await begun()
    const stranger = await visit(server)
    for (const of of [id, nobody, "no-id"]) expect(await resend(stranger, of)).toMatchObject({ status: 202, text: "" })
  })

  test.each([
    ["neither code nor token", {}],
    ["both", { code: "12345678", token: "x" }],
    ["a code that is no text", { code: 12345678 }],
  ])("is 422 with %s", async (_, json) => {
    expectProblem(await verify(await visit(server), nobody, json), 422)
  })
})

describe.concurrent("a contact point that several accounts share", () => {
  test("shows no one's identity, whatever the code", async () => {
    const userEmail = newAddress()
    const items = ["shares 1", "shares 2"].map((userId) => yes({ userId, email: userEmail }))
    const json = { items, sharedContacts: "leave-out" }
    expect((await asKey(server, "POST", "consent-events", { json })).status).toBe(201)
    const visitor = await visit(server)
    const { id } = await asked(server, visitor, { userEmail })
    const code = await Mails.next(mail, userEmail, Mails.codeIn)
    expect(codesOf(await verify(visitor, id, { code }))).toEqual(["code_not_valid"])
    expect((await factsOf(id)).filter((fact) => fact !== "mailed")).toEqual([
      "opened",
      "verification_sent",
      "verification_failed",
    ])
    expect((await worked(server, id, { verify: { reason: "Called back" } })).status).toBe("submitted")
  })
})

describe.concurrent("an identity token", () => {
  test("shows identity when the request is opened, and no code is mailed", async () => {
    const [visitor, userEmail] = [await visit(server), newAddress()]
    const token = await signer.token(userEmail)
    expect(await asked(server, visitor, { userEmail, token })).toMatchObject({ status: "submitted" })
    await mail.until(() => Mails.mailsTo(mail, userEmail).length > 0)
    expect(Mails.mailsTo(mail, userEmail).map(Mails.codeIn)).toEqual([undefined])
    expectProblem(await ask(server, visitor, { userEmail, token }), 401)
  })

  test("shows identity afterwards, once, and for no other request", async () => {
    const [{ id, userEmail, visitor }, other] = [await begun(), await begun()]
    const token = await signer.token(userEmail)
    expect(await verify(visitor, id, { token })).toMatchObject({ status: 200, json: { status: "submitted" } })
    expectProblem(await verify(other.visitor, other.id, { token }), 401)
    expect(codesOf(await verify(visitor, other.id, { token: await signer.token(userEmail) }))).toEqual([
      "code_not_valid",
    ])
  })

  test("of an account names its person, and the address that was typed is told nothing more", async () => {
    await record(server, [yes({ userId: "token account" })])
    const { id, userEmail, visitor } = await begun()
    const token = await signer.token("token account", { type: "userId" })
    expect((await verify(visitor, id, { token })).status).toBe(200)
    const before = Mails.mailsTo(mail, userEmail).length
    const { concordId } = await worked(server, id, { notes: "n" })
    expect(concordId).not.toBe(visitor.concordId)
    await worked(server, id, { status: "resolved", resolutionStatus: "partially_completed", resolution: "Secret" })
    const later = await begun()
    expect(later.code).toMatch(/^\d{8}$/)
    expect(Mails.mailsTo(mail, userEmail).length).toBe(before)
  })

  test("that is not one, or of a guest, is 401", async () => {
    const { id, visitor } = await begun()
    expectProblem(await verify(visitor, id, { token: "no token" }), 401)
    const guest = await signer.token(nobody, { type: "contextId" })
    expectProblem(await verify(visitor, id, { token: guest }), 401)
  })

  test("that is not valid does not keep an opt-out from being opened", async () => {
    const answer = await ask(server, await visit(server), { request: "do_not_sell", token: "no token" })
    expect(answer.status).toBe(201)
  })
})

describe.concurrent("a code that staff sends", () => {
  const send = (id: string) => asKey(server, "POST", `compliance-requests/${id}/verification`)

  test("is mailed to the address of the request", async () => {
    const userEmail = newAddress()
    const { id } = await opened(server, { user: { email: userEmail } })
    expect(await send(id)).toMatchObject({ status: 202, json: { id, status: "pending_verification" } })
    expect(await Mails.next(mail, userEmail, Mails.codeIn)).toMatch(/^\d{8}$/)
    expectProblem(await send(id), 429)
  })

  test("is refused where there is no such request, no address, or identity was shown", async () => {
    expectProblem(await send(nobody), 404)
    const without = await opened(server, { user: { firstName: "Jo" } })
    expect(codesOf(await send(without.id))).toEqual(["address_missing"])
    const shown = await opened(server, { user: { email: newAddress() } })
    await worked(server, shown.id, { verify: { reason: "Called back" } })
    expect(codesOf(await send(shown.id))).toEqual(["already_verified"])
  })
})

describe.concurrent("staff's question", () => {
  test("is mailed with its words, and has no effect without identity", async () => {
    const { code, id, userEmail, visitor } = await begun()
    expect(codesOf(await work(server, id, { clarification: { ask: true, question: "Which shop?" } }))).toEqual([
      "not_verified",
    ])
    await verify(visitor, id, { code })
    const asking = { clarification: { ask: true, question: "Which shop?" } }
    expect(await worked(server, id, asking)).toMatchObject({ question: "Which shop?" })
    const text = await Mails.next(mail, userEmail, ({ parsed }) =>
      parsed.text?.includes("Which shop?") === true ? parsed.text : undefined,
    )
    expect(text).toContain(`${Mails.publicUrl}/site-v1/`)
  })
})

describe("two ledgers, one that knows the person of an address and one that does not,", () => {
  const twin = served(startWithMail)

  // Law 7. Mutants: a code is looked up by the person; the answer to a code says whether a person was found.
  test("answer every call of a session alike, from opening to the answer", async () => {
    const userEmail = newAddress()
    await record(server, [yes({ email: userEmail, userId: "knows", phoneNumber: "+49 30 901820" })])
    const play = async (ledger: Server, from: number): Promise<ReadonlyArray<unknown>> => {
      const visitor = await visit(ledger)
      const answers: Array<unknown> = []
      const call = async (method: string, path: string, json?: object) => {
        const answer = await asVisitor(ledger, visitor, method, path, json === undefined ? {} : { json })
        const { "retry-after": _, ...headers } = answer.headers
        answers.push(told({ ...answer, headers, text: answer.text.replaceAll(/\d+ seconds/g, "SECONDS") }))
      }
      const first = await ask(ledger, visitor, { request: "delete", userEmail })
      answers.push(told(first))
      const { id } = first.json
      const code = await Mails.next(mail, userEmail, Mails.codeIn, from)
      const see = () => call("GET", `compliance-requests/${id}`)
      await call("POST", `compliance-requests/${id}/verification`)
      for (const given of ["wrong", code, code]) await call("POST", `compliance-requests/${id}/verify`, { code: given })
      await see()
      const denied = { status: "resolved", resolutionStatus: "denied", denialGround: "exempt" }
      expect((await work(ledger, id, denied)).status).toBe(200)
      await see()
      await call("POST", `compliance-requests/${id}/verification`)
      await call("POST", `compliance-requests/${id}/withdraw`)
      return answers
    }
    const known = await play(server, 0)
    await mail.until(() => Mails.mailsTo(mail, userEmail).length === 3)
    expect(await play(twin, 3)).toEqual(known)
  })
})

describe("in a project with a default language", () => {
  // Mutant: words of the default language are not looked for, and English is written.
  test("mails and the page are in it, where there are no words in the language of the request", async () => {
    const json = { default: "fr", offered: ["fr"] }
    expect((await asKey(server, "PUT", "languages", { json })).status).toBe(200)
    const { id, userEmail } = await begun({ language: "nl" })
    expect((await asKey(server, "GET", `compliance-requests/${id}`)).json.language).toBe("nl")
    const html = await Mails.next(mail, userEmail, ({ parsed }) => parsed.html)
    expect(html).toContain('lang="fr"')
    const page = await server.request("GET", await Mails.next(mail, userEmail, Mails.pathIn))
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('<html lang="fr"')])
    const own = await begun({ language: "es-MX" })
    expect(await Mails.next(mail, own.userEmail, ({ parsed }) => parsed.html)).toContain('lang="es"')
  })
})
