/** The files on the disk: they hold everything that was acknowledged, and no secret or address in clear. */
import { readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { afterEach, expect, test } from "vitest"
import { eventually, start, startEmpty, type Server } from "../support/server.ts"
import {
  asVisitor,
  asOwner,
  openSession,
  privacy,
  record,
  shop,
  site,
  startWorld,
  types,
  visit,
  yes,
  type Visitor,
} from "./world.ts"

const running: Array<Server> = []
const kept = (server: Server): Server => {
  running.push(server)
  return server
}
// The last started is stopped first, because the first one owns the folder of the file.
afterEach(async () => {
  for (const server of running.splice(0).toReversed()) await server.stop()
})

/** Every byte of the store: the database file and SQLite's other files. */
const bytesOf = (file: string): string =>
  readdirSync(dirname(file))
    .filter((name) => name.startsWith(basename(file)))
    .map((name) => readFileSync(join(dirname(file), name)).toString("latin1"))
    .join("\n")

test("after kill -9 and a start on the same store the same session token shows the same state, and the key works", async () => {
  const first = kept(await startEmpty())
  const { apiKey, consentTypes, organization, project, session } = first.banner()
  const base = `/privacy-v1/organizations/${organization}/projects/${project}`
  const headers = { "x-api-key": apiKey }
  const item = { consentType: consentTypes[1], consentState: "accepted", consentAction: "user_click" }
  const posted = await first.request("POST", `${base}/consent-events`, {
    headers,
    json: { items: [{ ...item, email: "kept@example.com" }] },
  })
  const byVisitor = await first.request("POST", `/site-v1/${project}/consent-events`, {
    headers: { "x-session": session },
    json: { items: [item, { ...item, consentType: consentTypes[0], consentState: "declined" }] },
  })
  expect([posted.status, byVisitor.status]).toEqual([201, 201])
  const before = await first.request("GET", `/site-v1/${project}/consent-state`, { headers: { "x-session": session } })
  expect(before.json.count).toBe(2)
  await first.end("SIGKILL")

  const second = kept(await start({ file: first.file }))
  const after = await second.request("GET", `/site-v1/${project}/consent-state`, { headers: { "x-session": session } })
  expect([after.status, after.text, after.headers.etag]).toEqual([200, before.text, before.headers.etag])
  const asked = await second.request("GET", `${base}/consent-state?email=kept@example.com`, { headers })
  expect([asked.status, asked.json]).toEqual([200, posted.json])
  // The key is printed once; a second start neither prints it again nor makes another.
  expect(second.output()).not.toContain("API key")
  expect(second.output()).not.toContain(apiKey)
})

test("every event that was acknowledged before kill -9 is there after it, each once, and whole batches only", async () => {
  const server = kept(await startWorld())
  const acknowledged: Array<string> = []
  const client = async (name: number) => {
    for (let n = 0; ; n++) {
      const items = Array.from({ length: 5 }, () => yes({ userId: `kill ${name}`, consentState: "viewed" }))
      const answer = await record(server, items)
      acknowledged.push(...answer.json.items.map(({ id }: { id: string }) => id))
    }
  }
  const visitor = await visit(server)
  const clients = Array.from({ length: 8 }, (_, name) => client(name).catch(() => {}))
  await eventually(() => acknowledged.length >= 100, "events are acknowledged")
  await server.end("SIGKILL")
  await Promise.all(clients)

  const again = kept(await start({ file: server.file }))
  expect((await asVisitor(again, visitor, "GET", "consent-state")).status).toBe(200)
  // A visitor's list holds its own events only, so the file is read for those of all people.
  const { DatabaseSync } = await import("node:sqlite")
  const database = new DatabaseSync(server.file, { readOnly: true })
  const rows = database.prepare("SELECT lower(hex(event_id)) AS id, person FROM event").all()
  database.close()
  const ids = rows.map(({ id }) => id as string)
  expect(new Set(ids).size).toBe(ids.length)
  expect(acknowledged.filter((id) => !ids.includes(id.replaceAll("-", "")))).toEqual([])
  expect(ids.length % 5).toBe(0)
})

test("no secret, token, address or name of a person is on the disk in clear", async () => {
  const demonstration = kept(await startEmpty())
  const { apiKey, session: printed } = demonstration.banner()
  const world = kept(await startWorld())
  const { session, contextId, concordId }: Visitor = (await openSession(world)).json
  await asVisitor(world, { session }, "POST", "consent-events", {
    json: { items: [yes({ consentType: types.policy.id })] },
  })
  const person = {
    userId: "Zq7-user-id",
    projectUserId: "Zq7-project-user",
    email: "Zq7.Person@Example.com",
    phoneNumber: "+49 151 99912345",
  }
  await record(world, [yes(person)])
  // Refused requests and questions are logged, too.
  await record(world, [yes({ ...person, consentState: "none" })])
  await world.request("GET", `${privacy()}/consent-state?email=zq7.asked@example.com`, { headers: asOwner })
  await world.request("GET", `${site()}/consent-state`, { headers: { "x-session": session } })

  const clear = (server: Server, texts: ReadonlyArray<string>) => {
    const bytes = bytesOf(server.file)
    return texts.filter((text) => bytes.toLowerCase().includes(text.toLowerCase()))
  }
  expect(clear(demonstration, [apiKey, apiKey.replace("assent_", ""), printed])).toEqual([])
  expect(clear(world, [session, "zq7", "15199912345", "99912345", asOwner["x-api-key"]])).toEqual([])
  // A contextId is a credential, because its bearer becomes its person: only its hash is stored.
  expect(clear(world, [contextId])).toEqual([])
  // A value that is stored in clear is found, so the search works.
  expect(clear(world, [concordId, shop.name])).toEqual([concordId, shop.name])
})

test("a store in memory forgets, and works just so until then", async () => {
  const server = kept(await start({ file: "memory:" }))
  expect((await server.request("GET", "/readyz")).status).toBe(200)
  expect((await server.end("SIGTERM")).code).toBe(0)
})
