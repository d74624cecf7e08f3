/**
 * `assent key`: the operator makes, lists and revokes API keys without having one. A server that runs on the store
 * knows a key from its next request on, and a revoked one no more.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { isLong } from "../support/long.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { type Server, startEmpty } from "../support/server.ts"
import { workplace } from "./run.ts"

const { run, folder } = workplace()

const secretPattern = /^assent_[A-Za-z0-9_-]{43}\n$/

let postgres: Postgres | undefined
const servers: Array<Server> = []
afterAll(async () => {
  for (const server of servers) await server.stop()
  await postgres?.stop()
})

type Kind = "SQLite" | "PostgreSQL"

const kinds: ReadonlyArray<Kind> = isLong ? ["SQLite", "PostgreSQL"] : ["SQLite"]

/** A server on a new store, and the URL of the store. */
const serverOn = async (kind: Kind) => {
  if (kind === "PostgreSQL") postgres = await startPostgres()
  const database = await postgres?.database()
  const server = await startEmpty(database === undefined ? {} : { ASSENT_STORE: database })
  servers.push(server)
  return { server, store: database ?? `sqlite:${server.file}` }
}

describe.each(kinds)("on a ledger in %s whose server runs", (kind) => {
  let server: Server
  let store: string
  const key = (...args: ReadonlyArray<string>) => run(["key", ...args, "--store", store])
  const statusWith = async (secret: string, path: string) =>
    (await server.request("GET", path, { headers: { "x-api-key": secret.trim() } })).status
  const listed = async (): Promise<ReadonlyArray<Record<string, unknown>>> =>
    JSON.parse((await key("list", "--json")).stdout).keys

  beforeAll(async () => {
    const on = await serverOn(kind)
    server = on.server
    store = on.store
  })

  test("a key is made whose secret is all that is on standard output, and it works at once", async () => {
    const { apiKey, organization } = server.banner()
    const keys = `/privacy-v1/organizations/${organization}/api-keys`
    const owner = await key("--role", "owner", "--name", "After the loss")
    expect(owner).toMatchObject({ code: 0, stdout: expect.stringMatching(secretPattern) })
    expect(owner.stderr).toMatch(
      /^made the key [0-9a-f-]{36} of the role owner in Demo organization; shown only now:$/m,
    )
    expect(await statusWith(owner.stdout, keys)).toBe(200)
    expect(await statusWith(apiKey, keys)).toBe(200)
  })

  test("a key of least privilege has its role in one project, and nothing elsewhere", async () => {
    const { organization, project } = server.banner()
    const { code, stdout } = await key("--role", "limited", "--project", project.toUpperCase(), "--json")
    const made = JSON.parse(stdout)
    expect([code, made]).toEqual([
      0,
      expect.objectContaining({
        organization,
        name: "limited key",
        role: "none",
        permissions: [{ projectId: project, role: "limited" }],
        apiKey: expect.stringMatching(secretPattern.source.replace("\\n", "")),
      }),
    ])
    const root = `/privacy-v1/organizations/${organization}`
    expect(await statusWith(made.apiKey, `${root}/projects/${project}/consent-events`)).toBe(200)
    expect(await statusWith(made.apiKey, `${root}/api-keys`)).toBe(403)
  })

  test("a list names every key with its last use, and no secret", async () => {
    const table = await key("list")
    expect(table.code).toBe(0)
    for (const text of ["Demo key", "After the loss", `limited in ${server.banner().project}`]) {
      expect(table.stdout).toContain(text)
    }
    const keys = await listed()
    expect(keys.map(({ name }) => name)).toEqual(["Demo key", "After the loss", "limited key"])
    expect(JSON.stringify(keys)).not.toMatch(/assent_|secretHash/)
    expect(keys[0]).toMatchObject({ lastUsedAt: expect.stringMatching(/Z$/) })
  })

  test("a revoked key is refused from the next request on, and the last owner's key stays", async () => {
    const { apiKey, organization } = server.banner()
    const path = `/privacy-v1/organizations/${organization}/api-keys`
    const [first, second] = await listed()
    expect(await key("revoke", String(first!["id"]))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^revoked/),
    })
    expect(await statusWith(apiKey, path)).toBe(401)
    expect(await key("revoke", String(first!["id"]))).toMatchObject({ code: 2 })
    const last = await key("revoke", String(second!["id"]))
    expect([last.code, last.stderr]).toEqual([2, expect.stringContaining("make another one first")])
  })
})

test.each([
  [
    "a ledger that is not there is not made",
    ["--role", "owner", "--store", "sqlite:none.db"],
    /none\.db: no such file/,
  ],
  ["without a role nothing is made", ["--store", "sqlite:none.db"], /--role: expected one of owner, admin/],
  ["an empty ledger has no organization", ["--role", "owner", "--store", "memory:"], /assent bootstrap/],
])("%s", async (_name, args, said) => {
  const { code, stderr, stdout } = await run(["key", ...args])
  expect([code, stdout, stderr]).toEqual([2, "", expect.stringMatching(said)])
})

test("a project of another organization is refused, and so is no organization of several", async () => {
  const store = `sqlite:${folder}/several.db`
  const made = JSON.parse((await run(["bootstrap", "--store", store, "--json"])).stdout)
  const unknown = await run(["key", "--role", "owner", "--store", store, "--project", made.organizationId])
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("--project: the ledger has no such")])
  const other = await run(["key", "--role", "owner", "--store", store, "--organization", made.projectId])
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining(`expected one of ${made.organizationId}`)])
})
