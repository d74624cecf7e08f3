/** `POST` and `PATCH …/consent-types`: how types are created, what is refused, and what names a type. */
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { expectProblem } from "./problem.ts"
import { change, changed, create, created, listed, listTypes, newType, remove, typesIn } from "./typeRequests.ts"
import { uuid } from "./catalogEntries.ts"
import { acme, asOwner, blog, shop, startWorld, violations } from "./world.ts"

const server = served(startWorld)

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe("a consent type that is created", () => {
  test("with the least there must be is answered with every default", async () => {
    const fields = newType()
    const answer = await create(server, fields)
    expect(answer.status, answer.text).toBe(200)
    const { id, dateCreated, ...rest } = answer.json
    expect(id).toMatch(uuidV7)
    // toEqual on the whole rest: members without a value are left out, and there are only documented members.
    expect(rest).toEqual({
      ...fields,
      organization: acme.id,
      project: shop.id,
      subcategory: ["club"],
      description: "",
      validStates: expect.toSatisfy((states) => states.toSorted().join() === "accepted,declined,implied,viewed"),
      status: "active",
      required: false,
      requireReaccept: false,
      rules: {},
      version: 1,
      readOnly: false,
      dateUpdated: dateCreated,
      versions: [
        { id: expect.stringMatching(uuid), version: 1, publishedAt: dateCreated, dateCreated, requireReaccept: false },
      ],
    })
    expect(await listed(server, id)).toEqual(answer.json)
  })

  test("with every field is answered with every field, and listed so", async () => {
    const rules = {
      precedence: "most-recent",
      maxAge: { accepted: "P13M", declined: "P6M", implied: "P2Y", viewed: null },
      recordedExpiration: "ignore",
      permits: "accepted",
    }
    const fields = newType({
      category: "disclosure",
      subcategory: ["cookie_policy"],
      label: "a*_9",
      name: "Über uns 🍪",
      description: "d".repeat(2000),
      document: "§ 1\n\u0001\u2028 “quoted” \\ 漢字 🍪",
      url: "https://shop.example/cookies?x=1#y",
      validStates: ["accepted", "declined"],
      consentDuration: "P13M",
      status: "test",
      required: true,
      requireReaccept: true,
      grace: "P30D",
      rules,
      publishedAt: "2100-01-01T00:00:00+01:00",
    })
    const answer = await create(server, fields)
    expect(answer.status, answer.text).toBe(200)
    const { id, dateCreated, ...rest } = answer.json
    const { publishedAt: _, ...texts } = fields as Record<string, unknown>
    const publication = { requireReaccept: true, grace: "P30D" }
    expect(rest).toEqual({
      ...texts,
      organization: acme.id,
      project: shop.id,
      consentDuration: "P1Y1M",
      requireReaccept: false,
      rules: { ...rules, maxAge: { ...rules.maxAge, accepted: "P1Y1M" } },
      version: 1,
      readOnly: false,
      dateUpdated: dateCreated,
      versions: [
        {
          id: expect.stringMatching(uuid),
          version: 1,
          publishedAt: "2099-12-31T23:00:00.000Z",
          dateCreated,
          ...publication,
        },
      ],
    })
    expect(await listed(server, id)).toEqual(answer.json)
    await remove(server, id)
  })

  test("is answered at creation as it is listed, also where it makes earlier answers lapse", async () => {
    for (let n = 0; n < 20; n++) {
      const type = await created(server, { requireReaccept: true })
      expect(type).toEqual(await listed(server, type.id))
    }
  })

  test("takes null for what may be left out, as left out", async () => {
    const nullable = ["description", "document", "url", "validStates", "consentDuration", "status", "required"]
    const more = ["requireReaccept", "rules", "grace", "publishedAt"]
    const plain = await created(server)
    const type = await created(server, Object.fromEntries([...nullable, ...more].map((member) => [member, null])))
    const { id: _, label: __, dateCreated: ___, dateUpdated: ____, versions: _____, ...rest } = { label: "", ...type }
    expect(plain).toMatchObject(rest)
    const same = { name: null, ...Object.fromEntries([...more, "status", "required"].map((member) => [member, null])) }
    expect(await changed(server, type.id, same)).toMatchObject({ name: "Our club", version: 1, status: "active" })
  })

  test("has a subcategory of the list, or in category custom any", async () => {
    const known = ["analytics", "do_not_sell", "functional", "global_privacy_control", "limit_pii_use", "marketing"]
    const more = ["strictly_necessary", "unclassified", "email", "phone", "privacy_policy", "terms_of_service"]
    for (const category of ["disclosure", "communication", "privacy_setting"]) {
      for (const subcategory of [...known, ...more, "cookie_policy", "data_protection_agreement"]) {
        const fields = newType({ category, subcategory })
        expect((await create(server, fields)).status, `${category} ${subcategory}`).toBe(200)
      }
      for (const subcategory of ["club", "Email", "", "emails"]) {
        const answer = await create(server, newType({ category, subcategory }))
        expect([answer.status, violations(answer)]).toEqual([422, ["/subcategory invalid"]])
      }
    }
    expect((await create(server, newType({ subcategory: "ü".repeat(128) }))).status).toBe(200)
  })
})

/** One member that is not valid, and the pointer of its violation. */
const invalid: ReadonlyArray<readonly [member: string, value: unknown, violation?: string]> = [
  ["category", "other"],
  ["category", 7],
  ["subcategory", [], "/subcategory/0 missing"],
  ["subcategory", ["club", "club"], "/subcategory/1 unknown"],
  ["subcategory", "s".repeat(129)],
  ["subcategory", { 0: "club" }],
  ["label", ""],
  ["label", "Upper"],
  ["label", "a b"],
  ["label", "é"],
  ["label", "a\n"],
  ["label", "l".repeat(129)],
  ["name", "four"],
  ["name", "n".repeat(101)],
  ["name", ["Our club"]],
  ["description", "d".repeat(2001)],
  ["description", 1],
  ["document", "d".repeat(5_000_001)],
  ["document", {}],
  ["url", "shop.example"],
  ["url", "javascript:alert(1)"],
  ["url", `https://shop.example/${"u".repeat(2048)}`],
  ["validStates", []],
  ["validStates", ["accepted", "accepted"]],
  ["validStates", ["given"], "/validStates/0 invalid"],
  ["validStates", "accepted"],
  ["consentDuration", "1 year"],
  ["consentDuration", "P0D"],
  ["consentDuration", "-P1D"],
  ["status", "deleted"],
  ["required", "yes"],
  ["requireReaccept", 1],
  ["rules", { permit: "viewed" }, "/rules/permit invalid"],
  ["rules", { permits: "declined" }, "/rules/permits invalid"],
  ["rules", { maxAge: { accepted: "P" } }, "/rules/maxAge/accepted invalid"],
  ["rules", { precedence: 1 }, "/rules/precedence invalid"],
  ["grace", "a week"],
  ["publishedAt", "tomorrow"],
  ["publishedAt", "2024-02-30T00:00:00Z"],
]

describe("what is not valid is refused with its pointer, and nothing is created:", () => {
  for (const [member, value, violation = `/${member} invalid`] of invalid) {
    test(`${member} ${JSON.stringify(value).slice(0, 40)}`, async () => {
      const { total } = (await listTypes(server)).json
      const type = await created(server)
      const answers = [await create(server, newType({ [member]: value }))]
      // The members that name a type are refused in a change as well, because they cannot be changed.
      if (!["category", "subcategory", "label"].includes(member)) {
        answers.push(await change(server, type.id, { [member]: value }))
      }
      for (const answer of answers) {
        expectProblem(answer, 422)
        expect(violations(answer)).toEqual([violation])
      }
      expect((await listTypes(server)).json.total).toBe(total + 1)
      expect(await listed(server, type.id)).toEqual(type)
    })
  }

  test.each(["category", "subcategory", "label"])("no %s", async (member) => {
    const fields = Object.fromEntries(Object.entries(newType()).filter(([name]) => name !== member))
    expect(violations(await create(server, fields))).toEqual([`/${member} missing`])
  })

  test("a version published before now", async () => {
    const answer = await create(server, newType({ publishedAt: "2020-01-01T00:00:00Z" }))
    expectProblem(answer, 422)
    expect(violations(answer)).toEqual(["/publishedAt published_in_past"])
  })

  test("everything at once, each with its pointer", async () => {
    const last = new Map(
      invalid.map(([member, value, violation = `/${member} invalid`]) => [member, { value, violation }]),
    )
    const every = await create(server, Object.fromEntries([...last].map(([member, { value }]) => [member, value])))
    expectProblem(every, 422)
    expect(violations(every)).toEqual([...last.values()].map(({ violation }) => violation).toSorted())
  })

  test("what only the whole body or the clock can show, with what each member shows", async () => {
    const fields = { category: "disclosure", subcategory: "club", publishedAt: "2020-01-01T00:00:00Z", name: "four" }
    expect(violations(await create(server, { ...fields, label: "A" }))).toEqual([
      "/label invalid",
      "/name invalid",
      "/publishedAt published_in_past",
      "/subcategory invalid",
    ])
    const { id } = await created(server)
    expect(violations(await change(server, id, { ...fields, subcategory: "other", label: "other" }))).toEqual([
      "/category immutable",
      "/label immutable",
      "/name invalid",
      "/publishedAt published_in_past",
      "/subcategory immutable",
    ])
  })

  test("a body that is no object, and one that is no JSON", async () => {
    for (const json of [[], null, "type", 7]) expectProblem(await create(server, json as object), 422)
    const headers = { ...asOwner, "content-type": "application/json" }
    expectProblem(await server.request("POST", typesIn(), { headers, body: "{" }), 400)
  })
})

describe("category, subcategory and label together", () => {
  test("are unique in a project: a second type of theirs is 409, also where another member differs", async () => {
    const { id: _, ...fields } = { id: "", ...newType() }
    const first = await create(server, fields)
    const again = await create(server, { ...fields, name: "Another", status: "archived" })
    expectProblem(again, 409)
    expect(violations(again)).toEqual(["/label consent_type_exists"])
    for (const other of [{ category: "disclosure", subcategory: "email" }, { subcategory: "Club" }]) {
      expect((await create(server, { ...fields, ...other })).status).toBe(200)
    }
    expect((await create(server, fields, blog)).status).toBe(200)
    expect(await listed(server, first.json.id)).toEqual(first.json)
  })

  test("never change: 422 for each that would, and nothing changes; the same ones may be sent", async () => {
    const type = await created(server)
    const triple = { category: "disclosure", subcategory: "email", label: "another" }
    for (const [member, value] of Object.entries(triple)) {
      const answer = await change(server, type.id, { [member]: value, name: "Another name" })
      expectProblem(answer, 422)
      expect(violations(answer)).toEqual([`/${member} immutable`])
    }
    expect(violations(await change(server, type.id, triple))).toEqual(
      Object.keys(triple)
        .map((member) => `/${member} immutable`)
        .toSorted(),
    )
    expect(await listed(server, type.id)).toEqual(type)
    const same = await changed(server, type.id, { category: "custom", subcategory: ["club"], required: true })
    expect(same).toMatchObject({ version: 1, required: true })
  })

  test("of many that are created with the same ones at once, one wins", async () => {
    const fields = newType()
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) => create(server, { ...fields, name: `Number ${n}` })),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 23 }, () => 409)])
    const winner = answers.find(({ status }) => status === 200)!.json
    expect((await listTypes(server, { label: fields.label })).json.items).toEqual([winner])
  })

  test("of many that are created with different ones at once, all are", async () => {
    const answers = await Promise.all(Array.from({ length: 24 }, () => create(server, newType())))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  })
})
