/** The first start: the commands that the banner prints work when they are pasted into a shell. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { beforeAll, expect, test } from "vitest"
import { startEmpty, type Banner } from "../support/server.ts"
import { served } from "../support/served.ts"

const run = promisify(execFile)

const server = served(startEmpty)
let banner: Banner
beforeAll(() => {
  banner = server.banner()
})

/** The output of a command of the banner, run by bash with the real curl and more options. */
const paste = async (command: string, ...options: ReadonlyArray<string>) => {
  const script = [command, ...options].join(" ")
  const { stdout } = await run("bash", ["-c", `${script} --silent --show-error --write-out '\n%{http_code}'`])
  const [, body, status] = /^([^]*)\n(\d+)$/.exec(stdout)!
  return { status: Number(status), json: JSON.parse(body!) }
}

test("it names the address, the reference, the ids, the key and one consent type of each category", () => {
  const { apiKey, consentTypes, organization, project } = banner
  expect(server.output()).toContain(`Assent listens on ${server.url} (reference: ${server.url}/docs)`)
  for (const id of [organization, project, ...consentTypes]) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  expect(consentTypes).toHaveLength(4)
  for (const category of ["disclosure", "communication", "privacy_setting", "custom"]) {
    expect(server.output()).toMatch(new RegExp(`  ${category} / \\w+ / \\w+\n`))
  }
  expect(apiKey.length).toBeGreaterThanOrEqual(43)
})

test("its four commands work when they are pasted one after the other", async () => {
  const { commands, consentTypes, organization, project } = banner
  expect(commands).toHaveLength(4)
  const [recording, state, decisions, session] = commands
  const recorded = await paste(recording!)
  expect(recorded).toMatchObject({
    status: 201,
    json: { count: 1, items: [{ organization, project, consentState: "accepted" }] },
  })
  // The state holds the event that the first command recorded, because the session is that visitor's.
  expect(await paste(state!)).toEqual({ status: 200, json: recorded.json })
  const decided = await paste(decisions!)
  expect(decided).toMatchObject({ status: 200, json: { count: 4 } })
  expect(decided.json.items).toMatchObject(
    consentTypes.map((consentType) => ({
      consentType,
      status: consentType === recorded.json.items[0].consentType ? "given" : "unknown",
    })),
  )
  expect(await paste(session!)).toMatchObject({ status: 201, json: { session: expect.any(String) } })
})

test("both requests of the public reference work with the printed ids put in, each field of the example filled in", async () => {
  const { apiKey, consentTypes, organization, project, session } = banner
  const item = {
    projectUserId: "project-user",
    userId: "user",
    email: "jsmith@example.com",
    phoneNumber: "+12133734253",
    concordId: "3c90c3cc-0d44-4b50-8888-8dd25736052a",
    consentType: consentTypes[0],
    category: "disclosure",
    subcategory: ["privacy_policy"],
    label: "privacy_policy",
    consentState: "implied",
    consentAction: "implied",
    consentDate: "2023-11-07T05:31:56Z",
    expirationDate: "2033-11-07T05:31:56Z",
  }
  const posted = await paste(`curl --request POST \
    --url ${server.url}/privacy-v1/organizations/${organization}/projects/${project}/consent-events \
    --header 'Content-Type: application/json' \
    --header 'x-api-key: ${apiKey}' \
    --data '${JSON.stringify({ items: [item] }, null, 2)}'`)
  expect(posted).toMatchObject({ status: 201, json: { count: 1, items: [{ concordId: item.concordId, version: 1 }] } })
  const state = await paste(`curl --request GET \
    --url ${server.url}/site-v1/${project}/consent-state \
    --header 'x-session: ${session}'`)
  expect(state).toMatchObject({ status: 200, json: { count: expect.any(Number), items: expect.any(Array) } })
})
