/**
 * Bodies of requests, by the endpoint: the most items that fit, items with the most violations, long texts,
 * deep and wide JSON, and rows that are packed well.
 */
import * as fc from "fast-check"
import * as Ids from "./ids.ts"
import { type Body, fitted, type Template } from "./template.ts"

const counts = fc.constantFrom(1, 10, 1000, 1001, 30_000, 150_000, 500_000, 16_000_000)

/** Values that no schema accepts, or that are as large as a body. */
const hostile: fc.Arbitrary<Template> = fc.oneof(
  fc.constantFrom<Template>(null, -1, 1e308, "", "\u0000", [], {}),
  counts.map((times): Template => ({ $text: "\u20AC", times })),
  counts.map((times): Template => ({ $list: 0, times })),
  counts.map((times): Template => ({ $list: "{n}", times })),
  counts.map((times): Template => ({ $list: {}, times: Math.ceil(times / 2) })),
  counts.map((times): Template => ({ $members: 0, times: Math.ceil(times / 4) })),
)

/** The largest body, in bytes, that most endpoints take; and those that set up consent types. */
const maxBytes = 1_000_000
const typeMaxBytes = 32_000_000

const json = (of: fc.Arbitrary<Template>, most = maxBytes): fc.Arbitrary<Body> =>
  of.map((json) => ({ json: fitted(json, most) }))

const deep: fc.Arbitrary<Body> = fc
  .constantFrom("[", '{"items":', '{"rules":{"maxAge":', '{"a":')
  .chain((text) =>
    counts.map((times): Body => ({ type: "application/json", parts: [{ text, times: Math.min(times, 150_000) }] })),
  )

/** An object with the given members, some of them replaced by hostile values. */
const spoiled = (members: { readonly [member: string]: Template }): fc.Arbitrary<Template> =>
  fc
    .record(
      Object.fromEntries(
        Object.entries(members).map(([member, value]) => [
          member,
          fc.oneof({ arbitrary: fc.constant(value), weight: 4 }, { arbitrary: hostile, weight: 1 }),
        ]),
      ),
      { requiredKeys: [] },
    )
    .map((object) => object as Template)

const listOf = (item: fc.Arbitrary<Template>): fc.Arbitrary<Template> =>
  fc.tuple(item, counts).map(([item, times]): Template => ({ $list: item, times }))

const batch = (item: fc.Arbitrary<Template>, more: { readonly [member: string]: fc.Arbitrary<Template> } = {}) =>
  fc.oneof(
    { arbitrary: json(fc.record({ items: listOf(item), ...more }, { requiredKeys: ["items"] })), weight: 8 },
    { arbitrary: json(fc.record({ items: hostile })), weight: 1 },
    { arbitrary: deep, weight: 1 },
  )

const newPerson: Template = { userId: "new {n}", email: "new{n}@mail.example", phoneNumber: "+4915112{n}" }
const knownPeople = [
  ...Object.values(Ids.people).map((concordId): Template => ({ concordId })),
  { concordId: "0197a000-0007-7000-8000-{x}" },
  { concordId: "0197a000-0006-7000-8000-{x}" },
]
const anyType = fc.constantFrom(Ids.typeId(0), Ids.typeId(3999), "0197a000-0004-7000-8000-{x}")

const yes = {
  consentType: Ids.typeId(1),
  consentState: "accepted",
  consentAction: "user_click",
}

const item: fc.Arbitrary<Template> = fc.oneof(
  fc
    .record({ person: fc.constantFrom(newPerson, ...knownPeople), consentType: anyType })
    .map(({ consentType, person }) => ({ ...(person as object), ...yes, consentType })),
  spoiled({
    ...yes,
    userId: "u{n}",
    email: "e",
    phoneNumber: "1",
    concordId: "x",
    version: 0,
    externalId: "e{n}",
    consentDate: "now",
    expirationDate: "then",
    category: "custom",
    subcategory: ["hostile"],
    label: "type_1",
  }),
  hostile,
)

const question: fc.Arbitrary<Template> = fc.oneof(
  fc.record({ person: fc.constantFrom(newPerson, ...knownPeople), consentType: anyType }),
  fc.record({ person: fc.constant<Template>({ userId: "new {n}" }), consentType: anyType }),
  spoiled({ person: { userId: 1 }, consentType: "x" }),
  hostile,
)

const instant = fc.constantFrom<Template>("2020-01-15T00:00:00Z", "2024-01-01T00:01:30.500Z", "9999-12-31T00:00:00Z")

const consentType = spoiled({
  category: "custom",
  subcategory: ["made"],
  label: "made",
  name: "A name",
  description: "A description",
  document: { $text: "\u20AC", times: 5_000_000 },
  url: "https://a.example/",
  requireReaccept: true,
  grace: "P1D",
  publishedAt: "2030-01-01T00:00:00Z",
  validStates: ["accepted"],
  consentDuration: "P1Y",
  status: "active",
  required: true,
  rules: { maxAge: { accepted: "P1Y" } },
})

const organization = spoiled({
  name: "Made",
  primaryDomain: "made.example",
  privacyPolicyUrl: "https://made.example/",
  jwks: { keys: { $list: { kty: "EC", crv: "P-256", x: "a", y: "b" }, times: 16 } },
})

const project = spoiled({ name: "Made", domains: { $list: "www{n}.made.example", times: 1000 }, status: "active" })

const apiKey = spoiled({
  name: "Made",
  role: "viewer",
  permissions: { $list: { projectId: "0197a000-0002-7000-8000-{x}", role: "viewer" }, times: 1000 },
  expiresAt: "2030-01-01T00:00:00Z",
})

const profile = spoiled({
  firstName: "A",
  lastName: "B",
  address: { street: "C", city: "D" },
  email: "a@b.example",
  phoneNumber: "+4915112345678",
})

const identification = spoiled({
  type: "userId",
  value: "person 1",
  token: { $text: "a.", times: 4000 },
  format: "plain",
})

const row = JSON.stringify({ ...yes, userId: "u{n}", consentDate: "2024-01-01T00:00:00Z" })

/** Lines of an import. */
const lines = fc.constantFrom(
  `${row}\n`,
  "null\n",
  "\n",
  "{}\n",
  "[]\n",
  '"\n',
  `${"[".repeat(5000)}\n`,
  `{"userId":"${"a".repeat(100_000)}"}\n`,
)

const rowCounts = fc.constantFrom(1, 1000, 10_000, 200_000, 2_000_000)

const ndjson = fc
  .record({ text: lines, times: rowCounts, isPacked: fc.boolean() })
  .filter(({ text, times }) => text.length * times < 60_000_000)
  .map(({ isPacked, text, times }): Body => ({
    type: "application/x-ndjson",
    parts: [{ text, times }],
    ...(isPacked && { isPacked: true as const }),
  }))

const csv = fc
  .record({
    columns: fc.constantFrom("c{n},", "userId,", "a"),
    width: fc.constantFrom(1, 1000, 100_000),
    cells: fc.constantFrom("1,", ",", '""', '"'),
    rows: fc.constantFrom(1, 100, 1000),
  })
  .map(({ cells, columns, rows, width }): Body => ({
    type: "text/csv",
    parts: [
      { text: columns, times: width },
      { text: "consentDate\n", times: 1 },
      { text: `${cells.repeat(Math.min(width, Math.floor(20_000_000 / rows)))}x\n`, times: rows },
    ],
  }))

/** The bodies of an endpoint, by its identifier; `any` for the others. */
export const bodies: Readonly<Record<string, fc.Arbitrary<Body>>> = {
  any: fc.oneof(json(hostile), deep),
  createConsentEvents: batch(item),
  createVisitorConsentEvents: batch(item),
  askConsentDecisions: batch(question, { at: instant, knownAt: instant }),
  importConsentEvents: fc.oneof(ndjson, csv),
  createConsentType: fc.oneof(
    { arbitrary: json(consentType, typeMaxBytes), weight: 9 },
    { arbitrary: deep, weight: 1 },
  ),
  updateConsentType: fc.oneof(
    { arbitrary: json(consentType, typeMaxBytes), weight: 9 },
    { arbitrary: deep, weight: 1 },
  ),
  createOrganization: json(organization),
  updateOrganization: json(organization),
  createProject: json(project),
  updateProject: json(project),
  createApiKey: json(apiKey),
  updateApiKey: json(apiKey),
  keepProfile: json(profile),
  identify: json(identification),
  createSession: json(spoiled({ contextId: "0197a000-0000-4000-8000-000000000000" })),
}
