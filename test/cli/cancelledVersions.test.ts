/** A cancelled version in exported types: files answer as the service does, and a what-if of cancelling is right. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { startEmpty } from "../support/server.ts"
import { linesOf, workplace } from "./run.ts"

const { folder, run, write } = workplace()

const day = 86_400_000

// Kills: export leaves the history out; the cancelled version stays in force in files; the what-if of a candidate
// without a version changes nothing.
test("what a what-if says of cancelling a version is what is so afterwards; as known before, it stands", async () => {
  const store = `sqlite:${join(folder, "cancelled.db")}`
  const server = await startEmpty({ ASSENT_STORE: store })
  const { apiKey, consentTypes, organization, project } = server.banner()
  const [consentType] = consentTypes
  const base = `/privacy-v1/organizations/${organization}/projects/${project}`
  const headers = { "x-api-key": apiKey }
  const send = async (method: string, path: string, json?: object) =>
    (await server.request(method, `${base}/${path}`, { headers, ...(json !== undefined && { json }) })).json
  const item = { userId: "one", consentType, consentState: "accepted", consentAction: "user_click" }
  const [event] = (await send("POST", "consent-events", { items: [item] })).items
  const now = Date.now()
  const [publishedAt, later, until] = [1, 2, 3].map((days) => new Date(now + days * day).toISOString()) as [
    string,
    string,
    string,
  ]
  const planned = await send("PATCH", `consent-types/${consentType}`, {
    name: "A mistake",
    requireReaccept: true,
    publishedAt,
  })
  const ask = async (knownAt?: string) => {
    const query = new URLSearchParams({ userId: "one", at: later, ...(knownAt !== undefined && { knownAt }) })
    const { items } = await send("GET", `consent-decisions?${query}`)
    const decision = items.find((each: { readonly consentType: string }) => each.consentType === consentType)
    const { namedSince: _, ...rest } = decision
    return rest
  }
  const before = await ask()
  expect(before.status).toBe("invalidated")

  const exportInto = async (name: string) => {
    const paths = ["--out", join(folder, "events.ndjson"), "--types", join(folder, name)]
    expect((await run(["export", "--store", store, "--project", project, ...paths])).code).toBe(0)
    return JSON.parse(readFileSync(join(folder, name), "utf8"))
  }
  const { items } = await exportInto("planned.json")
  const versions = (each: { readonly id: string; readonly versions: ReadonlyArray<object> }) =>
    each.id === consentType ? each.versions.slice(0, 1) : each.versions
  const without = items.map((each: Parameters<typeof versions>[0]) => ({ ...each, versions: versions(each) }))
  write("without.json", JSON.stringify({ items: without }))
  const window = ["--from", new Date(now).toISOString(), "--until", until]
  const simulate = ["simulate", "--events", "events.ndjson", ...window, "--out", "diff.ndjson", "--exit-code"]
  const candidate = ["--types", "planned.json", "--candidate-types", "without.json"]
  expect(await run([...simulate, ...candidate])).toMatchObject({ code: 1, stderr: "" })
  const given = { status: "given", permitted: true, askAgain: false }
  expect(linesOf(readFileSync(join(folder, "diff.ndjson"), "utf8"))).toMatchObject([
    { concordId: event.concordId, from: publishedAt, until, before: { status: "invalidated" }, after: given },
  ])

  await send("DELETE", `consent-types/${consentType}/versions/${planned.versions[1].id}`)
  const after = await ask()
  expect(after).toMatchObject(given)
  expect(await ask(before.knownAt)).toEqual(before)
  const exported = await exportInto("cancelled.json")
  const type = exported.items.find(({ id }: { readonly id: string }) => id === consentType)
  expect(type.versions).toHaveLength(1)
  expect(type.history).toMatchObject([{ versions: [{ version: 1 }, { version: 2, publishedAt }] }])
  for (const answer of [before, after]) {
    const at = ["--at", answer.at, "--known-at", answer.knownAt]
    const { code, stdout } = await run(["decisions", "--types", "cancelled.json", "--events", "events.ndjson", ...at])
    expect([code, JSON.parse(stdout)]).toEqual([0, answer])
  }
  const same = ["--types", "cancelled.json", "--candidate-types", "without.json"]
  expect(await run([...simulate, ...same])).toMatchObject({ code: 0, stderr: "" })
  await server.stop()
})
