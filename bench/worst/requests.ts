/**
 * Requests to every endpoint of the API, as arbitraries: valid and hostile paths, queries, headers and bodies. The
 * endpoints and their query parameters are read from the `Api` value, so a new endpoint is searched, too.
 */
import * as fc from "fast-check"
import { Context, type Schema, SchemaAST } from "effect"
import { HttpApi, type HttpApiEndpoint } from "effect/http-api"
import { Api } from "../../adapters/http/api/Api.ts"
import { identifierKinds } from "../../core/model/People.ts"
import { Needs, SiteApi } from "../../adapters/http/api/Endpoint.ts"
import * as Ids from "./ids.ts"
import { bodies } from "./bodies.ts"
import type { Body, Text } from "./template.ts"

/** A request, small enough to be kept. */
export interface Recipe {
  readonly endpoint: string
  readonly method: string
  readonly path: string
  readonly query: { readonly [parameter: string]: Text }
  readonly headers: { readonly [name: string]: Text }
  readonly credential?: Ids.Credential
  readonly body?: Body
}

const repeated = ($text: string, times: number): Text => ({ $text, times })

const long = fc.constantFrom<Text>(
  repeated("a", 8000),
  repeated("\u{1F600}", 600),
  "%",
  repeated("a,", 3000),
  repeated("\\", 2500),
)

/** Instants at which the heads are not enough, at which they are, and texts that are no instant. */
const instant = fc.constantFrom<Text>(
  "0001-01-01T00:00:00.000Z",
  "2020-01-15T00:00:00.000Z",
  "2024-01-01T00:00:30.000Z",
  "2024-01-01T00:01:30.500Z",
  "2030-01-01T00:00:00.000Z",
  "9999-12-31T23:59:59.999Z",
  repeated("2024-01-01T00:00:00.9Z", 300),
)

const person = fc.constantFrom(...Object.values(Ids.people), Ids.personId(1), Ids.guestId(5), "no id")
const bounds = fc.constantFrom("0", "1", "100", "1000", "99999", "9007199254740991", "-1")

/** The values of query parameters, by name; others get a hostile text. */
const parameters: Readonly<Record<string, fc.Arbitrary<Text>>> = {
  at: instant,
  knownAt: instant,
  startDate: instant,
  endDate: instant,
  limit: fc.constantFrom("1000", "1", "100", "1001"),
  offset: bounds,
  cursor: fc.oneof(fc.base64String({ maxLength: 200 }), long),
  order: fc.constantFrom("asc", "desc"),
  sort: fc.constantFrom("consentDate", "dateCreated", "name"),
  concordId: person,
  userId: fc.oneof(fc.constantFrom<Text>(Ids.userId(1), "nobody"), long),
  email: fc.oneof(fc.constantFrom<Text>("a@b.example", repeated("a@", 250)), long),
  phoneNumber: fc.oneof(fc.constantFrom<Text>("+4915112345678", repeated("+", 500), repeated("1", 500)), long),
  category: fc.constantFrom("custom", "disclosure"),
  subcategory: fc.oneof(fc.constant<Text>("hostile"), long),
  label: fc.oneof(fc.constantFrom<Text>("type_1", "type_3999"), long),
  consentState: fc.constantFrom("accepted", "declined", "viewed"),
  consentAction: fc.constantFrom("user_click", "import"),
  submitter: fc.constantFrom(Ids.keyId(0), Ids.keyId(7)),
  sessionId: fc.constantFrom(Ids.uuid(10, 0)),
  status: fc.constantFrom("active", "archived"),
  version: bounds,
  dryRun: fc.constantFrom("true", "false"),
  delimiter: fc.constantFrom(",", ";", "|"),
  map: fc.constantFrom<Text>(
    "{}",
    repeated("[", 7000),
    repeated('{"consentDate":', 400),
    '{"userId":"userId","consentDate":{"column":"consentDate","offset":"+01:00"}}',
    `{"userId":"${"/a".repeat(200)}"}`,
  ),
}

/** The values of path parameters, by name. */
const pathParameters: Readonly<Record<string, fc.Arbitrary<string>>> = {
  organizationId: fc.constant(Ids.organizationId),
  projectId: fc.oneof(
    { arbitrary: fc.constant(Ids.projectId), weight: 9 },
    { arbitrary: fc.constantFrom(Ids.otherProjectId(1), "none"), weight: 1 },
  ),
  concordId: person,
  joinId: fc.constantFrom(Ids.uuid(9, 1), Ids.uuid(9, 2999), "none"),
  version: fc.constantFrom("1", "1000", "999999999999", "0"),
}

const idOf = (path: string): fc.Arbitrary<string> =>
  path.includes("consent-types")
    ? fc.constantFrom(Ids.typeId(0), Ids.typeId(1), Ids.typeId(3999), "none")
    : path.includes("api-keys")
      ? fc.constantFrom(Ids.keyId(50), Ids.keyId(2999), "none")
      : fc.constantFrom(Ids.uuid(8, 0), Ids.uuid(8, 99_999), "none")

/** Headers, of which a request has at most two, because more would not fit. */
const headers: fc.Arbitrary<Recipe["headers"]> = fc
  .uniqueArray(
    fc.constantFrom<readonly [string, Text]>(
      ["idempotency-key", "5a0cbd4f-8d6e-4f43-9f0e-7a4c1cf1f6a1"],
      ["assent-positions", "configuration=1"],
      ["assent-positions", repeated("4096=1,", 1000)],
      ["if-none-match", "*"],
      ["if-none-match", repeated('"a",', 1500)],
      ["cookie", repeated("a=b; ", 1000)],
      ["user-agent", repeated("u", 6000)],
      ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
    ),
    { maxLength: 2, selector: ([name]) => name },
  )
  .map((all) => Object.fromEntries(all))

const membersOf = (schema: Schema.Top | undefined): ReadonlyArray<string> =>
  schema !== undefined && SchemaAST.isObjects(schema.ast)
    ? schema.ast.propertySignatures.map(({ name }) => String(name))
    : []

/** The parameters that often change what is read. Each of the others is rare: most of their values are refused. */
const frequent: ReadonlySet<string> = new Set(["at", "knownAt", "limit", "order", "sort", "concordId", "map", "dryRun"])

const maybe = (name: string): fc.Arbitrary<Text | undefined> =>
  fc.oneof(
    { arbitrary: fc.constant(undefined), weight: frequent.has(name) ? 1 : 8 },
    { arbitrary: parameters[name] ?? long, weight: 1 },
  )

const withoutAbsent = (query: { readonly [parameter: string]: Text | undefined }): Recipe["query"] =>
  Object.fromEntries(Object.entries(query).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])))

const identifiers: ReadonlySet<string> = new Set(identifierKinds)

/** The query of an endpoint. A question names mostly one person, because any other is refused. */
const queryOf = (endpoint: HttpApiEndpoint.Top): fc.Arbitrary<Recipe["query"]> => {
  const names = membersOf(endpoint.query)
  const all = (some: ReadonlyArray<string>) =>
    fc.record(Object.fromEntries(some.map((name) => [name, maybe(name)]))).map(withoutAbsent)
  if (!names.includes("phoneNumber")) return all(names)
  const others = all(names.filter((name) => !identifiers.has(name)))
  const one = fc.constantFrom(...identifierKinds).chain((name) => fc.record({ [name]: parameters[name] ?? long }))
  const byId = fc.record({ concordId: person })
  const named = fc.oneof({ arbitrary: byId, weight: 3 }, { arbitrary: one, weight: 1 })
  return fc.oneof(
    { arbitrary: fc.tuple(named, others).map(([one, rest]) => ({ ...one, ...rest })), weight: 9 },
    { arbitrary: all(names), weight: 1 },
  )
}

const pathOf = ({ path }: HttpApiEndpoint.Top): fc.Arbitrary<string> => {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!)
  const values = fc.record(Object.fromEntries(names.map((name) => [name, pathParameters[name] ?? idOf(path)])))
  return values.map((values) => path.replaceAll(/:(\w+)/g, (_, name: string) => values[name]!))
}

const credentialOf = (endpoint: HttpApiEndpoint.Top): fc.Arbitrary<Ids.Credential> | undefined => {
  if (Context.get(endpoint.annotations, Needs) !== undefined) {
    return fc.oneof(
      { arbitrary: fc.constant("owner" as const), weight: 9 },
      { arbitrary: fc.constantFrom("viewer" as const, "none" as const), weight: 1 },
    )
  }
  const people = fc.constantFrom(...(Object.keys(Ids.people) as ReadonlyArray<keyof typeof Ids.people>))
  return endpoint.middlewares.size > 0 ? people : undefined
}

/** The endpoints by their identifiers, each with an arbitrary of its requests. */
export const endpoints: ReadonlyMap<string, fc.Arbitrary<Recipe>> = (() => {
  const found = new Map<string, fc.Arbitrary<Recipe>>()
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => {
      const { identifier, method } = endpoint
      const isOpenSite = Context.get(endpoint.annotations, SiteApi) && endpoint.middlewares.size === 0
      const credential = credentialOf(endpoint)
      const ofBody = method === "GET" || method === "DELETE" ? undefined : (bodies[identifier] ?? bodies["any"]!)
      const recipe = fc.record({
        endpoint: fc.constant(identifier),
        method: fc.constant(method),
        path: pathOf(endpoint),
        query: queryOf(endpoint),
        headers: isOpenSite ? headers.map((all) => ({ ...all, origin: "http://localhost" })) : headers,
        ...(credential !== undefined && { credential }),
        ...(ofBody !== undefined && { body: ofBody }),
      })
      found.set(identifier, recipe as fc.Arbitrary<Recipe>)
    },
  })
  return found
})()
