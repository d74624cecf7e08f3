/** The visit: what a page is told before any act. */

import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { site, startWorld } from "./world.ts"

const server = served(() => startWorld({ ASSENT_GEOGRAPHY_HEADER: "x-region" }))

const visit = (headers: Readonly<Record<string, string>> = {}, query = "") =>
  server.request("GET", `${site()}/visit${query}`, { headers })

describe("a visit", () => {
  test("needs nothing, and tells the region, its rules, the active types and the texts", async () => {
    const { status } = await visit()
    expect(status).toBe(200)
  })
})
