/** The site of the demonstration: its page, what it passes on, and over which ledgers it is served. */
import { expect, test } from "vitest"
import { served } from "../support/served.ts"
import { start, startEmpty } from "../support/server.ts"

const server = served(startEmpty)
const site = () => /^demonstration site: (\S+) /m.exec(server.output())![1]!

test("its page has the script tag under its own origin, and a policy without inline scripts and styles", async () => {
  const page = await fetch(site())
  const html = await page.text()
  const [, nonce] = /'nonce-([^']+)'/.exec(page.headers.get("content-security-policy")!)!
  const { project } = server.banner()
  expect(html).toContain(`<script nonce="${nonce}" src="/assent/site-v1/${project}/site-client"></script>`)
  expect(html.match(/<(script|style)/g)).toHaveLength(html.split(`nonce="${nonce}"`).length - 1)
  expect(html).not.toMatch(/ style="| on\w+="/)
  expect((await fetch(site())).headers.get("content-security-policy")).not.toContain(nonce)
})

test("it passes requests for the Site API on, with their status, and nothing else", async () => {
  const { project } = server.banner()
  const visit = await fetch(`${site()}/assent/site-v1/${project}/visit`)
  expect([visit.status, await visit.json()]).toMatchObject([200, { types: expect.any(Array) }])
  const again = { headers: { "if-none-match": visit.headers.get("etag")! } }
  expect((await fetch(`${site()}/assent/site-v1/${project}/visit`, again)).status).toBe(304)
  expect((await fetch(`${site()}/assent/site-v1/${project}/nothing`)).status).toBe(404)
  for (const path of ["/assent/docs", "/assent/privacy-v1/", "/nothing"]) {
    expect([path, (await fetch(site() + path)).status]).toEqual([path, 404])
  }
  expect((await fetch(site(), { method: "POST" })).status).toBe(405)
})

test("it shows the decisions and the events that the ledger holds about a person", async () => {
  const { project, session } = server.banner()
  const held = async (query: string) => (await fetch(`${site()}/ledger${query}`)).json()
  expect(await held("")).toEqual({ decisions: expect.any(Array), events: [] })
  expect(await held("?concordId=jo@example.com")).toMatchObject({ events: [] })
  const origin = new URL(site()).origin
  const item = { category: "privacy_setting", subcategory: ["analytics"], label: "analytics" }
  const body = { items: [{ ...item, consentState: "declined", consentAction: "user_click" }] }
  const path = `/assent/site-v1/${project}/consent-events`
  const headers = { "content-type": "application/json", "x-session": session, origin }
  const answer = await fetch(site() + path, { method: "POST", headers, body: JSON.stringify(body) })
  expect(answer.status).toBe(201)
  const { items } = (await answer.json()) as { readonly items: ReadonlyArray<{ readonly concordId: string }> }
  const { decisions, events } = (await held(`?concordId=${items[0]!.concordId}`)) as {
    readonly decisions: ReadonlyArray<object>
    readonly events: ReadonlyArray<object>
  }
  expect(events).toEqual([expect.objectContaining({ name: "Analytics", consentState: "declined" })])
  expect(decisions).toContainEqual(expect.objectContaining({ name: "Analytics", status: "refused", permitted: false }))
})

test("it ends with the service, and is not served over a ledger that has become another one", async () => {
  const { apiKey, organization } = server.banner()
  const renamed = await server.request("PATCH", `/privacy-v1/organizations/${organization}`, {
    headers: { "x-api-key": apiKey },
    json: { name: "Bakery" },
  })
  expect(renamed.status).toBe(200)
  await server.end("SIGTERM")
  await expect(fetch(site())).rejects.toThrow("fetch failed")
  const again = await start({ file: server.file })
  try {
    expect(again.output()).toContain("Assent listens on")
    expect(again.output()).not.toContain("demonstration site")
  } finally {
    await again.stop()
  }
})
