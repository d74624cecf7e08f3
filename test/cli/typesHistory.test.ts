/** An exported types.json has the history of the types: files answer as the service does, also as known before. */
import { join } from "node:path"
import { expect, test } from "vitest"
import { startEmpty } from "../support/server.ts"
import { workplace } from "./run.ts"

const { folder, run } = workplace()

// Kills: export leaves the history out, or the commands on files read types without it.
test("exported types answer as known before a change as the service does", async () => {
  const store = `sqlite:${join(folder, "history.db")}`
  const server = await startEmpty({ ASSENT_STORE: store })
  const { apiKey, consentTypes, organization, project } = server.banner()
  const base = `/privacy-v1/organizations/${organization}/projects/${project}`
  const headers = { "x-api-key": apiKey }
  const item = { userId: "one", consentType: consentTypes[0], consentState: "accepted", consentAction: "user_click" }
  const json = { items: [{ ...item, consentDate: "2020-01-01T00:00:00Z" }] }
  const [event] = (await server.request("POST", `${base}/consent-events`, { headers, json })).json.items
  const ask = async (knownAt: string) => {
    const query = `concordId=${event.concordId}&at=2026-01-01T00:00:00.000Z&knownAt=${knownAt}`
    const { items } = (await server.request("GET", `${base}/consent-decisions?${query}`, { headers })).json
    return items.find(({ consentType }: { consentType: string }) => consentType === consentTypes[0])
  }
  const before = event.dateCreated
  await server.request("PATCH", `${base}/consent-types/${consentTypes[0]}`, {
    headers,
    json: { consentDuration: "P1Y" },
  })
  const after = new Date().toISOString()
  const answers = [await ask(before), await ask(after)]
  expect(answers.map(({ status }) => status)).toEqual(["given", "expired"])
  await server.stop()

  const [events, types] = [join(folder, "events.ndjson"), join(folder, "types.json")]
  const exported = await run(["export", "--store", store, "--project", project, "--out", events, "--types", types])
  expect([exported.code, exported.stderr]).toEqual([0, ""])
  for (const answer of answers) {
    const at = ["--at", answer.at, "--known-at", answer.knownAt]
    const { code, stdout } = await run(["decisions", "--types", types, "--events", events, ...at])
    expect([code, JSON.parse(stdout)]).toEqual([0, answer])
  }
})
