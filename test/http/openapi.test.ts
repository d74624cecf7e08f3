/** The description at /openapi.json and the reference at /docs: complete, valid, and loaded from this host only. */
import { createConfig, lintFromString } from "@redocly/openapi-core"
import { beforeAll, describe, expect, test } from "vitest"
import { served } from "../support/served.ts"
import { startWorld } from "./world.ts"

interface Operation {
  readonly summary: string
  readonly description: string
  readonly security?: ReadonlyArray<Readonly<Record<string, ReadonlyArray<string>>>>
  readonly parameters: ReadonlyArray<{ readonly in: string; readonly name: string; readonly description?: string }>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<Record<string, { readonly headers?: object }>>
}
interface Schema {
  readonly properties: Readonly<Record<string, Schema & { readonly items: Schema }>>
  readonly required?: ReadonlyArray<string>
  readonly additionalProperties?: boolean
}

const server = served(startWorld)
let text: string
let operations: ReadonlyArray<readonly [name: string, operation: Operation]>
beforeAll(async () => {
  ;({ text } = await server.request("GET", "/openapi.json"))
  const { paths }: { paths: Record<string, Record<string, Operation>> } = JSON.parse(text)
  operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  )
})

const operation = (name: string): Operation => operations.find(([each]) => each === name)![1]
const project = "/privacy-v1/organizations/{organizationId}/projects/{projectId}"

describe("/openapi.json", () => {
  test("is OpenAPI 3.1, as JSON, with a title and a version", async () => {
    const answer = await server.request("GET", "/openapi.json")
    expect(answer.status).toBe(200)
    expect(answer.headers["content-type"]).toMatch(/^application\/json\b/)
    expect(answer.json.openapi).toMatch(/^3\.1\./)
    expect(answer.json.info).toMatchObject({ title: "Assent", version: expect.stringMatching(/^\d+\.\d+\.\d+/) })
  })

  test("passes the recommended rules of Redocly without exceptions, their warnings treated as errors", async () => {
    const config = await createConfig({ extends: ["recommended-strict"] })
    const lint = async (source: string) =>
      (await lintFromString({ source, config, absoluteRef: "openapi.json" })).map(({ message, ruleId }) => [
        ruleId,
        message,
      ])
    expect(await lint(text)).toEqual([])
    // The check can fail: without a summary it does.
    expect((await lint(text.replaceAll('"summary"', '"x-summary"'))).length).toBeGreaterThan(0)
  })

  test("gives every operation a summary of its own, a description, and the credential of its path", () => {
    const summaries = operations.map(([, { summary }]) => summary)
    expect(new Set(summaries).size).toBe(operations.length)
    for (const [name, { description, security = [] }] of operations) {
      expect(description, name).toMatch(/\w.*\.$/)
      const isOpen =
        /\/(session|visit|trackers|site-client|site-client\/\{file\}|widget|health-check|livez|readyz)$/.test(name)
      const isForKeys = name.includes("/privacy-v1/")
      const scheme = isForKeys ? "apiKey" : "session"
      expect(security, name).toEqual(isOpen && !isForKeys ? [] : [{ [scheme]: [] }])
    }
  })

  test("says of every operation how it can fail", () => {
    for (const [name, { requestBody, responses, security = [] }] of operations) {
      const expected = ["400", "404", "500", "503"]
      if (security.length > 0) expected.push("401", "403", "429")
      if (requestBody !== undefined) expected.push("409", "413", "415", "422")
      expect(Object.keys(responses), name).toEqual(expect.arrayContaining(expected))
    }
  })

  test("says of every change how it may come again, and of every limit when to come back", () => {
    for (const [name, { parameters, responses }] of operations) {
      const hasKey = parameters.some((parameter) => parameter.in === "header" && parameter.name === "Idempotency-Key")
      // Rows and choices are recognized by their content instead of a key, and a question writes nothing.
      const takesNone = /\/(consent-events\/import|consent-decisions|visit|site-v1\/\{projectId\}\/trackers)$/
      expect(hasKey, name).toBe(!name.startsWith("GET") && !takesNone.test(name))
      expect(Object.keys(responses["503"]!.headers!), name).toContain("Retry-After")
      if ("429" in responses) expect(Object.keys(responses["429"].headers!), name).toContain("Retry-After")
    }
  })

  test("says of every parameter what it means, and of those that name a person that exactly one is sent", () => {
    const parameters = operations.flatMap(([name, { parameters }]) => parameters.map((each) => [name, each] as const))
    expect(parameters.length).toBeGreaterThan(150)
    for (const [operation, { description, name }] of parameters) {
      expect(description, `${operation} ${name}`).toMatch(/\w+\W+\w+\W+\w+/)
      const namesPerson =
        operation.startsWith("GET") && ["userId", "projectUserId", "email", "phoneNumber"].includes(name)
      if (namesPerson) expect(description).toMatch(/exactly one of/)
    }
    const question = operation(`GET ${project}/consent-decisions`).parameters
    expect(question.find(({ name }) => name === "knownAt")!.description).toMatch(/knew at this instant/)
  })

  test("takes members of a body that it does not know, as the service does", () => {
    const { schema } = operation(`POST ${project}/consent-types`).requestBody!.content["application/json"]!
    expect(schema.additionalProperties).not.toBe(false)
    const item = operation(`POST ${project}/consent-events`).requestBody!.content["application/json"]!.schema
    expect(item.properties["items"]!.items.additionalProperties).not.toBe(false)
  })

  test("describes the fields of an item: both required, all five identifiers, the type and the dates", () => {
    const { schema } = operation(`POST ${project}/consent-events`).requestBody!.content["application/json"]!
    const item = schema.properties["items"]!.items
    expect(Object.keys(item.properties)).toEqual(
      expect.arrayContaining(
        (
          "projectUserId userId email phoneNumber concordId consentType category subcategory label " +
          "consentState consentAction consentDate expirationDate version externalId"
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
    // The tags of scripts and styles of the page, without their content.
    const page = text.replaceAll(/(<(script|style)\b[^>]*>)[^]*?(<\/\2>)/gi, "$1$3")
    const loaded = page.match(/<(script|link|img|iframe|source)\b[^>]*\b(src|href)\s*=\s*["']?[^"'\s>]+/gi) ?? []
    expect(loaded.filter((tag) => /(https?:)?\/\//.test(tag))).toEqual([])
    const styles = [...text.matchAll(/<style\b[^>]*>([^]*?)<\/style>/gi)].map(([, style]) => style).join("\n")
    expect(styles).not.toMatch(/@import|url\(\s*["']?(https?:)?\/\//)
  })
})
