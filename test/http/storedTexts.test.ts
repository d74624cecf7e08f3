/**
 * A text that is kept must have a form in every store. So every member of every body that holds text is sent with a
 * lone surrogate and with NUL: the answer names the member, unless the text is only looked up or hashed.
 */
import { beforeAll, describe, expect, test } from "vitest"
import { exampleSequence } from "../../adapters/http/server/OpenApi.ts"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import { acme, asOwner, ownerKeyId, shop, startWorld, types, visit } from "./world.ts"

const server = served(startWorld)

interface JsonSchema {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly prefixItems?: ReadonlyArray<JsonSchema>
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly allOf?: ReadonlyArray<JsonSchema>
}

interface Operation {
  readonly operationId: string
  readonly security?: ReadonlyArray<object>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> }
}

/** A member of a body that holds text: its operation, and the path to it, with 0 for the first item of a list. */
interface TextMember {
  readonly operation: Operation
  readonly method: string
  readonly path: string
  readonly member: ReadonlyArray<string>
}

let members: ReadonlyArray<TextMember>
let session: string
beforeAll(async () => {
  const { components, paths } = (await server.request("GET", "/openapi.json")).json
  const resolve = ({ $ref, ...schema }: JsonSchema): JsonSchema =>
    $ref === undefined ? schema : components.schemas[$ref.split("/").at(-1)!]
  /** The paths to the texts that a schema allows: not to values of a closed list. */
  function* texts(given: JsonSchema, path: ReadonlyArray<string>): Generator<ReadonlyArray<string>> {
    const { allOf, anyOf, const: constant, enum: values, items, prefixItems, properties = {}, type } = resolve(given)
    if (type === "string" && values === undefined && constant === undefined) yield path
    for (const [name, schema] of Object.entries(properties)) yield* texts(schema, [...path, name])
    for (const schema of [items, prefixItems?.[0]]) if (schema !== undefined) yield* texts(schema, [...path, "0"])
    for (const schema of [...(allOf ?? []), ...(anyOf ?? [])]) yield* texts(schema, path)
  }
  members = Object.entries<Record<string, Operation>>(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) => {
      const schema = operation.requestBody?.content["application/json"]?.schema
      const found = schema === undefined ? [] : [...texts(schema, [])].map((member) => member.join("/"))
      return [...new Set(found)].map((member) => ({ operation, method, path, member: member.split("/") }))
    }),
  )
  session = (await visit(server)).session
})

/** Texts that are not kept: they are compared with a type or a person, hashed, or verified. */
const isLookedUp = ({ member, operation: { operationId } }: TextMember): boolean => {
  const [name] = member.slice(-1)
  if (name === "userId" || name === "projectUserId") return true
  // The bytes of a file are kept as they are.
  if (operationId === "attachComplianceFile") return true
  // The mark of a webhook, or one of its words.
  if (operationId?.includes("Webhook") === true && name === "after") return true
  if (operationId === "createSession") return name === "contextId"
  if (operationId === "actInVisit" && (name === "contextId" || name === "session")) return true
  if (operationId === "eraseByIdentifier") return name === "confirm"
  if (operationId === "verifyEmail") return name === "code"
  if (operationId === "identify") return name === "value" || name === "token"
  if (operationId === "createVisitorComplianceRequest") return name === "token"
  if (operationId === "verifyVisitorComplianceRequest") return name === "code" || name === "token"
  if (operationId === "updateConsentType") return ["category", "label", "subcategory"].includes(member[0]!)
  return member[0] === "items" && ["label", "subcategory"].includes(member[2]!)
}

/** A body with a value at a path; what is on the way to it is made. */
const withValue = (body: unknown, [name, ...rest]: ReadonlyArray<string>, value: string): unknown => {
  if (name === undefined) return value
  const isList = name === "0"
  if (!isList) return { ...Object(body), [name]: withValue(Object(body)[name], rest, value) }
  return [withValue(Array.isArray(body) ? body[0] : undefined, rest, value)]
}

/** The body that a member is put into: the example, without the identifier of a release, which names exactly one. */
const bodyOf = (operationId: string): unknown => {
  if (operationId === "releaseIdentifier") return { reason: "hard bounce" }
  return exampleSequence.find(({ operation }) => operation === operationId)?.body
}

const pathParameters: Readonly<Record<string, string>> = {
  organizationId: acme.id,
  projectId: shop.id,
  concordId: "0197a000-0000-7000-8000-00000000dead",
  language: "de",
  name: "received",
  languageId: "de",
}

const send = ({ member, method, operation, path }: TextMember, value: string): Promise<Answer> => {
  const idOf = { "api-keys": ownerKeyId, regions: shop.id }
  const id = Object.entries(idOf).find(([part]) => path.includes(part))?.[1] ?? types.newsletter.id
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => pathParameters[name] ?? id)
  const isOfVisitor = path.startsWith("/site-v1")
  const query = operation.operationId === "createDataSystemAttribute" ? "?attributeName=contact" : ""
  return server.request(method.toUpperCase(), `${filled}${query}`, {
    headers: isOfVisitor ? { "x-session": session, origin: `https://${shop.domains[0]}` } : asOwner,
    json: withValue(bodyOf(operation.operationId), member, value),
  })
}

describe.each([
  ["a lone surrogate", "a text \uD800 that breaks"],
  ["NUL", "a text \0 that breaks"],
])("a text with %s", (_, value) => {
  // Kills: a member whose schema is `Fields.text` instead of `Fields.writableText`.
  test("is refused by each member that is kept, which the answer names", async () => {
    expect(members.length).toBeGreaterThan(80)
    const answers = await Promise.all(
      members.filter((each) => !isLookedUp(each)).map(async (each) => ({ each, answer: await send(each, value) })),
    )
    const taken = answers.flatMap(({ answer, each: { member, operation } }) => {
      const pointer = `/${member.join("/")}`
      const isNamed = (answer.json.errors ?? []).some(
        (error: { readonly pointer?: string }) => error.pointer && `${pointer}/`.startsWith(`${error.pointer}/`),
      )
      return answer.status === 422 && isNamed ? [] : [`${operation.operationId} ${pointer}: ${answer.status}`]
    })
    expect(taken).toEqual([])
  })
})
