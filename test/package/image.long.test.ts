/**
 * The image: it has the packages that the server needs and no others, in the versions that are tested, and its process
 * needs no rights.
 */
import type { ChildProcess } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { builtinModules } from "node:module"
import { createServer, type AddressInfo } from "node:net"
import { dirname, join, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { build, type Image } from "../support/image.ts"
import { eventually, readBanner } from "../support/server.ts"

const root = join(import.meta.dirname, "../..")
const read = (file: string): string => readFileSync(join(root, file), "utf8")

/** Every file that a file imports, directly or not, and the packages that they import. */
const importsOf = (entry: string, seen = new Set<string>(), packages = new Set<string>()) => {
  if (seen.has(entry)) return { seen, packages }
  seen.add(entry)
  const text = readFileSync(entry, "utf8")
  const threads = [...text.matchAll(/Thread\.url\("(\w+)"\)/g)].map(([, name]) => `./${name}.ts`)
  const imports = [...text.matchAll(/^(?:import|export) (?!type )(?:[^"]*? from )?"([^"]+)"/gm)].map(
    ([, from]) => from!,
  )
  // Modules for some settings only are imported where they are used; imports of types are written in another way here.
  const later = [...text.matchAll(/\bawait import\("([^"]+)"\)|=> import\("([^"]+)"\)/g)].map(
    ([, one, other]) => (one ?? other)!,
  )
  for (const from of [...imports, ...later, ...threads]) {
    if (from.startsWith(".") && from.endsWith(".ts")) importsOf(resolve(dirname(entry), from), seen, packages)
    else if (!from.startsWith(".") && !from.startsWith("node:") && !builtinModules.includes(from)) {
      packages.add(
        from
          .split("/")
          .slice(0, from.startsWith("@") ? 2 : 1)
          .join("/"),
      )
    }
  }
  return { seen, packages }
}

describe("the packages of the image", () => {
  const { dependencies } = JSON.parse(read("deploy/package.json"))
  const manifest = JSON.parse(read("package.json"))

  test("are those that the server imports, and no others", () => {
    const { packages, seen } = importsOf(join(root, "apps/server/main.ts"))
    // A thread is started by the path of its file.
    for (const file of ["apps/server/health.ts", "adapters/fideslang/manifestThread.ts"]) {
      importsOf(join(root, file), seen, packages)
    }
    expect(seen.size).toBeGreaterThan(100)
    expect([...packages].toSorted()).toEqual(Object.keys(dependencies).toSorted())
  })

  test("have the versions that are tested", () => {
    const tested = { ...manifest.devDependencies, ...manifest.dependencies }
    expect(dependencies).toEqual(Object.fromEntries(Object.keys(dependencies).map((name) => [name, tested[name]])))
  })
})

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })

// Only root may change the root folder of a process. Elsewhere this is not tested.
describe.runIf(process.platform === "linux" && process.getuid?.() === 0)("the server of the image", () => {
  let image: Image
  let port: number
  let server: ChildProcess
  let output = ""

  beforeAll(async () => {
    image = build()
    port = await freePort()
    server = image.run(image.command, { PORT: String(port) })
    server.stdout!.on("data", (data) => (output += data))
    server.stderr!.on("data", (data) => (output += data))
    await eventually(
      () => output.includes("Assent listens on") || server.exitCode !== null,
      "the server of the image listens",
    )
    expect(output).toContain("Assent listens on")
  })

  afterAll(() => {
    server?.kill("SIGKILL")
    image?.remove()
  })

  /** The output of a program in the image, and its exit code. */
  const runIn = async (command: ReadonlyArray<string>) => {
    const program = image.run(command, { PORT: String(port) })
    let said = ""
    program.stdout!.on("data", (data) => (said += data))
    program.stderr!.on("data", (data) => (said += data))
    const code = await new Promise<number | null>((resolve) => program.once("close", resolve))
    return { code, said }
  }

  test("starts with nothing but what the image has, and is well as the image asks it", async () => {
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200)
    expect(image.healthcheck[0]).toBe("/nodejs/bin/node")
    expect(await runIn(image.healthcheck)).toEqual({ code: 0, said: "" })
    expect(readdirSync(image.data).toSorted()).toEqual([
      "assent.db",
      "assent.db-shm",
      "assent.db-wal",
      "assent.db.keys",
      "assent.db.keys.lock",
      "assent.db.server",
      "assent.db.server-journal",
    ])
  })

  test("replaces a lost API key, by the command that the pages name", async () => {
    const command = "/nodejs/bin/node dist/apps/cli/main.js key --role owner"
    expect(read("docs/operating.md")).toContain(`docker exec CONTAINER ${command}\n`)
    const { code, said } = await runIn(command.split(" "))
    expect([code, said]).toEqual([0, expect.stringMatching(/^assent_[\w-]{43}$/m)])
    const apiKey = /^assent_[\w-]{43}$/m.exec(said)![0]
    const asked = `http://127.0.0.1:${port}/privacy-v1/organizations`
    expect((await fetch(asked, { headers: { "x-api-key": apiKey } })).status).toBe(200)
  })

  test("has no rights: its user owns nothing, its root cannot be written to, there is no shell", async () => {
    const status = readFileSync(`/proc/${server.pid}/status`, "utf8")
    expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m)
    expect(status).toMatch(/^CapEff:\t0+$/m)
    expect(status).toMatch(/^CapBnd:\t0+$/m)
    expect(status).toMatch(/^NoNewPrivs:\t1$/m)
    const attempt = `
      for (const file of ["/app/x", "/x", "/app/dist/apps/server/main.js", "/data/ours"])
        try { require("fs").appendFileSync(file, ""); console.log(file, "written") } catch (error) { console.log(file, error.code) }
      console.log("shell", require("child_process").spawnSync("/bin/sh").error.code)`
    const { said } = await runIn(["/nodejs/bin/node", "-e", attempt])
    expect(said.trim().split("\n")).toEqual([
      "/app/x EROFS",
      "/x EROFS",
      "/app/dist/apps/server/main.js EACCES",
      "/data/ours written",
      "shell ENOENT",
    ])
  })

  test("serves its API, and drains at SIGTERM; then it is not well", async () => {
    const { apiKey, consentTypes, organization, project } = readBanner(output)
    const url = `http://127.0.0.1:${port}/privacy-v1/organizations/${organization}/projects/${project}/consent-events`
    const item = { userId: "u", consentType: consentTypes[0], consentState: "accepted" }
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": apiKey },
      body: JSON.stringify({ items: [{ ...item, consentAction: "user_click" }] }),
    })
    expect(answer.status).toBe(201)
    const ended = new Promise((resolve) => server.once("exit", (code, signal) => resolve([code, signal])))
    server.kill("SIGTERM")
    expect(await ended).toEqual([0, null])
    expect((await runIn(image.healthcheck)).code).toBe(1)
  })
})
