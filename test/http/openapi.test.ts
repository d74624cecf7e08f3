/** The description at /openapi.json and the reference at /docs: complete, true, and from this host only. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Answer, Sent, Server } from "../support/server.ts"
import { acme, asOwner, record, shop, startWorld, visit, yes, type Visitor } from "./world.ts"

interface Operation {
  readonly security?: ReadonlyArray<Readonly<Record<string, ReadonlyArray<string>>>>
  readonly parameters?: ReadonlyArray<{ readonly in: string; readonly name: string; readonly required?: boolean }>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >
}
/** As much of JSON Schema as the description uses. */
interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: ReadonlyArray<string>
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema | false
  readonly prefixItems?: ReadonlyArray<Schema>
  readonly enum?: ReadonlyArray<unknown>
  readonly anyOf?: ReadonlyArray<Schema>
  readonly allOf?: ReadonlyArray<Schema>
}
interface Description {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly securitySchemes: Readonly<
      Record<string, { readonly type: string; readonly in: string; readonly name: string }>
    >
  }
}

let server: Server
let visitor: Visitor
let description: Description
beforeAll(async () => {
  server = await startWorld()
  visitor = await visit(server)
  await record(server, [yes({ userId: "described" })])
  description = (await server.request("GET", "/openapi.json")).json
})
afterAll(() => server.stop())

const project = "/privacy-v1/organizations/{organizationId}/projects/{projectId}"
const site = "/site-v1/{projectId}"

/** Every endpoint of the contract that is served, its credential, and a simple request that succeeds. */
const endpoints: ReadonlyArray<readonly [method: string, path: string, header: string | undefined, sent: () => Sent]> =
  [
    ["post", `${project}/consent-events`, "x-api-key", () => ({ json: { items: [yes({ userId: "described" })] } })],
    ["get", `${project}/consent-state`, "x-api-key", () => ({})],
    ["get", `${project}/consent-decisions`, "x-api-key", () => ({})],
    ["get", `${site}/consent-state`, "x-session", () => ({})],
    ["get", `${site}/consent-decisions`, "x-session", () => ({})],
    ["post", `${site}/consent-events`, "x-session", () => ({ json: { items: [yes()] } })],
    ["get", `${site}/consent-events`, "x-session", () => ({})],
    ["post", `${site}/session`, undefined, () => ({ headers: { origin: "https://shop.example" }, json: {} })],
    ["get", `${site}/health-check`, undefined, () => ({})],
    ["get", "/livez", undefined, () => ({})],
    ["get", "/readyz", undefined, () => ({})],
  ]

const resolve = (schema: Schema): Schema =>
  schema.$ref === undefined ? schema : resolve(description.components.schemas[schema.$ref.split("/").at(-1)!]!)

/** What a value has that its schema does not allow, as far as {@link Schema} goes. */
const misfits = (value: unknown, given: Schema, at = ""): ReadonlyArray<string> => {
  const { allOf, anyOf, items, prefixItems, properties, required, ...schema } = resolve(given)
  const every = (allOf ?? []).flatMap((each) => misfits(value, each, at))
  if (anyOf !== undefined && anyOf.every((each) => misfits(value, each, at).length > 0))
    return [`${at}: fits none of anyOf`]
  if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${at}: not in enum`]
  const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value
  const isKind =
    schema.type === undefined || schema.type === kind || (schema.type === "integer" && Number.isInteger(value))
  if (!isKind) return [`${at}: ${kind} is no ${schema.type}`]
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => {
      const each = prefixItems?.[index] ?? items
      return each === undefined || each === false ? [] : misfits(item, each, `${at}/${index}`)
    })
  }
  if (kind !== "object") return every
  const members = Object.entries(value as object)
  const missing = (required ?? [])
    .filter((name) => !Object.hasOwn(value as object, name))
    .map((name) => `${at}/${name}: missing`)
  const inside = members.flatMap(([name, member]) => {
    const each = properties?.[name]
    if (each !== undefined) return misfits(member, each, `${at}/${name}`)
    return properties === undefined ? [] : [`${at}/${name}: not described`]
  })
  return [...every, ...missing, ...inside]
}

const send = (method: string, path: string, sent: Sent): Promise<Answer> => {
  const filled = path.replace("{organizationId}", acme.id).replace("{projectId}", shop.id)
  const query = method === "get" && path.startsWith(project) ? "?userId=described" : ""
  return server.request(method.toUpperCase(), filled + query, sent)
}

const credential = (header: string | undefined): Readonly<Record<string, string>> =>
  header === "x-api-key" ? asOwner : header === "x-session" ? { "x-session": visitor.session } : {}

describe("/openapi.json", () => {
  test("is OpenAPI 3.1, as JSON, with a title and a version", async () => {
    const answer = await server.request("GET", "/openapi.json")
    expect(answer.status).toBe(200)
    expect(answer.headers["content-type"]).toMatch(/^application\/json\b/)
    expect(description.openapi).toMatch(/^3\.1\./)
    expect(description.info).toMatchObject({ title: "Assent", version: expect.stringMatching(/^\d+\.\d+\.\d+/) })
  })

  test.each(endpoints)("describes %s %s with its credential", (method, path, header) => {
    const operation = description.paths[path]?.[method]
    expect(operation).toBeDefined()
    const schemes = (operation!.security ?? []).flatMap((each) => Object.keys(each))
    expect(schemes.map((name) => description.components.securitySchemes[name])).toEqual(
      header === undefined ? [] : [{ type: "apiKey", in: "header", name: header }],
    )
  })

  test("describes every path parameter as required, and each path's parameters only", () => {
    for (const [path, operations] of Object.entries(description.paths)) {
      for (const { parameters = [] } of Object.values(operations)) {
        const inPath = parameters.filter((parameter) => parameter.in === "path")
        expect(inPath.map(({ name }) => `{${name}}`).toSorted()).toEqual((path.match(/\{\w+\}/g) ?? []).toSorted())
        expect(inPath.every(({ required }) => required)).toBe(true)
      }
    }
  })

  test("refers only to schemas that it has", () => {
    const references = JSON.stringify(description).match(/"#\/components\/schemas\/[^"]+"/g) ?? []
    for (const reference of new Set(references)) {
      expect(Object.keys(description.components.schemas)).toContain(JSON.parse(reference).split("/").at(-1))
    }
  })

  test.each(endpoints)(
    "is true: a simple request to %s %s is answered as described",
    async (method, path, header, sent) => {
      const { headers, ...rest } = sent()
      const answer = await send(method, path, { ...rest, headers: { ...headers, ...credential(header) } })
      expect(answer.status).toBe(method === "post" ? 201 : 200)
      const described = description.paths[path]![method]!.responses[answer.status]!.content!["application/json"]!
      expect(misfits(answer.json, described.schema)).toEqual([])
    },
  )

  test.each(endpoints.filter(([, , header]) => header !== undefined))(
    "is true: %s %s without its credential is the described 401",
    async (method, path, _, sent) => {
      const answer = await send(method, path, sent())
      expect(answer.status).toBe(401)
      const described = description.paths[path]![method]!.responses["401"]!.content!["application/problem+json"]!
      expect(misfits(answer.json, described.schema)).toEqual([])
    },
  )

  test.each(endpoints.filter(([method]) => method === "post"))(
    "is true: %s %s with a body that breaks rules is the described 422, and the others are described",
    async (method, path, header, sent) => {
      const { headers } = sent()
      const answer = await send(method, path, {
        json: { items: 5, contextId: 5 },
        headers: { ...headers, ...credential(header) },
      })
      expect(answer.status).toBe(422)
      const { requestBody, responses } = description.paths[path]![method]!
      expect(misfits(answer.json, responses["422"]!.content!["application/problem+json"]!.schema)).toEqual([])
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(["400", "404", "413", "415", "422", "500", "503"]))
      expect(Object.keys(requestBody!.content)).toEqual(["application/json"])
    },
  )

  test("describes the fields of an item: both required, all five identifiers, the type and the dates", () => {
    const { schema } =
      description.paths[`${project}/consent-events`]!["post"]!.requestBody!.content["application/json"]!
    const item = resolve(resolve(schema).properties!["items"]!.items as Schema)
    expect(Object.keys(item.properties!)).toEqual(
      expect.arrayContaining(
        (
          "projectUserId userId email phoneNumber concordId consentType category subcategory label " +
          "consentState consentAction consentDate expirationDate version"
        ).split(" "),
      ),
    )
    expect(item.required!.toSorted()).toEqual(["consentAction", "consentState"])
  })
})

describe("/docs", () => {
  test("is an HTML page", async () => {
    const answer = await server.request("GET", "/docs")
    expect(answer.status).toBe(200)
    expect(answer.headers["content-type"]).toMatch(/^text\/html\b/)
    expect(answer.text).toMatch(/^<!doctype html>/i)
    expect(answer.text).toContain("consent-events")
  })

  test("loads nothing from another host: no script, style, font or image", async () => {
    const { text } = await server.request("GET", "/docs")
    // Scripts and styles of the page itself, without what stands between their tags.
    const page = text.replaceAll(/(<(script|style)\b[^>]*>)[^]*?(<\/\2>)/gi, "$1$3")
    const loaded = page.match(/<(script|link|img|iframe|source)\b[^>]*\b(src|href)\s*=\s*["']?[^"'\s>]+/gi) ?? []
    expect(loaded.filter((tag) => /(https?:)?\/\//.test(tag))).toEqual([])
    const styles = [...text.matchAll(/<style\b[^>]*>([^]*?)<\/style>/gi)].map(([, style]) => style).join("\n")
    expect(styles).not.toMatch(/@import|url\(\s*["']?(https?:)?\/\//)
  })
})
