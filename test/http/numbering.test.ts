/** Numbers of versions over HTTP: they follow publication, and `requireReaccept` is a command. */
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { change, changed, created, listed, say, shown, statusAt } from "./typeRequests.ts"
import { record, startWorld, yes } from "./world.ts"

const server = served(startWorld)
const ahead = (millis: number): string => new Date(Date.now() + millis).toISOString()
const until = async (instant: string) => {
  while (Date.now() <= Date.parse(instant)) await new Promise((resolve) => setTimeout(resolve, 20))
}

describe("a version that is only planned", () => {
  test("is numbered after what is published before it, and a yes to the text in force counts", async () => {
    const { id } = await created(server, { name: "The first" })
    const planned = await changed(server, id, { name: "The planned", publishedAt: ahead(600) })
    const published = await changed(server, id, { name: "The published", requireReaccept: true })
    expect(published).toMatchObject({ name: "The published", version: 2, requireReacceptVersion: 2 })
    expect(published.versions.map(({ version }) => version)).toEqual([1, 2, 3])
    expect(published.versions[2]).toEqual({ ...planned.versions[1], version: 3 })
    await until(planned.versions[1]!.publishedAt)
    expect(await listed(server, id)).toMatchObject({ name: "The planned", version: 3, requireReacceptVersion: 2 })
    const [event] = await say(server, id, [{ userId: "in force" }])
    expect(event).toMatchObject({ version: 3 })
    expect(await statusAt(server, id, "in force")).toBe("given permitted")
  })

  test("is numbered after one that is planned for earlier, also where that one was planned later", async () => {
    const { id } = await created(server, { name: "The first" })
    const second = ahead(500)
    await changed(server, id, { name: "The second", publishedAt: second })
    const first = ahead(100)
    const planned = await changed(server, id, { name: "The other", publishedAt: first, requireReaccept: true })
    expect(planned.versions.map(({ publishedAt, version }) => [version, publishedAt]).slice(1)).toEqual([
      [2, first],
      [3, second],
    ])
    await until(second)
    await say(server, id, [{ userId: "second in force" }])
    expect(await statusAt(server, id, "second in force")).toBe("given permitted")
  })

  test("keeps its number once a refusal names it, and a version published later is in force after it", async () => {
    const { id } = await created(server, { name: "The first" })
    const publishedAt = ahead(300_000)
    const planned = await changed(server, id, { name: "The planned", publishedAt })
    const refusal = yes({ consentType: id, userId: "refuses", version: 2, consentState: "declined" })
    expect((await record(server, [refusal])).status).toBe(201)
    const raised = await changed(server, id, { name: "The published" })
    expect(raised).toMatchObject({ name: "The first", version: 1 })
    expect(raised.versions[1]).toEqual(planned.versions[1])
    const after = new Date(Date.parse(publishedAt) + 1).toISOString()
    expect(raised.versions[2]).toMatchObject({ version: 3, publishedAt: after })
  })

  test("shows its own document under its new number", async () => {
    const { id } = await created(server, { document: "§ first" })
    await changed(server, id, { document: "§ planned", publishedAt: ahead(300_000) })
    await changed(server, id, { document: "§ published" })
    await changed(server, id, { name: "Same text" })
    const documents = await Promise.all([1, 2, 3, 4].map(async (number) => (await shown(server, id, number)).json))
    expect(documents.map(({ document }) => document)).toEqual(["§ first", "§ published", "§ published", "§ planned"])
  })
})

describe("requireReaccept", () => {
  test("is a command: each time it is said a version is published, and everyone is asked again", async () => {
    const { id } = await created(server, { requireReaccept: true })
    for (const version of [2, 3]) {
      await say(server, id, [{ userId: `before ${version}` }])
      const again = await changed(server, id, { requireReaccept: true })
      expect(again).toMatchObject({ version, requireReaccept: false, requireReacceptVersion: version })
      expect(again.versions.at(-1)).toMatchObject({ version, requireReaccept: true })
      expect(await statusAt(server, id, `before ${version}`)).toBe("invalidated askAgain")
    }
  })

  test("is not said by an object that is sent back as it was answered: nothing is published", async () => {
    const fields = { document: "§ 1", url: "https://shop.example/", grace: "P3D", consentDuration: "P1Y" }
    const { id } = await created(server, fields)
    await changed(server, id, { requireReaccept: true, grace: "P3D", rules: { permits: "accepted" } })
    await say(server, id, [{ userId: "sent back" }])
    const before = await listed(server, id)
    const after = await change(server, id, before!)
    expect(after.json).toEqual({ ...before, dateUpdated: after.json.dateUpdated })
    expect(await statusAt(server, id, "sent back")).toBe("given permitted")
  })
})
