/**
 * The typed client as a site uses it: bundled for browsers, in a page of another origin, in a real Chromium.
 */
import { build, type BuildResult } from "esbuild"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type Server as HttpServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { type BrowserContext, chromium, type Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type Fault, type Proxy, startProxy } from "../support/proxy.ts"
import { executablePath, isMissing } from "../support/chromium.ts"
import { startEmpty } from "../support/server.ts"
import { served } from "../support/served.ts"
import { makeSigner } from "./identityTokens.ts"
import type { Findings, Setting } from "./page.ts"

const root = join(import.meta.dirname, "../..")

/**
 * Bundles without external modules: a module that only Node.js has cannot be resolved for a browser, and fails the
 * build.
 */
const bundle = (): Promise<BuildResult<{ write: false; metafile: true }>> =>
  build({
    absWorkingDir: root,
    entryPoints: ["test/http/page.ts"],
    bundle: true,
    minify: true,
    platform: "browser",
    format: "iife",
    write: false,
    metafile: true,
  })

describe("the client in a bundle", () => {
  // Mutant: the API imports a value of the ledger, which imports the library of phone numbers.
  test("brings Effect, the API's shapes and nothing of the server, in at most 204 kB compressed", async () => {
    const { metafile, outputFiles } = await bundle()
    const own =
      /^(node_modules\/effect\/|adapters\/http\/(api|client)\/|core\/(engine|formats|model)\/|core\/compliance\/|core\/browser\/(RegionTemplates|TrackerRules|texts\/en)\.ts$|core\/regions\/(CountryCodes|SettingChecks|OwnTextChecks)\.ts$|core\/data-systems\/(AttributeFamily|DataSystem|RecordQuery)\.ts$|core\/feed\/Change\.ts$|core\/ledger\/(Batch|Paging)\.ts$|core\/ports\/Outbound\.ts$|test\/http\/page\.ts$)/
    expect(Object.keys(metafile.inputs).filter((input) => !own.test(input))).toEqual([])
    expect(gzipSync(outputFiles[0]!.contents).byteLength).toBeLessThanOrEqual(204 * 1024)
  })
})

describe.skipIf(isMissing)("the client in a page", () => {
  const server = served(() => startEmpty({ ASSENT_STORE: "memory:" }))
  let proxy: Proxy
  let site: HttpServer
  let folder: string
  let browser: BrowserContext
  let page: Page
  let complaints: Array<string> = []

  beforeAll(async () => {
    const script = (await bundle()).outputFiles[0]!.text
    site = createServer(({ url }, response) => {
      const isScript = url === "/page.js"
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html")
      response.end(isScript ? script : '<!doctype html><title>A site</title><script src="/page.js"></script>')
    })
    await new Promise<void>((resolve) => site.listen(0, "localhost", resolve))
    folder = mkdtempSync(join(tmpdir(), "assent-browser-"))
    browser = await chromium.launchPersistentContext(join(folder, "profile"), {
      executablePath,
      headless: true,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
    })
    page = await browser.newPage()
    page.on("pageerror", (error) => complaints.push(error.message))
  })

  afterAll(async () => {
    await browser?.close()
    await new Promise((resolve) => (site === undefined ? resolve(undefined) : site.close(resolve)))
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  const origin = (host = "localhost") => `http://${host}:${(site.address() as AddressInfo).port}`

  // A proxy for each test, because the browser caches what a preflight allowed for an origin.
  beforeEach(async () => {
    proxy = await startProxy(server.url)
    complaints = []
    await page.goto(origin())
  })

  afterEach(() => proxy.stop())

  /** The first requests of the conversation: state, without a session; preflight; the session. */
  const atSession = (fault: Fault) => proxy.script("pass", "pass", fault)

  const sessionTries = () => proxy.tries.filter(({ method, url }) => method === "POST" && url.endsWith("/session"))

  const converse = async (): Promise<Findings> => {
    const { consentTypes, project } = server.banner()
    const setting: Setting = { baseUrl: proxy.url, projectId: project, consentType: consentTypes[0]! }
    return await page.evaluate(`converse(${JSON.stringify(setting)})`)
  }

  test("opens a session, records, and reads state and decisions across origins", async () => {
    const { concordId, recorded, refused, state, status } = await converse()
    expect(refused).toBe(401)
    expect(recorded.map((event) => [event.concordId, event.consentState, event.session?.domain])).toEqual([
      [concordId, "accepted", "localhost"],
    ])
    expect(state).toEqual(recorded)
    expect(status).toBe("given")
    expect(complaints).toEqual([])
  })

  // Mutant: CORS does not list `idempotency-key`, or the client sends its trace.
  test("sends no header that preflight does not allow, and the same key when it tries again", async () => {
    atSession("cut")
    expect((await converse()).status).toBe("given")
    const asked = proxy.tries.flatMap(({ headers }) => headers["access-control-request-headers"]?.split(",") ?? [])
    expect([...new Set(asked)].toSorted()).toEqual(["content-type", "idempotency-key", "x-session"])
    const opened = sessionTries()
    expect(opened).toHaveLength(2)
    expect(new Set(opened.map(({ headers }) => headers["idempotency-key"])).size).toBe(1)
    const recorded = proxy.tries.find(({ method, url }) => method === "POST" && url.endsWith("/consent-events"))
    expect(recorded?.headers["idempotency-key"]).not.toBe(opened[0]?.headers["idempotency-key"])
  })

  test("waits as long as Retry-After says, which the server lets pages read", async () => {
    const { headers } = await server.request("POST", `/site-v1/${server.banner().project}/session`, {
      headers: { origin: origin() },
      json: {},
    })
    const cors = Object.fromEntries(
      Object.entries(headers).filter(([name]) => name.startsWith("access-control-")),
    ) as Record<string, string>
    atSession({ status: 503, headers: { ...cors, "retry-after": "1" } })
    expect((await converse()).status).toBe("given")
    const [first, second] = sessionTries()
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(990)
  })

  test("is refused in a page of a domain that is not the project's", async () => {
    await page.goto(origin("127.0.0.1"))
    await expect(converse()).rejects.toThrow(/Transport error/)
  })

  // Mutant: a domain in Unicode is kept as it was sent; `*.` stands for the domain itself, or for one label alone.
  test("opens a session in a page of a domain in Unicode and of a sub-domain, and of no other", async () => {
    const { apiKey, organization, project } = server.banner()
    const path = `/privacy-v1/organizations/${organization}/projects/${project}`
    const domains = ["localhost", "müller.localhost", "*.shops.localhost"]
    const changed = await server.request("PATCH", path, { headers: { "x-api-key": apiKey }, json: { domains } })
    expect(changed.status, changed.text).toBe(200)
    for (const [host, name] of [
      ["müller.localhost", "xn--mller-kva.localhost"],
      ["one.shops.localhost", "one.shops.localhost"],
      ["a.b.shops.localhost", "a.b.shops.localhost"],
    ] as const) {
      await page.goto(origin(host))
      const { recorded } = await converse()
      expect(recorded.map(({ session }) => session?.domain)).toEqual([name])
    }
    for (const host of ["shops.localhost", "mueller.localhost", "shop.localhost"]) {
      await page.goto(origin(host))
      await expect(converse()).rejects.toThrow(/Transport error/)
    }
  })

  describe("with a state that the browser may keep", () => {
    const keeping = served(() => startEmpty({ ASSENT_STORE: "memory:", ASSENT_STATE_MAX_AGE: "60" }))

    /** Opens a session in the page, and records a yes if `says` is given. Every request is made by the page. */
    const fetched = (path: string, options: object = {}): Promise<{ readonly [member: string]: never }> => {
      const url = `${keeping.url}/site-v1/${keeping.banner().project}/${path}`
      return page.evaluate(`fetch(${JSON.stringify(url)}, ${JSON.stringify(options)}).then((answer) => answer.json())`)
    }
    const posted = (path: string, json: object, session?: string) =>
      fetched(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...(session !== undefined && { "x-session": session }) },
        body: JSON.stringify(json),
      })
    const open = async (): Promise<{ readonly session: string; readonly concordId: string }> =>
      posted("session", {}) as never
    const says = (session: string) =>
      posted("consent-events", { items: [{ consentType: keeping.banner().consentTypes[0], ...yes }] }, session)
    const yes = { consentState: "accepted", consentAction: "user_click" }
    /** The people of the state that a session reads twice: once from the service, once perhaps from the browser. */
    const peopleOf = async (session: string): Promise<ReadonlyArray<string>> => {
      const people: Array<string> = []
      for (let n = 0; n < 2; n++) {
        const { items = [] } = (await fetched("consent-state", { headers: { "x-session": session } })) as {
          readonly items?: ReadonlyArray<{ readonly concordId: string }>
        }
        people.push(...items.map(({ concordId }) => concordId))
      }
      return [...new Set(people)]
    }

    // Mutant: `Vary` does not name x-session.
    test("shows no visitor the state of another one, nor of a session that is not valid", async () => {
      const [one, other] = [await open(), await open()]
      await says(one.session)
      expect(await peopleOf(one.session)).toEqual([one.concordId])
      expect(await peopleOf(other.session)).toEqual([])
      expect(await peopleOf("nobody")).toEqual([])
      await says(other.session)
      expect(await peopleOf((await open()).session)).toEqual([])
      expect(await peopleOf(one.session)).toEqual([one.concordId])
    })

    test("shows each session its own person after an identification and after its undoing", async () => {
      const { apiKey, organization } = keeping.banner()
      const path = `/privacy-v1/organizations/${organization}`
      const headers = { "x-api-key": apiKey }
      const signer = await makeSigner()
      await keeping.request("PATCH", path, { headers, json: { jwks: { keys: [signer.publicKey] } } })
      const identified = async (session: string, userId: string) => {
        const token = await signer.token(userId, { iss: organization })
        return (await posted("identify", { type: "userId", value: userId, token }, session)) as never as {
          session: string
        }
      }
      const owner = await open()
      await says(owner.session)
      await identified(owner.session, "anna")
      const stranger = await open()
      expect(await peopleOf(stranger.session)).toEqual([])
      const asAnna = await identified(stranger.session, "anna")
      expect(await peopleOf(asAnna.session)).toEqual([owner.concordId])
      const person = `${path}/people/${stranger.concordId}`
      const { facts } = (await keeping.request("GET", person, { headers })).json
      const undone = await keeping.request("DELETE", `${person}/joins/${facts.at(-1).id}`, { headers })
      expect(undone.status).toBe(200)
      expect(await peopleOf((await open()).session)).toEqual([])
    })
  })
})
