/** `assent scan`: what a real page loads and keeps, in a real browser. */
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { executablePath, isMissing } from "../support/chromium.ts"
import { workplace } from "./run.ts"

const { run } = workplace()

const html = `<!doctype html><title>shop</title>
<script>
  document.cookie = "_count_4711=zq9"
  localStorage.setItem("seen_f3a09bc4d2e1", "zq9")
  sessionStorage.setItem("step", "zq9")
</script>
<script src="/own.js"></script>
<script src="http://localhost:PORT/tag-4711.js?visitor=zq9"></script>
<img src="http://localhost:PORT/u/zq9@mail.example/pixel.gif">
<iframe src="http://localhost:PORT/frame"></iframe>`

let site: Server
let port = 0
beforeAll(async () => {
  site = createServer(({ url }, response) => {
    const isPage = url === "/"
    response.writeHead(200, {
      "content-type": isPage ? "text/html" : /js/.test(url!) ? "text/javascript" : "text/html",
    })
    response.end(isPage ? html.replaceAll("PORT", String(port)) : "")
  })
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve))
  port = (site.address() as AddressInfo).port
})
afterAll(() => site.close())

describe("assent scan", () => {
  test.skipIf(isMissing)("lists what a page loads from elsewhere and keeps, shortened and each once", async () => {
    const url = `http://127.0.0.1:${port}/`
    const { code, stdout, stderr } = await run([
      "scan",
      url,
      url,
      "--browser",
      executablePath,
      "--watch",
      "0",
      "--json",
    ])
    expect([code, stderr]).toEqual([0, ""])
    expect(stdout).not.toContain("zq9")
    const { count, items } = JSON.parse(stdout)
    expect(count).toBe(items.length)
    const found = items.map(({ pattern, type }: { pattern: string; type: string }) => `${type} ${pattern}`)
    expect(found.toSorted()).toEqual([
      "cookie _count_*",
      "iframe localhost/frame",
      "image localhost/u/*/pixel.gif",
      "local_storage seen_*",
      "script localhost/tag-*.js",
      "session_storage step",
    ])
  })
})
