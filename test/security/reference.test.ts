/**
 * The reference at `/docs` in a real Chromium: it works under its own policy, and a script that gets into the page
 * cannot run.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type Server as HttpServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type BrowserContext, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { isLong } from "../support/long.ts"
import { executablePath, isMissing } from "../support/chromium.ts"
import { type Server, startEmpty } from "../support/server.ts"

describe.skipIf(isMissing)("the reference", () => {
  let server: Server
  let elsewhere: HttpServer
  let folder: string
  let browser: BrowserContext
  let page: Page
  const complaints: Array<string> = []
  const asked: Array<string> = []

  beforeAll(async () => {
    server = await startEmpty({ ASSENT_STORE: "memory:" })
    elsewhere = createServer(({ url }, response) => {
      asked.push(url!)
      response.setHeader("access-control-allow-origin", "*")
      response.setHeader("content-type", "text/html")
      response.end(`<!doctype html><title>Elsewhere</title><iframe src="${server.url}/docs"></iframe>`)
    })
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve))
    folder = mkdtempSync(join(tmpdir(), "assent-reference-"))
    browser = await chromium.launchPersistentContext(join(folder, "profile"), {
      executablePath,
      headless: true,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
    })
    page = await browser.newPage()
    page.on("pageerror", (error) => complaints.push(error.message))
    // The browser requests an icon by itself, and the service has no icon.
    page.on("console", (said) => said.type() === "error" && !/ 404 /.test(said.text()) && complaints.push(said.text()))
    await page.goto(`${server.url}/docs`)
  })

  afterAll(async () => {
    await browser?.close()
    await new Promise((resolve) => (elsewhere === undefined ? resolve(undefined) : elsewhere.close(resolve)))
    await server?.stop()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  const origin = () => `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`

  // Mutant: the hash of one script is left out, and the page stays empty.
  test("shows every operation, and nothing of it is refused", async () => {
    await page.getByText("Revoke an API key").first().waitFor()
    expect(complaints).toEqual([])
  })

  // Mutants: 'unsafe-inline' for scripts; connect-src *.
  test.runIf(isLong)("runs no script that is put into it, and sends nothing to another host", async () => {
    const found = await page.evaluate(`(async () => {
      const script = document.createElement("script")
      script.textContent = "globalThis.taken = 1"
      document.body.append(script)
      const image = document.createElement("div")
      image.innerHTML = '<img src="data:," onerror="globalThis.taken = 2"><a id="link" href="javascript:globalThis.taken = 3">x</a>'
      document.body.append(image)
      document.getElementById("link").click()
      const form = document.createElement("form")
      form.action = "${origin()}/form"
      document.body.append(form)
      form.submit()
      const sent = await fetch("${origin()}/secret").then(() => "sent", () => "refused")
      new Image().src = "${origin()}/secret.png"
      await new Promise((resolve) => setTimeout(resolve, 300))
      return [globalThis.taken, sent]
    })()`)
    expect(found).toEqual([undefined, "refused"])
    expect(asked).toEqual([])
  })

  // Mutant: frame-ancestors *.
  test("is embedded in no other page", async () => {
    const other = await browser.newPage()
    await other.goto(origin())
    const frame = other.frames()[1]
    // The browser shows its own error page instead.
    expect(frame === undefined ? "" : await frame.content()).not.toContain("api-reference-container")
    await other.close()
  })
})
