/** Data systems and their attributes over HTTP. */
import { beforeAll, describe, expect, test } from "vitest"
import * as AttributeFamily from "../../core/data-systems/AttributeFamily.ts"
import * as AttributeCatalogue from "../../rule-packs/attributes/AttributeCatalogue.ts"
import type { Sent } from "../support/server.ts"
import { served } from "../support/served.ts"
import { contactType, doors, newAttribute } from "./attributeRequests.ts"
import { acme, blog, foreign, nobody, other, secretOf, shop, startWorld } from "./world.ts"

const server = served(startWorld)
const base = `/privacy-v1/organizations/${acme.id}`

const as =
  (role: "owner" | "limited" | "viewer") =>
  (method: string, path: string, json?: unknown, more: Sent = {}) =>
    server.request(method, `${base}/${path}`, {
      ...more,
      headers: { "x-api-key": secretOf(acme, role), ...more.headers },
      ...(json !== undefined && { json }),
    })
const ask = as("owner")

let count = 0
const fresh = (word: string): string => `${word} ${++count}`

const made = async (path: string, json: object) => {
  const answer = await ask("POST", path, json)
  expect(answer.status, answer.text).toBe(201)
  return answer.json
}
const newSystem = (more: object = {}) => made("data-systems", { name: fresh("System"), status: "active", ...more })
const newOf = (family: AttributeFamily.AttributeFamily, more: object = {}) =>
  made(`data-system-${AttributeFamily.of(family).path}`, { ...newAttribute(family, fresh("Attribute")), ...more })

/** The codes and places of an answer that refuses. */
const faultsOf = (answer: { readonly json: { readonly errors?: ReadonlyArray<object> } }) =>
  (answer.json.errors ?? []).map((error) => {
    const { code, pointer } = error as { readonly code: string; readonly pointer: string }
    return `${code} ${pointer}`
  })

const systemOf = async (id: string) => (await ask("GET", `data-systems?dataSystemId=${id}`)).json.items[0]
const [email, name] = AttributeCatalogue.of("dataCategory").map(({ id }) => id) as [string, string]

describe("a data system", () => {
  test("is answered as it was sent, with what the record of processing lacks, and is changed member by member", async () => {
    const purpose = AttributeCatalogue.of("processingPurpose")[0]!.id
    const sent = {
      crossBorder: true,
      retention: "P24M",
      additionalNotes: "Notes",
      globalDataSystemId: "crm-1",
      dataSystemTypeId: "crm",
      dataSystemDataCategories: [email, name, email],
      processingActivities: [AttributeCatalogue.of("processingActivity")[0]!.id],
      dataSystemProcessingPurposes: [purpose],
      dataSystemRelationship: AttributeCatalogue.of("relationship")[0]!.id,
      projectIds: [shop.id.toUpperCase()],
      handles: ["view"],
      legalBases: ["contract"],
      transfers: [{ country: "us", safeguard: null, note: "Support" }],
      impactAssessment: { required: true, url: null },
      vendor: { name: "Vendor", url: "https://vendor.example/" },
      owner: "Sales",
      reviewedOn: "2026-11-30",
      fidesKey: "crm",
    }
    const system = await newSystem(sent)
    const { processingActivities, ...named } = sent
    expect(system).toMatchObject({
      ...named,
      organizationId: acme.id,
      retention: "P2Y",
      dataSystemDataCategories: [email, name],
      dataSystemProcessingActivities: processingActivities,
      dataSystemContacts: [],
      projectIds: [shop.id],
      transfers: [{ country: "US", note: "Support" }],
      impactAssessment: { required: true },
      isLedger: false,
      dateCreated: expect.any(Number),
    })
    expect(system.gaps.map(({ code }: { code: string }) => code)).toContain("safeguard_missing")
    expect(await systemOf(system.id)).toEqual(system)

    const change = {
      retention: null,
      dataSystemRelationship: null,
      dataSystemDataCategories: [name],
      dataSystemProcessingPurposes: null,
      vendor: null,
      crossBorder: null,
      name: null,
    }
    const changed = (await ask("PATCH", `data-systems/${system.id}`, change)).json
    for (const member of ["retention", "dataSystemRelationship", "vendor"]) expect(changed).not.toHaveProperty(member)
    expect(changed).toMatchObject({
      name: system.name,
      crossBorder: false,
      dataSystemDataCategories: [name],
      dataSystemProcessingPurposes: [],
      owner: "Sales",
      dataSystemProcessingActivities: processingActivities,
    })
    expect(changed.dateUpdated).toBeGreaterThan(system.dateUpdated)
    const deleted = await ask("DELETE", `data-systems/${system.id}`)
    expect([deleted.status, deleted.json.id]).toEqual([200, system.id])
    expect(await systemOf(system.id)).toBeUndefined()
    expect((await ask("PATCH", `data-systems/${system.id}`, { owner: "IT" })).status).toBe(404)
  })

  test("is refused with everything that is wrong at once, and nothing that was sent is repeated", async () => {
    const archived = await newOf("dataCategory", { status: "archived" })
    const answer = await ask("POST", "data-systems", {
      name: "Refused",
      status: "active",
      dataSystemContacts: [nobody, email],
      dataSystemDataCategories: [archived.id],
      dataSystemRelationship: email,
      projectIds: [foreign.id],
    })
    expect(answer.status).toBe(422)
    expect(faultsOf(answer)).toEqual([
      "unknown_attribute /dataSystemContacts/0",
      "wrong_family /dataSystemContacts/1",
      "unknown_attribute /dataSystemDataCategories/0",
      "wrong_family /dataSystemRelationship",
      "unknown_project /projectIds/0",
    ])
    const shape = await ask("POST", "data-systems", {
      name: "x".repeat(257),
      status: "secret-word",
      retention: "secret-word",
      transfers: [{ country: "secret-word" }],
      reviewedOn: "2026-02-30",
    })
    expect(shape.status).toBe(422)
    expect(shape.json.errors.length).toBe(5)
    expect(shape.text).not.toContain("secret-word")
    // A name may be longer in a change.
    const { id } = await newSystem()
    expect((await ask("PATCH", `data-systems/${id}`, { name: "x".repeat(1024) })).status).toBe(200)
    const links = Array.from({ length: 201 }, () => email)
    expect((await ask("PATCH", `data-systems/${id}`, { dataSystemContacts: links })).status).toBe(422)
  })

  test("keeps an attribute that was archived after it was linked, and no other system gets it", async () => {
    const category = await newOf("dataCategory")
    const linked = await newSystem({ dataSystemDataCategories: [category.id] })
    await ask("PATCH", `data-system-data-categories/${category.id}`, { status: "archived" })
    const again = await ask("PATCH", `data-systems/${linked.id}`, { dataSystemDataCategories: [category.id, email] })
    expect(again.status).toBe(200)
    const { id } = await newSystem()
    const refused = await ask("PATCH", `data-systems/${id}`, { dataSystemDataCategories: [category.id] })
    expect(faultsOf(refused)).toEqual(["unknown_attribute /dataSystemDataCategories/0"])
  })

  test("of the ledger is in every list, is described, and cannot be changed", async () => {
    const { items } = (await ask("GET", "data-systems?limit=1")).json
    expect(items[0]).toMatchObject({ name: "Consent ledger", isLedger: true, gaps: [], organizationId: acme.id })
    for (const method of ["PATCH", "DELETE"]) {
      const refused = await ask(method, `data-systems/${items[0].id}`, method === "PATCH" ? { owner: "IT" } : undefined)
      expect([refused.status, ...faultsOf(refused)]).toEqual([422, "read_only "])
    }
    const category = newAttribute("dataCategory", fresh("Attribute"))
    const refused = await ask("POST", "data-system-data-categories", { ...category, dataSystems: [items[0].id] })
    expect(faultsOf(refused)).toEqual(["read_only /dataSystems/0"])
  })

  test("has a key of fideslang that no other has", async () => {
    const first = await newSystem({ fidesKey: "shop_db" })
    const taken = await ask("POST", "data-systems", { name: "Other", status: "active", fidesKey: "shop_db" })
    expect([taken.status, ...faultsOf(taken)]).toEqual([409, "data_system_exists /fidesKey"])
    expect((await ask("PATCH", `data-systems/${first.id}`, { fidesKey: "shop_db" })).status).toBe(200)
  })
})

describe.each(doors)("an attribute of $family at $path", ({ family, path, query }) => {
  const { isSingle, member } = AttributeFamily.of(family)
  const at = query === undefined ? path : `${path}?${query}`

  test("is created, changed, listed and deleted, and its links are those of systems", async () => {
    const first = await newSystem()
    const second = await newSystem()
    const attribute = await made(at, { ...newAttribute(family, fresh("Attribute")), dataSystems: [first.id] })
    expect(attribute).toMatchObject({ attributeName: family, readOnly: false, dataSystems: [first.id] })
    const linked = async (id: string) => [(await systemOf(id))[member] ?? []].flat()
    expect(await linked(first.id)).toEqual([attribute.id])

    const moved = await ask("PATCH", `${path}/${attribute.id}`, { description: "What", dataSystems: [second.id] })
    expect(moved.json).toMatchObject({ description: "What", dataSystems: [second.id] })
    expect([await linked(first.id), await linked(second.id)]).toEqual([[], [attribute.id]])
    const list = await ask("GET", `${path}?dataSystemId=${second.id}&readOnly=false`)
    expect(list.json.items).toEqual([moved.json])

    const used = await ask("DELETE", `${path}/${attribute.id}`)
    expect([used.status, ...faultsOf(used), used.json.errors[0].detail]).toEqual([
      409,
      "in_use ",
      expect.stringContaining("1 data system is linked"),
    ])
    const deleted = await ask("DELETE", `${path}/${attribute.id}?detach=true`)
    expect([deleted.status, deleted.json.dataSystems]).toEqual([200, []])
    expect(await linked(second.id)).toEqual([])
    expect((await ask("DELETE", `${path}/${attribute.id}`)).status).toBe(404)
  })

  test("has a name of its own, and one that comes with Assent is only linked", async () => {
    const entry = AttributeCatalogue.of(family)[0]
    if (entry !== undefined) {
      const taken = await ask("POST", at, newAttribute(family, entry.name.toUpperCase()))
      expect([taken.status, ...faultsOf(taken)]).toEqual([409, "attribute_exists /name"])
      for (const [method, json] of [["PATCH", { status: "archived" }], ["DELETE"]] as const) {
        expect(faultsOf(await ask(method, `${path}/${entry.id}`, json))).toEqual(["read_only "])
      }
      const system = await newSystem()
      const before = (await ask("GET", `${path}?dataSystemAttributeId=${entry.id}`)).json.items[0]
      const linked = await ask("PATCH", `${path}/${entry.id}`, { dataSystems: [...before.dataSystems, system.id] })
      expect(linked.json).toMatchObject({ readOnly: true, dataSystems: [...before.dataSystems, system.id] })
      expect([(await systemOf(system.id))[member]].flat()).toEqual([entry.id])
    }
    const mine = await made(at, newAttribute(family, fresh("Attribute")))
    const again = await ask("POST", at, newAttribute(family, mine.name))
    expect([again.status, ...faultsOf(again)]).toEqual([409, "attribute_exists /name"])
    await ask("DELETE", `${path}/${mine.id}`)
    expect((await ask("POST", at, newAttribute(family, mine.name))).status).toBe(201)
  })

  test("belongs to its family, and to its organization", async () => {
    const attribute = await made(at, newAttribute(family, fresh("Attribute")))
    const otherPath = family === "origin" ? "data-system-destinations" : "data-system-origins"
    expect((await ask("PATCH", `${otherPath}/${attribute.id}`, { name: "Taken" })).status).toBe(404)
    expect((await ask("DELETE", `${otherPath}/${attribute.id}`)).status).toBe(404)
    const strange = await server.request("PATCH", `/privacy-v1/organizations/${other.id}/${path}/${attribute.id}`, {
      headers: { "x-api-key": secretOf(other, "owner") },
      json: { name: "Taken" },
    })
    expect(strange.status).toBe(404)
    expect(isSingle === true).toBe(family === "relationship")
  })
})

test("Members of one family are refused in another, and a contact needs its address and its kind", async () => {
  const origin = { ...newAttribute("origin", fresh("Attribute")), pIIType: "none", email: "a@b.example", contactType }
  expect(faultsOf(await ask("POST", "data-system-origins", origin))).toEqual([
    "wrong_family /email",
    "wrong_family /contactType",
    "wrong_family /pIIType",
  ])
  const contact = { name: fresh("Contact"), status: "active" }
  expect(faultsOf(await ask("POST", "data-system-contacts", contact))).toEqual([
    "missing /email",
    "missing /contactType",
  ])
  const wrong = { ...contact, email: "a@b.example", contactType: email }
  expect(faultsOf(await ask("POST", "data-system-contacts", wrong))).toEqual(["wrong_family /contactType"])
  const unknown = { ...wrong, contactType: nobody }
  expect(faultsOf(await ask("POST", "data-system-contacts", unknown))).toEqual(["unknown_attribute /contactType"])
  const kinds = (await ask("GET", "data-system-attributes?attributeName=contactType")).json
  expect(kinds.total).toBe(AttributeCatalogue.of("contactType").length)
  expect((await ask("POST", "data-system-attributes?attributeName=contactType", contact)).status).toBe(400)
})

describe("how a contact is reached", () => {
  test("is answered to those that handle what is personal, and not to those that only read", async () => {
    const sent = { ...newAttribute("contact", fresh("Contact")), email: "dpo@acme.example", phoneNumber: "+49 30 1" }
    const contact = await made("data-system-contacts", sent)
    expect(contact).toMatchObject({ email: "dpo@acme.example", phoneNumber: "+49 30 1", contactType })
    const listed = async (role: "limited" | "viewer") =>
      (await as(role)("GET", `data-system-contacts?dataSystemAttributeId=${contact.id}`)).json.items
    expect(await listed("limited")).toEqual([contact])
    const { email: _email, phoneNumber: _phoneNumber, ...seen } = contact
    expect(await listed("viewer")).toEqual([seen])
  })

  test("is changed member by member, is not kept in the catalog, and is gone with the contact", async () => {
    const sent = { ...newAttribute("contact", fresh("Contact")), email: "erika@acme.example", phoneNumber: "+49 30 1" }
    const contact = await made("data-system-contacts", sent)
    const renamed = await ask("PATCH", `data-system-contacts/${contact.id}`, { description: "Answers" })
    expect(renamed.json).toMatchObject({ email: "erika@acme.example", phoneNumber: "+49 30 1" })
    const change = (json: object) => ask("PATCH", `data-system-contacts/${contact.id}`, json)
    expect((await change({ email: "max@acme.example" })).json).toMatchObject({
      email: "max@acme.example",
      phoneNumber: "+49 30 1",
    })
    const moved = await change({ phoneNumber: null })
    expect(moved.json).toMatchObject({ email: "max@acme.example" })
    expect(moved.json).not.toHaveProperty("phoneNumber")
    const { DatabaseSync } = await import("node:sqlite")
    const database = new DatabaseSync(server.file, { readOnly: true })
    const bodies = database.prepare("SELECT body FROM catalog_entry").all()
    const rows = () =>
      database.prepare("SELECT encrypted FROM entry_private WHERE entry = unhex(?, '-')").all(contact.id)
    expect(JSON.stringify(bodies)).not.toMatch(/(erika|max)@acme|\+49 30/)
    expect(rows().length).toBe(1)
    const deleted = await ask("DELETE", `data-system-contacts/${contact.id}`)
    expect(deleted.json).not.toHaveProperty("email")
    expect(rows()).toEqual([])
    const answers = database.prepare("SELECT answer FROM idempotency").all()
    expect(JSON.stringify(answers)).not.toMatch(/@acme\.example/)
    database.close()
  })

  test("is in the answer to a repeated request, which is made from what is kept", async () => {
    const json = { ...newAttribute("contact", fresh("Contact")), email: "again@acme.example" }
    const headers = { "idempotency-key": "contact-1" }
    const first = await ask("POST", "data-system-contacts", json, { headers })
    const second = await ask("POST", "data-system-contacts", json, { headers })
    expect([second.status, second.headers["idempotent-replayed"], second.text]).toEqual([201, "true", first.text])
    const { DatabaseSync } = await import("node:sqlite")
    const database = new DatabaseSync(server.file, { readOnly: true })
    expect(JSON.stringify(database.prepare("SELECT answer FROM idempotency").all())).not.toContain("again@acme")
    database.close()
  })
})

describe("lists", () => {
  let one: { readonly id: string }
  let two: { readonly id: string }
  beforeAll(async () => {
    const category = await newOf("dataCategory")
    one = await newSystem({ projectIds: [shop.id], status: "test", dataSystemDataCategories: [category.id] })
    two = await newSystem({ projectIds: [blog.id], status: "test" })
  })

  const idsOf = async (query: string) =>
    (await ask("GET", `data-systems?${query}`)).json.items.map(({ id }: { id: string }) => id)

  test("are filtered, sorted and paged", async () => {
    expect(await idsOf(`status=test&projectIds=${shop.id}`)).toEqual([one.id])
    expect(await idsOf(`status=test&projectIds=${shop.id}&projectIds=${blog.id}`)).toEqual([one.id, two.id])
    const [category] = (await systemOf(one.id)).dataSystemDataCategories
    expect(await idsOf(`dataSystemDataCategories=${category}`)).toEqual([one.id])
    expect(await idsOf("status=test&sort=dateUpdated&order=desc")).toEqual([two.id, one.id])
    const first = (await ask("GET", "data-systems?status=test&limit=1")).json
    expect(first).toMatchObject({ count: 1, total: 2 })
    const second = (await ask("GET", `data-systems?status=test&limit=1&cursor=${first.nextCursor}`)).json
    expect(second.items[0].id).toBe(two.id)
    const many = Array.from({ length: 65 }, () => `dataSystemId=${one.id}`).join("&")
    expect((await ask("GET", `data-systems?${many}`)).status).toBe(400)
    expect((await ask("GET", "data-systems?limit=1001")).status).toBe(400)
  })
})

test("Of concurrent changes of one system one is made, and the others are a conflict", async () => {
  const { id } = await newSystem()
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) => ask("PATCH", `data-systems/${id}`, { owner: `Team ${n}` })),
  )
  const made = answers.filter(({ status }) => status === 200)
  expect(made.length).toBeGreaterThanOrEqual(1)
  for (const refused of answers.filter(({ status }) => status !== 200)) {
    expect([refused.status, ...faultsOf(refused)]).toEqual([409, "entry_conflict "])
  }
  expect(made.map(({ json }) => json.owner)).toContain((await systemOf(id)).owner)
})
