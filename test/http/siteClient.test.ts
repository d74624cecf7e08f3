/** The script files of pages: their bytes, their headers, and how long they can be had. */
import { createHash } from "node:crypto"
import { existsSync, mkdtempSync, readdirSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { brotliDecompressSync, gunzipSync } from "node:zlib"
import { describe, expect, test } from "vitest"
import type { LoaderConfiguration } from "../../core/browser/LoaderConfiguration.ts"
import * as LoaderContent from "../../core/regions/LoaderContent.ts"
import { served } from "../support/served.ts"
import { expectProblem } from "./problem.ts"
import { asOwner, nobody, privacy, shop, site, startWorld } from "./world.ts"

const folder = mkdtempSync(join(tmpdir(), "assent-scripts-"))
const server = served(() => startWorld({ ASSENT_SCRIPT_FOLDER: folder, ASSENT_PUBLIC_URL: "https://a.example/x" }))

const get = (path: string, headers: Readonly<Record<string, string>> = {}) => server.request("GET", path, { headers })

const loader = `${site()}/site-client`
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

/** The configuration inside a loader: the argument of the call at its end. */
const configurationOf = (text: string) => {
  const at = text.lastIndexOf('{"project"')
  return JSON.parse(text.slice(at, text.lastIndexOf(")", text.lastIndexOf(")") - 3)))
}

describe("the loader of a project", () => {
  test("is a script for pages of any origin, which caches may keep for five minutes", async () => {
    const { headers, status, text } = await get(loader, { origin: "https://elsewhere.example" })
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800",
      "access-control-allow-origin": "*",
      "cross-origin-resource-policy": "cross-origin",
      "x-content-type-options": "nosniff",
      vary: "Accept-Encoding",
      etag: `"${sha256(text)}"`,
      "content-length": String(Buffer.byteLength(text)),
    })
    expect((await get(loader, { "if-none-match": headers.etag! })).status).toBe(304)
    expect(() => new Function(text)).not.toThrow()
  })

  test.each([
    ["br, gzip", "br"],
    ["gzip", "gzip"],
    ["gzip;q=1, br;q=0.5", "gzip"],
    ["br;q=0, *", "gzip"],
    ["identity", undefined],
    ["br;q=0, gzip;q=0", undefined],
    ["*;q=0", undefined],
  ])("with Accept-Encoding %s is sent as %s", async (accepted, coding) => {
    const url = `${server.url}${loader}`
    const { headers } = await server.request("GET", loader, { headers: { "accept-encoding": accepted } })
    expect(headers["content-encoding"]).toBe(coding)
    const plain = await get(loader)
    // Node's fetch decodes by itself.
    const decoded = await fetch(url, { headers: { "accept-encoding": accepted } })
    expect(await decoded.text()).toBe(plain.text)
    expect(headers.etag === plain.headers.etag).toBe(coding === undefined)
  })

  test("holds the active types and the strictest settings", async () => {
    const { text } = await get(loader)
    const { files, isArchived, project, revision, strictest, types } = configurationOf(text)
    expect({ isArchived, project }).toEqual({ isArchived: false, project: shop.id })
    expect(types.length).toBeGreaterThan(0)
    expect(Math.max(...types.map(({ since }: { since: number }) => since))).toBeLessThanOrEqual(revision)
    expect(strictest).toMatchObject({ gcm: "basic", gpc: true, gpcCovers: ["marketing"] })
    expect(Object.keys(files)).toEqual(["client", "later", "banner", "preferences"])
    for (const { integrity, src } of Object.values<{ integrity: string; src: string }>(files)) {
      const { headers, status, text } = await get(site() + src)
      expect([status, headers["cache-control"]]).toEqual([200, "public, max-age=31536000, immutable"])
      expect(src).toBe(`/site-client/${sha256(text)}.js`)
      expect(integrity).toBe(`sha384-${createHash("sha384").update(text).digest("base64")}`)
      for (const [coding, decode] of [
        ["br", brotliDecompressSync],
        ["gzip", gunzipSync],
      ] as const) {
        const sent = await fetchRaw(site() + src, coding)
        expect(decode(sent).toString()).toBe(text)
      }
    }
  })

  test("of no project is 404, and takes no query", async () => {
    for (const path of [`/site-v1/${nobody}/site-client`, `/site-v1/${nobody}/widget`])
      expectProblem(await get(path), 404)
    expectProblem(await get(`${loader}?v=1`), 400)
    expect((await get(`${site()}/widget`)).headers["content-type"]).toBe("text/javascript; charset=utf-8")
    for (const name of ["0".repeat(64), "x", `${"0".repeat(63)}G`])
      expectProblem(await get(`${loader}/${name}.js`), 404)
  })

  // Mutant: the loader is made once for a process.
  test("follows a change of its types; the one before can be had by its hash, for two years", async () => {
    const snippet = async () => (await get(`${privacy()}/site-client`, asOwner)).json
    const before = await snippet()
    const path = new URL(before.src).pathname.replace("/x", "")
    expect(before.html).toBe(
      `<script src="https://a.example/x${path}" integrity="${before.integrity}" crossorigin="anonymous"></script>`,
    )
    const { text } = await get(path)
    expect(before.integrity).toBe(`sha384-${createHash("sha384").update(text).digest("base64")}`)
    const added = {
      category: "privacy_setting",
      subcategory: ["functional"],
      label: "added",
      name: "Added type",
      description: "What was added.",
      validStates: ["accepted", "declined"],
    }
    const made = await server.request("POST", `${privacy()}/consent-types`, { headers: asOwner, json: added })
    expect([made.status, made.json.errors]).toEqual([200, undefined])
    const after = await snippet()
    expect(after.revision).toBeGreaterThan(before.revision)
    expect(after.src).not.toBe(before.src)
    const now = await get(loader)
    expect(configurationOf(now.text).types.at(-1).triple).toBe("privacy_setting/functional/added")
    expect((await get(path)).text).toBe(text)

    const old = join(folder, `${"a".repeat(64)}.js`)
    writeFileSync(old, "old")
    utimesSync(old, 1, 1)
    await server.request("POST", `${privacy()}/consent-types`, {
      headers: asOwner,
      json: { ...added, label: "another" },
    })
    await get(loader)
    expect(existsSync(old)).toBe(false)
    expect(readdirSync(folder).length).toBeGreaterThan(3)
  })
})

/** The bytes as they are sent. */
const fetchRaw = async (path: string, coding: string): Promise<Buffer> => {
  const { get } = await import("node:http")
  return new Promise((resolve, reject) => {
    get(`${server.url}${path}`, { headers: { "accept-encoding": coding } }, async (response) => {
      const chunks: Array<Buffer> = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      resolve(Buffer.concat(chunks))
    }).once("error", reject)
  })
}

test("a configuration has nothing that could end a script element, whatever its names are", () => {
  const names = { project: "</script><!--", revision: 1, types: ["\u2028\u2029"] } as unknown as LoaderConfiguration
  const text = LoaderContent.script(names)
  expect(text).not.toMatch(/[<\u2028\u2029]/)
  expect(JSON.parse(text)).toEqual(names)
})

test("an archived project has a loader that holds what is marked, and asks nothing", async () => {
  const other = await startWorld()
  const change = { headers: asOwner, json: { status: "archived" } }
  expect((await other.request("PATCH", privacy(), change)).status).toBe(200)
  const { text } = await other.request("GET", loader)
  expect(configurationOf(text).isArchived).toBe(true)
  await other.stop()
})
