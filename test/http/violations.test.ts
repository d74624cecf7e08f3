/** 422: every broken rule is named with its place, and nothing of the batch is recorded. */
import { describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { ask, asVisitor, record, startWorld, types, violations, visit, yes } from "./world.ts"

const server = served(startWorld)

const ahead = (millis: number): string => new Date(Date.now() + millis).toISOString()
const without = (item: object, ...members: ReadonlyArray<string>) =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !members.includes(name)))
const untyped = without(yes({ userId: "u" }), "consentType")
const triple = { category: "communication", subcategory: ["email"], label: "newsletter" }

/** One item with all its violations: a pointer below the item and a code. */
const broken: ReadonlyArray<readonly [string, unknown, ReadonlyArray<string>]> = [
  ["no identifier", yes(), ["/concordId identifier_missing"]],
  ["an empty userId", yes({ userId: "" }), ["/userId identifier_not_valid"]],
  ["an empty projectUserId", yes({ projectUserId: "" }), ["/projectUserId identifier_not_valid"]],
  ["an e-mail without @", yes({ email: "nobody" }), ["/email identifier_not_valid"]],
  ["a phone number without country", yes({ phoneNumber: "0151 12345678" }), ["/phoneNumber identifier_not_valid"]],
  ["a concordId that is no UUID", yes({ concordId: "me" }), ["/concordId identifier_not_valid"]],
  [
    "all five identifiers not valid",
    yes({ userId: "", projectUserId: "", email: "@", phoneNumber: "x", concordId: "x" }),
    ["userId", "projectUserId", "email", "phoneNumber", "concordId"].map((kind) => `/${kind} identifier_not_valid`),
  ],
  ["no type", untyped, ["/consentType consent_type_missing"]],
  ["half a triple", { ...untyped, category: "communication" }, ["/consentType consent_type_missing"]],
  [
    "an unknown id",
    { ...untyped, consentType: types.policy.id.replace("4", "5") },
    ["/consentType unknown_consent_type"],
  ],
  ["an unknown triple", { ...untyped, ...triple, label: "nothing" }, ["/category unknown_consent_type"]],
  ["another category", yes({ userId: "u", category: "custom" }), ["/category consent_type_mismatch"]],
  ["another subcategory", yes({ userId: "u", subcategory: ["phone"] }), ["/subcategory consent_type_mismatch"]],
  ["another label", yes({ userId: "u", label: "other" }), ["/label consent_type_mismatch"]],
  [
    "the whole triple of another type",
    yes({ userId: "u", category: "disclosure", subcategory: "privacy_policy", label: "policy" }),
    ["/category consent_type_mismatch"],
  ],
  ["an archived type", yes({ userId: "u", consentType: types.archived.id }), ["/consentType consent_type_not_active"]],
  ["an obsolete type", yes({ userId: "u", consentType: types.obsolete.id }), ["/consentType consent_type_not_active"]],
  [
    "a state outside validStates",
    yes({ userId: "u", consentType: types.clicks.id, consentState: "viewed" }),
    ["/consentState state_not_valid"],
  ],
  ["an unknown version", yes({ userId: "u", version: 2 }), ["/version unknown_version"]],
  [
    "a version not yet published at consentDate",
    yes({ userId: "u", consentType: types.policy.id, version: 3, consentDate: "2023-06-01T00:00:00Z" }),
    ["/version unknown_version"],
  ],
  [
    "an expiration at the very consentDate",
    yes({ userId: "u", consentDate: "2024-01-01T00:00:00Z", expirationDate: "2024-01-01T01:00:00+01:00" }),
    ["/expirationDate expiration_not_after_consent"],
  ],
  [
    "an expiration in the past, with no consentDate",
    yes({ userId: "u", expirationDate: "2024-01-01T00:00:00Z" }),
    ["/expirationDate expiration_not_after_consent"],
  ],
  ["no consentState", without(yes({ userId: "u" }), "consentState"), ["/consentState missing"]],
  ["no consentAction", without(yes({ userId: "u" }), "consentAction"), ["/consentAction missing"]],
  ["an unknown consentState", yes({ userId: "u", consentState: "Accepted" }), ["/consentState invalid"]],
  ["an unknown consentAction", yes({ userId: "u", consentAction: "click" }), ["/consentAction invalid"]],
  ["a consentState that is null", yes({ userId: "u", consentState: null }), ["/consentState invalid"]],
  ["an unknown category", { ...untyped, ...triple, category: "email" }, ["/category invalid"]],
  ["a label of 129 characters", { ...untyped, ...triple, label: "l".repeat(129) }, ["/label invalid"]],
  ["a consentType that is no UUID", yes({ userId: "u", consentType: "newsletter" }), ["/consentType invalid"]],
  ["a consentDate that is a number", yes({ userId: "u", consentDate: 1_700_000_000_000 }), ["/consentDate invalid"]],
  [
    "a consentDate without an offset",
    yes({ userId: "u", consentDate: "2024-01-01T00:00:00" }),
    ["/consentDate invalid"],
  ],
  ["a consentDate without a time", yes({ userId: "u", consentDate: "2024-01-01" }), ["/consentDate invalid"]],
  ["a day that does not exist", yes({ userId: "u", consentDate: "2023-02-29T00:00:00Z" }), ["/consentDate invalid"]],
  ["an expirationDate that is empty", yes({ userId: "u", expirationDate: "" }), ["/expirationDate invalid"]],
  ["a version that is a string", yes({ userId: "u", version: "1" }), ["/version invalid"]],
  ["version 0", yes({ userId: "u", version: 0 }), ["/version invalid"]],
  ["version 1.5", yes({ userId: "u", version: 1.5 }), ["/version invalid"]],
  ["version 2 to the 53rd", yes({ userId: "u", version: 2 ** 53 }), ["/version invalid"]],
  ["a userId that is a number", yes({ userId: 42 }), ["/userId invalid"]],
  ["an email that is an object", yes({ email: { toString: 1 } }), ["/email invalid"]],
  ["an item that is a string", "item", [" invalid"]],
  ["an item that is null", null, [" invalid"]],
  ["an item that is an array", [[]], [" invalid"]],
]

const at = (item: number, faults: ReadonlyArray<string>) => faults.map((fault) => `/items/${item}${fault}`)

describe("one fault is answered 422 with its pointer and code:", () => {
  test.each(broken)("%s", async (_, item, faults) => {
    const answer = await record(server, [item])
    expect(answer.status).toBe(422)
    expect(violations(answer)).toEqual(at(0, faults).toSorted())
  })

  test("a consentDate more than 5 minutes ahead", async () => {
    const answer = await record(server, [yes({ userId: "u", consentDate: ahead(5 * 60_000 + 20_000) })])
    expect(answer.status).toBe(422)
    expect(violations(answer)).toEqual(["/items/0/consentDate consent_date_in_future"])
  })

  // A subcategory is a union: whichever of its members is wrong, the pointer is the field or a place below it.
  test.each([[[]], [["a", "b"]], [[5]], [5], [{}], [["s".repeat(129)]]])("the subcategory %j", async (subcategory) => {
    const answer = await record(server, [{ ...untyped, ...triple, subcategory }])
    expect(answer.status).toBe(422)
    for (const violation of violations(answer)) expect(violation).toMatch(/^\/items\/0\/subcategory\b/)
  })
})

describe("a body that is no batch is answered 422:", () => {
  test.each([
    ["null", null, [" invalid"]],
    ["an array", [yes({ userId: "u" })], [" invalid"]],
    ["a string", "items", [" invalid"]],
    ["a number", 5, [" invalid"]],
    ["an object without items", {}, ["/items missing"]],
    ["items that are an object", { items: { 0: yes({ userId: "u" }) } }, ["/items invalid"]],
    ["items that are null", { items: null }, ["/items invalid"]],
    ["no item", { items: [] }, ["/items invalid"]],
  ])("%s", async (_, json, expected) => {
    const answer = await record(server, [], { json })
    expect(answer.status).toBe(422)
    expect(violations(answer)).toEqual(expected)
  })
})

test("every violation of every item is named at once, wherever it is", async () => {
  const good = yes({ userId: "good" })
  const items = broken.flatMap(([, item]) => [good, item])
  const answer = await record(server, items)
  expect(answer.status).toBe(422)
  const expected = broken.flatMap(([, , faults], n) => at(2 * n + 1, faults))
  expect(violations(answer)).toEqual(expected.toSorted())
})

test("several rules that one item breaks are all named", async () => {
  const item = yes({
    email: "nobody",
    consentType: types.clicks.id,
    consentState: "viewed",
    version: 9,
    consentDate: ahead(3_600_000),
    expirationDate: "2024-01-01T00:00:00Z",
  })
  const answer = await record(server, [item])
  expect(violations(answer)).toEqual([
    "/items/0/consentDate consent_date_in_future",
    "/items/0/consentState state_not_valid",
    "/items/0/email identifier_not_valid",
    "/items/0/expirationDate expiration_not_after_consent",
    "/items/0/version unknown_version",
  ])
})

test("an item whose shape is wrong is still checked against the rules, as far as it can be read", async () => {
  const answer = await record(server, [{ consentState: "maybe", consentAction: "user_click" }])
  expect(violations(answer)).toEqual([
    "/items/0/concordId identifier_missing",
    "/items/0/consentState invalid",
    "/items/0/consentType consent_type_missing",
  ])
})

test("an identifier conflict is named together with the violations of other items", async () => {
  await record(server, [yes({ userId: "conflict a" }), yes({ email: "conflict-b@example.com" })])
  const conflicting = yes({ userId: "conflict a", email: "conflict-b@example.com" })
  const answer = await record(server, [conflicting, yes({ userId: "conflict c", version: 9 })])
  expect(answer.status).toBe(422)
  expect(violations(answer)).toEqual(["/items/0/email identifier_conflict", "/items/1/version unknown_version"])
})

test("each violation has a detail that says what is expected", async () => {
  const answer = await record(server, [yes({ userId: "u", consentDate: "soon", version: 0 })])
  for (const { detail } of answer.json.errors) expect(detail).toMatch(/^[a-z].{10,}/)
})

describe("nothing of a refused batch is recorded:", () => {
  const refusals: ReadonlyArray<readonly [string, ReadonlyArray<unknown>]> = [
    ["a rule is broken by the last item", [yes({ userId: "" })]],
    ["the last item has no shape", [17]],
    ["too many items", Array.from({ length: 1000 }, () => yes({ userId: "many" }))],
  ]
  test.each(refusals)("%s", async (name, last) => {
    const userId = `refused: ${name}`
    const answer = await record(server, [yes({ userId }), yes({ userId, consentState: "declined" }), ...last])
    expect(answer.status).toBe(422)
    expect((await ask(server, "consent-state", { userId })).json).toEqual({ count: 0, items: [] })
  })

  test("not the people either: identifiers that a refused batch would have linked are still free", async () => {
    const person = { userId: "unlinked", email: "unlinked@example.com" }
    expect((await record(server, [yes(person), yes({ userId: "" })])).status).toBe(422)
    const [first, second] = (await record(server, [yes({ userId: person.userId }), yes({ email: person.email })])).json
      .items
    expect(first.concordId).not.toBe(second.concordId)
  })

  test("not where identifiers conflict in the last item", async () => {
    await record(server, [yes({ userId: "one" }), yes({ email: "two@example.com" })])
    const batch = [yes({ userId: "three" }), yes({ userId: "one", email: "two@example.com" })]
    expect((await record(server, batch)).status).toBe(422)
    expect((await ask(server, "consent-state", { userId: "three" })).json.count).toBe(0)
  })

  test("not of a visitor's", async () => {
    const visitor = await visit(server)
    const items = [yes(), yes({ consentState: "declined" }), yes({ consentAction: "import" })]
    expect((await asVisitor(server, visitor, "POST", "consent-events", { json: { items } })).status).toBe(422)
    expect((await asVisitor(server, visitor, "GET", "consent-events")).json.total).toBe(0)
  })
})
