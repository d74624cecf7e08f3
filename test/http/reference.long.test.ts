/** The reference at /docs in a browser, which takes seconds to draw. */
import { chromium } from "playwright-core"
import { describe, expect, test } from "vitest"
import { executablePath, isMissing } from "../support/chromium.ts"
import { served } from "../support/served.ts"
import { startWorld } from "./world.ts"

const server = served(startWorld)

describe.skipIf(isMissing)("/docs in a browser", () => {
  test("selects a credential, asks for no icon, and does not scroll sideways on a phone or a tablet", async () => {
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] })
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } })
    // On a busy machine drawing takes longer than the 30 seconds that are the default; the test itself has a timeout.
    page.setDefaultTimeout(0)
    const asked: Array<string> = []
    page.on("request", (request) => asked.push(new URL(request.url()).pathname))
    await page.goto(`${server.url}/docs`)
    await page.getByText("x-api-key", { exact: true }).first().waitFor()
    await page.locator(".parameter-item-trigger").last().waitFor()
    expect(await page.getByText("No authentication selected").count()).toBe(0)
    for (const width of [390, 820]) {
      await page.setViewportSize({ width, height: 844 })
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width)
    }
    expect(asked).not.toContain("/favicon.ico")
    await browser.close()
  })
})
