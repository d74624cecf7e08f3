/**
 * Law 9 with a real process: a server is killed (SIGKILL) again and again while it answers a `delete`, with the scope
 * `full` or `held`. Started again, the same answer is given: nothing personal is left of the person, there is one
 * erasure, and one fact that says so.
 */
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, expect, test } from "vitest"
import { folder, type Server, start, startEmpty } from "../support/server.ts"

const rounds = 12

let server: Server | undefined
afterAll(() => server?.stop())

test("law 9: a server that is killed while it answers a delete erases once, in whole or but for identifiers", async () => {
  const own = folder()
  const file = join(own, "ledger.db")
  const env = { ASSENT_ERASURE_LOG: join(own, "erasures.ndjson") }
  server = await startEmpty(env, { file })
  const { apiKey, consentTypes, organization, project } = server.banner()
  const headers = { "x-api-key": apiKey }
  const people = `/privacy-v1/organizations/${organization}`
  const path = `${people}/projects/${project}`
  const ofRound = async (round: number) => {
    const userId = `user-${round}`
    const item = {
      userId,
      consentType: consentTypes[0],
      consentState: "accepted",
      consentAction: "import",
      externalId: `order-${round}`,
    }
    const recorded = await server!.request("POST", `${path}/consent-events`, { headers, json: { items: [item] } })
    expect(recorded.status, recorded.text).toBe(201)
    const request = { request: "delete", preverified: true, userId, user: { email: `${userId}@example.org` } }
    const opened = await server!.request("POST", `${path}/compliance-requests`, { headers, json: { items: [request] } })
    expect(opened.status, opened.text).toBe(201)
    return { item, concordId: recorded.json.items[0].concordId as string, id: opened.json.items[0].id as string }
  }
  for (let round = 0; round < rounds; round++) {
    const scope = round % 2 === 0 ? "held" : "full"
    const { concordId, id, item } = await ofRound(round)
    const answer = {
      status: "resolved",
      resolution: "done",
      resolutionStatus: "partially_completed",
      erasure: scope === "held" ? { scope, ground: "legal_claim" } : { scope },
    }
    const answering = server.request("PATCH", `${path}/compliance-requests/${id}`, { headers, json: answer })
    const outcome = answering.then(
      ({ status }) => status,
      () => "killed",
    )
    // From before the request is read to after it is answered.
    await new Promise((resolve) => setTimeout(resolve, 2 * round))
    await server.end("SIGKILL")
    const first = await outcome
    server = await start({ file, env })
    const again = await server.request("PATCH", `${path}/compliance-requests/${id}`, { headers, json: answer })
    // It was resolved before the process ended, and the answer was lost or not.
    const isResolved = again.json.errors?.[0]?.code === "not_open"
    expect([first, again.status, isResolved].join(" ")).toMatch(/^(killed 200 false|(200|killed) 422 true)$/)
    const { json: request } = await server.request("GET", `${path}/compliance-requests/${id}`, { headers })
    const { json: listed } = await server.request("GET", `${people}/erasures?limit=1000`, { headers })
    const erasures = listed.items.filter(({ members }: { members: string[] }) => members.includes(concordId))
    expect(erasures).toMatchObject([{ id: request.erasure.id, destroyed: request.erasure.counts }])
    expect([request.erasure.scope, erasures[0].scope]).toEqual([scope, scope === "held" ? "held" : undefined])
    const events = `${path}/compliance-requests-events?complianceRequestId=${id}&event=erased`
    expect((await server.request("GET", events, { headers })).json.items).toHaveLength(1)
    const { json: data } = await server.request("GET", `${people}/people/${concordId}/data`, { headers })
    expect([data.personalData, data.sessions]).toEqual([[], []])
    expect(data.identifiers.length > 0).toBe(scope === "held")
    const after = await server.request("POST", `${path}/consent-events`, { headers, json: { items: [item] } })
    expect([after.status, after.json.items[0].concordId === concordId]).toEqual([201, scope === "held"])
  }
  expect((await server.end("SIGTERM")).code).toBe(0)
  const db = new DatabaseSync(file)
  const counted = ["erasure", "held_erasure"].map(
    (table) => db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"],
  )
  db.close()
  expect(counted).toEqual([rounds / 2, rounds / 2])
})
