/** The page that links in mails open: what it shows and does, and what it keeps to itself. */
import { createHash } from "node:crypto"
import { afterAll, describe, expect, test } from "vitest"
import { type MailServer, startMailServer } from "../support/mailServer.ts"
import * as Mails from "../support/requesterMails.ts"
import { served } from "../support/served.ts"
import { asKey, asked, opened, worked } from "./complianceRequests.ts"
import { lineOf } from "./logLines.ts"
import { nobody, record, shop, site, startWorld, visit, yes } from "./world.ts"

let mail: MailServer
const server = served(async () => {
  mail = await startMailServer()
  const settings = { ASSENT_SMTP_URL: mail.url, ASSENT_MAIL_FROM: "privacy@acme.example" }
  return startWorld({ ...settings, ASSENT_PUBLIC_URL: Mails.publicUrl })
})
afterAll(() => mail.stop())

let made = 0
const newAddress = (): string => `page${made++}@example.com`

/** A request of a visitor with the path of the page that its first mail links to. */
const begun = async (json: object = {}) => {
  const userEmail = newAddress()
  const { id } = await asked(server, await visit(server), { userEmail, ...json })
  return { id: id as string, userEmail, path: await Mails.next(mail, userEmail, Mails.pathIn) }
}

const see = (path: string, headers: Readonly<Record<string, string>> = {}) => server.request("GET", path, { headers })
const act = (path: string, fields: Readonly<Record<string, string>>) =>
  server.request("POST", path, {
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields).toString(),
  })
const statusOf = async (id: string) => (await asKey(server, "GET", `compliance-requests/${id}`)).json.status

describe.concurrent("the link of a code", () => {
  test("asks whether the request is the reader's, and changes nothing however often it is followed", async () => {
    const { id, path } = await begun({ request: "delete", userFirstName: "Typed", requestDetails: "Typed" })
    for (let n = 0; n < 3; n++) {
      const { headers, status, text } = await see(path)
      expect(status).toBe(200)
      expect(headers["content-type"]).toBe("text/html; charset=utf-8")
      expect(text).toContain("Is this request from you?")
      expect(text).toContain("deletion of your personal data")
      expect(text).not.toMatch(/Typed|<script|@example/)
      expect(Buffer.byteLength(text)).toBeLessThan(20_000)
    }
    expect(await statusOf(id)).toBe("pending_verification")
  })

  test("shows identity when it is confirmed, and follows the request afterwards", async () => {
    const { id, path } = await begun()
    expect((await act(path, { action: "verify" })).text).toContain("Your request is confirmed")
    expect(await statusOf(id)).toBe("submitted")
    expect((await see(path)).text).toContain("Your request has arrived")
    expect((await act(path, { action: "verify" })).status).toBe(200)
  })

  test("opens the same page with parameters that a mail server has added to it", async () => {
    const { id, path } = await begun()
    const plain = await see(path)
    const tracked = await see(`${path}?utm_source=mail&c=%00`)
    expect([tracked.status, tracked.text]).toEqual([200, plain.text])
    expect((await act(`${path}?utm_source=mail`, { action: "verify" })).text).toContain("Your request is confirmed")
    expect(await statusOf(id)).toBe("submitted")
  })

  test("withdraws the request when it was not the reader's, and opens nothing then", async () => {
    const { id, path } = await begun()
    expect((await act(path, { action: "withdraw" })).text).toContain("Your request is withdrawn")
    expect(await statusOf(id)).toBe("resolved")
    expect((await see(path)).status).toBe(404)
  })

  test("does nothing else before identity is shown", async () => {
    const { id, path } = await begun()
    expect((await act(path, { action: "clarify", answer: "x" })).text).toContain("not possible any more")
    expect((await act(path, { action: "download", file: nobody })).status).toBe(404)
    expect((await act(path, { action: "nothing" })).status).toBe(200)
    expect(await statusOf(id)).toBe("pending_verification")
  })
})

describe.concurrent("a link of a request whose requester is known", () => {
  test("takes the answer to a question, and shows the result", async () => {
    const { id, path } = await begun()
    await act(path, { action: "verify" })
    await worked(server, id, { clarification: { ask: true, question: "Which <b>shop</b>?" } })
    expect((await see(path)).text).toContain("Which &lt;b&gt;shop&lt;/b&gt;?")
    expect((await act(path, { action: "clarify", answer: "The\u0000 one in Bonn" })).text).toContain(
      "has been passed on",
    )
    expect((await asKey(server, "GET", `compliance-requests/${id}`)).json.answer).toBe("The one in Bonn")
    expect((await act(path, { action: "clarify", answer: "again" })).text).toContain("not possible any more")
    const resolution = "We looked everywhere"
    await worked(server, id, { status: "resolved", resolutionStatus: "partially_completed", resolution })
    const { text } = await see(path)
    expect(text).toContain(resolution)
    expect(text).toContain("Your request is finished")
  })

  test("is in the mails of a request that was verified before", async () => {
    const email = newAddress()
    const { id } = await opened(server, { user: { email } })
    await worked(server, id, { verify: { reason: "Called back" } })
    await worked(server, id, { status: "resolved", resolutionStatus: "denied", denialGround: "exempt" })
    const path = await Mails.next(mail, email, Mails.pathIn)
    expect((await see(path)).text).toContain("the law exempts these data")
  })
})

describe.concurrent("the answer to a delete that erased", () => {
  // Mutant: the mail links to a page that ends once the mail was sent.
  test("is mailed without a link", async () => {
    const email = newAddress()
    await record(server, [yes({ email })])
    const { id } = await opened(server, { request: "delete", user: { email } })
    await worked(server, id, { verify: { reason: "Called back" } })
    const resolution = "Everything is gone"
    await worked(server, id, { status: "resolved", resolutionStatus: "completed", resolution })
    const sent = await Mails.next(mail, email, ({ parsed }) =>
      parsed.text?.includes(resolution) ? parsed.text : undefined,
    )
    expect(sent).not.toContain("/page/")
  })
})

describe.concurrent("a link that opens nothing", () => {
  test("is answered by the same page, whatever is wrong with it", async () => {
    const { id, path } = await begun()
    const wrong = "A".repeat(43)
    const paths = [
      `${path.slice(0, -1)}${path.endsWith("A") ? "B" : "A"}`,
      `${site()}/compliance-requests/${id}/page/${wrong}`,
      `${site()}/compliance-requests/${nobody}/page/${wrong}`,
      `${site()}/compliance-requests/no-id/page/${wrong}`,
      `${site({ ...shop, id: nobody })}/compliance-requests/${id}/page/${wrong}`,
      `/site-v1/no-project/compliance-requests/${id}/page/x`,
    ]
    const first = await see(paths[0]!)
    expect([first.status, first.text]).toEqual([404, expect.stringContaining("This link does not work")])
    for (const each of paths) {
      for (const answer of [await see(each), await act(each, { action: "verify" })]) {
        expect([answer.status, answer.text]).toEqual([404, first.text])
      }
    }
    expect((await see(paths[0]!, { "accept-language": "fr" })).text).toContain("Ce lien ne fonctionne pas")
  })
})

describe.concurrent("the page", () => {
  // Mutant: white space stands around the style sheet, so a browser that compares the digest shows none of it.
  test("has the one style sheet that its policy lets through", async () => {
    const { path } = await begun()
    const { headers, text } = await see(path)
    const style = /<style>([^]*?)<\/style>/.exec(text)?.[1] ?? ""
    const digest = createHash("sha256").update(style).digest("base64")
    expect(headers["content-security-policy"]).toContain(`style-src 'sha256-${digest}'`)
  })

  // Mutants: the ticket is logged; a page of the project's domains may read it.
  test("keeps to itself: no cache, referrer, frame, script or other origin, and no ticket in the log", async () => {
    const { path } = await begun()
    const { headers } = await see(path, { origin: `https://${shop.domains[0]}` })
    expect(headers).toMatchObject({ "cache-control": "no-store", "referrer-policy": "no-referrer" })
    expect(headers["content-security-policy"]).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'/,
    )
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'")
    expect(headers["access-control-allow-origin"]).toBeUndefined()
    expect(headers["set-cookie"]).toBeUndefined()
    expect(await lineOf(server, headers["x-request-id"])).toMatchObject({
      route: "/site-v1/:projectId/compliance-requests/:id/page/:ticket",
    })
    expect(server.log()).not.toContain(path.split("/").at(-1))
    const preflight = { origin: `https://${shop.domains[0]}`, "access-control-request-method": "POST" }
    const asked = await server.request("OPTIONS", path, { headers: preflight })
    expect(asked.headers["access-control-allow-origin"]).toBeUndefined()
  })

  test("takes forms only, and no large ones", async () => {
    const { path } = await begun()
    expect((await server.request("POST", path, { json: { action: "verify" } })).status).toBe(415)
    expect((await act(path, { action: "clarify", answer: "x".repeat(200_000) })).status).toBe(413)
  })

  test.each([
    ["de-AT", "Ist dieser Antrag von Ihnen?"],
    ["fr", "Cette demande vient-elle de vous"],
    ["es", "¿Es suya esta solicitud?"],
    ["pt", "Is this request from you?"],
  ])("is written in the language of the request: %s", async (language, words) => {
    const { path } = await begun({ language })
    expect((await see(path)).text).toContain(words)
  })
})
