/**
 * The examples in /openapi.json are one scenario: if they are sent in order to a new server, each is answered as it
 * says, on every store.
 *
 * Ids, secrets and instants that the server makes differ each time: where an example has one, the answer must have one,
 * and the same one wherever the example repeats it. Every answer, including the 401 to the same request without its
 * credential, has the described shape. `ASSENT_RECORD_EXAMPLES=1` writes the answers into the examples again.
 */
import { randomUUID } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import formats from "ajv-formats"
import { importJWK, SignJWT } from "jose"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Example, exampleSequence } from "../../adapters/http/server/OpenApi.ts"
import { isLong } from "../support/long.ts"
import { type Mail, type MailServer, startMailServer } from "../support/mailServer.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { codeIn, mailsTo } from "../support/requesterMails.ts"
import { type Answer, eventually, type Server, startEmpty } from "../support/server.ts"

/** The private half of the example's public key: RFC 7515, appendix A.3. */
const privateKey = {
  kty: "EC",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
  d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
}

const exampleId = (number: number): string => `01980000-0000-7000-8000-${String(number).padStart(12, "0")}`
/** An id that differs each time; one of version 5 is the same in every installation. */
const isUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const isInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const isDay = /^\d{4}-\d\d-\d\d$/
/** The id of a change has the number of a lane, which depends on the id of its person. */
const isChangeId = /^[ec]\d+-\d+$/
const secrets: ReadonlySet<string> = new Set([
  "secret",
  "session",
  "contextId",
  "tokenHash",
  "nextCursor",
  "mark",
  "instance",
  // Of script files, which differ with each build.
  "src",
  "integrity",
  "html",
])
/** Numbers that differ each time: how long a try took, how much a webhook has not reached yet, and instants. */
const varying: ReadonlySet<string> = new Set(
  "millis lag revision requestDate verifiedDate acknowledgedDate date dateCreated dateUpdated createdAt updatedAt daysLeft".split(
    " ",
  ),
)

interface Operation {
  readonly operationId: string
  readonly security?: ReadonlyArray<object>
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >
}

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: object }
}

let server: Server
let relay: MailServer
/** The address of the sender that is added, to which a code is mailed. */
const sender = "office@acme.example"
/** The mails that the relay has received. */
const received: Array<Mail> = []
let description: Described
let session = ""
/** The ids of the examples with those of the server, as far as both are known. */
const actual = new Map<string, string>()
const recorded: Array<Example> = []
const answers = new Map<string, unknown>()

/** Every store that the service runs on; memory and SQLite need no preparation. */
const stores: Readonly<Record<string, () => Promise<string>>> = {
  sqlite: async () => "sqlite:./ledger.db",
  ...(isLong && { memory: async () => "memory:", postgres: async () => postgres.database() }),
}

let postgres: Postgres
beforeAll(async () => {
  if (isLong) postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

const begin = async (store: string) => {
  session = ""
  for (const known of [actual, answers]) known.clear()
  recorded.length = 0
  // It answers no mail of a request, so no mail ends while the examples are sent, and no request changes by that.
  relay = await startMailServer()
  const unanswered = Promise.withResolvers<undefined>()
  received.length = 0
  relay.behave({
    data: (mail) => (received.push(mail), mail.to.includes(sender) ? undefined : unanswered.promise),
  })
  const mails = { ASSENT_SMTP_URL: relay.url, ASSENT_MAIL_FROM: "privacy@acme.example" }
  server = await startEmpty({ ASSENT_STORE: store, ...mails })
  const { consentTypes, organization, project } = server.banner()
  actual.set(exampleId(1), organization).set(exampleId(2), project)
  for (const [index, type] of consentTypes.entries()) actual.set(exampleId(11 + index), type)
  description = (await server.request("GET", "/openapi.json")).json
}

const end = async () => {
  await server.stop()
  await relay.stop()
  if (recorded.length < exampleSequence.length) return
  const file = join(import.meta.dirname, "../../adapters/http/server/examples.json")
  writeFileSync(file, JSON.stringify(recorded, null, 2))
}

const replaced = (text: string, names: ReadonlyMap<string, string>): string =>
  text.replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => names.get(id) ?? id)

const withActualIds = <Value>(value: Value): Value => JSON.parse(replaced(JSON.stringify(value), actual))

/** The value of an earlier answer that an example names, such as `@createApiKey.id`. */
const fromAnswer = (name: string): string =>
  name.startsWith("@")
    ? String(
        name
          .slice(1)
          .split(".")
          .reduce<unknown>(
            (value, key, index) => (index === 0 ? answers.get(key) : (value as Record<string, unknown>)[key]),
            undefined,
          ),
      )
    : name

/** The name of the loader as it is now, in place of the one that an example shows. */
const loaderFile = (): string => {
  const { src } = answers.get("getSiteClientSnippet") as { readonly src: string }
  return src.split("/").at(-1)!
}

const operationOf = (id: string) => {
  for (const [path, item] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (operation.operationId === id) return { path, method: method.toUpperCase(), operation }
    }
  }
  throw new Error(`there is no operation ${id}`)
}

/** An identity token like the example's, but valid now. */
const signed = async (): Promise<string> => {
  const key = await importJWK(privateKey, "ES256")
  return new SignJWT({ sub: "jsmith@example.com" })
    .setProtectedHeader({ alg: "ES256", kid: "2026" })
    .setIssuer(server.banner().organization)
    .setIssuedAt()
    .setJti(randomUUID())
    .setExpirationTime("5m")
    .sign(key)
}

/** Whether an answer is a script file, of which examples show nothing, because it differs with each build. */
const isScript = ({ headers }: Answer): boolean => headers["content-type"]?.startsWith("text/javascript") === true

/** What an answer holds: JSON, the text of a file, or nothing. */
const valueOf = (answer: Answer): unknown => {
  if (answer.text === "" || isScript(answer)) return undefined
  return answer.headers["content-disposition"] === undefined ? answer.json : answer.text
}

/** The id of a mail without a code, as its relay knows it: from its Message-ID. */
const mailTo = async (recipient: string): Promise<string> => {
  const found = () => mailsTo({ mails: received }, recipient).find((mail) => codeIn(mail) === undefined)
  await eventually(() => found() !== undefined, "a mail has arrived")
  return found()!.parsed.messageId!.slice(1).split("@")[0]!
}

/** The code that was mailed to the sender. */
const mailedCode = (): string => codeIn(mailsTo({ mails: received }, sender)[0]!)!

/** Parts of an answer that its description does not allow. */
const misfits = ({ responses }: Operation, answer: Answer): ValidateFunction["errors"] => {
  const { headers, status } = answer
  if (answer.text === "" && responses[status]!.content === undefined) return null
  const media = String(headers["content-type"]).split(";")[0]!
  const { schema } = responses[status]!.content![media]!
  const ajv = formats.default(new Ajv2020({ strict: false, allErrors: true }))
  const validate = ajv.compile({ ...schema, components: description.components })
  validate(isScript(answer) ? answer.text : valueOf(answer))
  return validate.errors ?? null
}

const send = async (example: Example, { isCredible = true, form = 0 } = {}): Promise<Answer> => {
  const { method, operation, path } = operationOf(example.operation)
  const { body, path: names = {}, query = {}, texts } = withActualIds(example)
  const [mediaType, text] = Object.entries(texts ?? {})[form] ?? []
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    name === "file" ? loaderFile() : fromAnswer(names[name]!),
  )
  const asked = Object.keys(query).length === 0 ? "" : `?${new URLSearchParams(query)}`
  const isProof = ["identify", "verifyVisitorComplianceRequest"].includes(example.operation)
  const credential = isCredible ? Object.keys(operation.security?.[0] ?? {})[0] : undefined
  return server.request(method, filled + asked, {
    headers: {
      ...(credential === "apiKey" && { "x-api-key": server.banner().apiKey }),
      ...(credential === "session" && { "x-session": session }),
      ...(["actInVisit", "createSession", "reportTrackers"].includes(example.operation) && {
        origin: "http://localhost",
      }),
      ...(mediaType !== undefined && { "content-type": mediaType }),
    },
    ...(text !== undefined && { body: text }),
    ...(body !== undefined && {
      json:
        example.operation === "verifyEmail"
          ? { code: mailedCode() }
          : isProof
            ? { ...(body as object), token: await signed() }
            : body,
    }),
  })
}

/** Compares an answer with its example, and remembers which ids belong together. */
const compare = (value: unknown, shown: unknown, at: string, name = ""): void => {
  if (Array.isArray(shown)) {
    expect(Array.isArray(value) && value.length, at).toBe(shown.length)
    for (const [index, each] of shown.entries()) compare((value as Array<unknown>)[index], each, `${at}/${index}`, name)
  } else if (shown !== null && typeof shown === "object") {
    expect(Object.keys(value as object), at).toEqual(Object.keys(shown))
    for (const [key, each] of Object.entries(shown))
      compare((value as Record<string, unknown>)[key], each, `${at}/${key}`, key)
  } else if (typeof shown === "string" && typeof value === "string") {
    if (secrets.has(name)) return expect(value.length, at).toBe(shown.length)
    if (name === "outcome") return expect(value, at).toMatch(/^[a-z_]+$|^\d{3}$/)
    if (isChangeId.test(shown)) return expect(value, at).toMatch(isChangeId)
    if (isInstant.test(shown)) return expect(value, at).toMatch(isInstant)
    // How long to wait.
    if (/ in \d+ seconds$/.test(shown)) return expect(value, at).toMatch(/ in \d+ seconds$/)
    if (isDay.test(shown)) return expect(value, at).toMatch(isDay)
    if (shown.startsWith("key:") && value.startsWith("key:")) return compare(value.slice(4), shown.slice(4), at)
    if (isUuid.test(shown)) {
      expect(value, at).toMatch(isUuid)
      expect(actual.get(shown) ?? value, at).toBe(value)
      actual.set(shown, value)
      return undefined
    }
    expect(value, at).toBe(replaced(shown, actual))
    // A day that is over is finalized once the server has counted.
  } else if (name === "finalized") expect(value, at).toBeTypeOf("boolean")
  else expect(value, at).toEqual(varying.has(name) ? expect.any(Number) : shown)
  return undefined
}

/** An id that no example has. */
const unusedId = (): string => {
  const used = JSON.stringify(exampleSequence)
  let number = 100
  while (used.includes(exampleId(number)) || actual.has(exampleId(number))) number++
  return exampleId(number)
}

/**
 * The example with the given answer, whose ids are replaced by those of the examples: the same ones as before, as far
 * as the answer has the shape that it had.
 */
const record = (example: Example, answer: Answer): void => {
  try {
    compare(valueOf(answer), example.answer, example.operation)
  } catch {
    // The answer is another one now, which is why it is recorded.
  }
  for (const [id] of answer.text.matchAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g)) {
    if (isUuid.test(id) && ![...actual.values()].includes(id)) actual.set(unusedId(), id)
  }
  const shown = new Map([...actual].map(([known, id]) => [id, known]))
  const path = Object.entries(example.path ?? {}).map(([name, value]) => [name, fromAnswer(value)])
  const written = { ...example, ...(example.path && { path: Object.fromEntries(path) }), answer: valueOf(answer) }
  recorded.push(JSON.parse(replaced(JSON.stringify(written), shown)))
}

describe.each(Object.entries(stores))("the examples of the description, over %s", (_, store) => {
  beforeAll(async () => begin(await store()))
  afterAll(end)

  test("there is one for each operation", () => {
    const operations = Object.values(description.paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    )
    expect(exampleSequence.map(({ operation }) => operation).toSorted()).toEqual(operations.toSorted())
  })

  test.each(["getConsentDecisions", "askConsentDecisions"])(
    "the first decision of %s is a refusal that wins, with what lost to it",
    (operation) => {
      const { answer } = exampleSequence.find((example) => example.operation === operation)!
      const [first] = (answer as { readonly items: ReadonlyArray<object> }).items
      expect(first).toMatchObject({ permitted: false, because: { rule: "refusal", lost: [expect.anything()] } })
    },
  )

  test.each(exampleSequence.map((example) => [example.operation, example] as const))(
    "%s is answered as it says",
    async (_, example) => {
      const { operation } = operationOf(example.operation)
      if (operation.security !== undefined && operation.security.length > 0) {
        const refused = await send(example, { isCredible: false })
        expect([refused.status, misfits(operation, refused)]).toEqual([401, null])
      }
      if (example.path?.["mailId"] !== undefined) actual.set(example.path["mailId"], await mailTo("ann@example.com"))
      const answer = await send(example)
      expect([answer.status, answer.text.slice(0, 500)]).toEqual([example.status, expect.any(String)])
      expect(misfits(operation, answer)).toBeNull()
      if (["createSession", "identify"].includes(example.operation)) session = answer.json.session
      answers.set(example.operation, valueOf(answer))
      if (process.env["ASSENT_RECORD_EXAMPLES"] !== undefined) record(example, answer)
      else compare(valueOf(answer), example.answer, example.operation)
    },
  )

  test("rows say the same in every media type: sent again in another, each is known or rejected as before", async () => {
    const example = exampleSequence.find(({ texts }) => texts !== undefined)!
    const { recorded, rejected, rows } = answers.get(example.operation) as Readonly<Record<string, number>>
    const forms = Object.keys(example.texts!)
    expect(forms).toHaveLength(2)
    for (const form of forms.keys()) {
      const { json } = await send(example, { form })
      expect(json).toMatchObject({ rows, rejected, recorded: 0, recordedBefore: recorded })
    }
  })
})
