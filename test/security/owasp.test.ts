/**
 * The ten API security risks of OWASP, edition of 2023: one group for each, with its name.
 *
 * Other files prove a part (every endpoint with every role: `test/http/roles.test.ts`; every attack on a visitor:
 * `test/http/attacks.test.ts`). This file proves the rest.
 */
import { HttpApi } from "effect/http-api"
import { createHash, randomUUID } from "node:crypto"
import { createServer, type Server as HttpServer } from "node:http"
import type { AddressInfo } from "node:net"
import { readFileSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Api } from "../../adapters/http/api/Api.ts"
import * as ImportWire from "../../adapters/http/api/ImportWire.ts"
import type { Answer, Sent } from "../support/server.ts"
import { asked } from "../http/complianceRequests.ts"
import { identify, makeSigner, publish } from "../http/identityTokens.ts"
import { makers, organizationPath, organizations, pathOf, sitePath, type Make } from "../http/requests.ts"
import { served } from "../support/served.ts"
import {
  acme,
  ask,
  asOwner,
  asVisitor,
  foreign,
  foreignNewsletter,
  openSession,
  other,
  privacy,
  record,
  secretOf,
  shop,
  site,
  startWorld,
  visit,
  yes,
  type Visitor,
} from "../http/world.ts"

const server = served(startWorld)
let make: ReadonlyMap<string, Make>
let visitor: Visitor
beforeAll(async () => {
  make = await makers(server)
  visitor = await visit(server)
})

const endpoints: ReadonlyArray<string> = (() => {
  const found: Array<string> = []
  const onEndpoint = ({ endpoint }: { endpoint: { method: string; path: string } }) =>
    void found.push(`${endpoint.method} ${endpoint.path}`)
  HttpApi.reflect(Api, { onGroup: () => {}, onEndpoint })
  return found
})()

/** A compliance request of a new visitor. */
const ownRequest = async () => {
  const { session } = await visit(server)
  return { session, id: (await asked(server, { session })).id as string }
}

/** Sends a valid request to an endpoint of the shop, with some changes. */
const send = async (
  endpoint: string,
  change: (json: unknown) => Sent = (json) => (json === undefined ? {} : { json }),
) => {
  const [method, path] = endpoint.split(" ") as [string, string]
  const valid = await make.get(endpoint)!(shop)
  const isOfRequest = path.startsWith(`${sitePath}/compliance-requests/:id`)
  const { session, ...own } = isOfRequest ? await ownRequest() : { session: visitor.session }
  const params = { ...own, ...valid.params, organizationId: acme.id, projectId: shop.id }
  const credential = { ...asOwner, "x-session": session, origin: "https://shop.example" }
  const { headers, ...sent } = change(valid.json)
  return server.request(method, pathOf(path, params, valid.query), { ...sent, headers: { ...credential, ...headers } })
}

/** The endpoints that take JSON or no body, are not about the visitor, and leave its session unchanged. */
const repeatable = endpoints.filter(
  (endpoint) => !/\/(identify|import)$/.test(endpoint) && endpoint !== `GET ${sitePath}/consent-events/:id`,
)

describe("API1:2023 Broken Object Level Authorization", () => {
  test("what is another organization's is reached by no id in a body or a query", async () => {
    const theirs = { "x-api-key": secretOf(other, "owner") }
    const email = "theirs-marked@example.com"
    const item = yes({ email, consentType: foreignNewsletter.id })
    const made = await record(server, [], { headers: theirs, json: { items: [item] } })
    expect(made.status).toBe(404)
    const events = await server.request("POST", `${privacy(foreign)}/consent-events`, {
      headers: theirs,
      json: { items: [item] },
    })
    const { concordId, id } = events.json.items[0]
    const marks = [id, email]

    const answers: Array<Answer> = [
      await ask(server, "consent-state", { concordId }),
      await ask(server, "consent-state", { email }),
      await server.request("GET", `${privacy()}/consent-events?concordId=${concordId}`, { headers: asOwner }),
      await server.request("GET", `${organizations}/${acme.id}/people/${concordId}`, { headers: asOwner }),
      await record(server, [yes({ concordId, consentState: "declined" })]),
      await record(server, [yes({ userId: "mine", consentType: foreignNewsletter.id })]),
      await server.request("POST", `${privacy()}/consent-decisions`, {
        headers: asOwner,
        json: { items: [{ person: { concordId }, consentType: foreignNewsletter.id }] },
      }),
      await server.request("POST", `${organizations}/${acme.id}/api-keys`, {
        headers: asOwner,
        json: { name: "key", role: "none", permissions: [{ projectId: foreign.id, role: "owner" }] },
      }),
    ]
    for (const { text } of answers) for (const mark of marks) expect(text).not.toContain(mark)
    expect(answers.map(({ json, status }) => json.count ?? json.members?.length ?? status)).toEqual([
      0, 0, 0, 1, 1, 422, 422, 422,
    ])
    // Events of this id in this organization change nothing in the other one.
    const state = await server.request("GET", `${privacy(foreign)}/consent-state?concordId=${concordId}`, {
      headers: theirs,
    })
    expect(state.json.items).toEqual([expect.objectContaining({ id, consentState: "accepted" })])
  })
})

describe("API2:2023 Broken Authentication", () => {
  const statusWith = async (secret: string) =>
    (await server.request("GET", `${privacy()}/consent-types`, { headers: { "x-api-key": secret } })).status

  /**
   * The duration of a comparison reveals nothing of a secret, because no secret is compared: the store of this test
   * holds hashes only, and the service finds a key by the hash of the sent secret. Its timing is about a hash, which
   * says nothing about the hash of a similar secret.
   */
  test("a secret is found by its hash, and by nothing that is nearly it", async () => {
    const secret = secretOf(acme, "owner")
    expect(await statusWith(secret)).toBe(200)
    const hash = createHash("sha256").update(secret).digest("hex")
    const files = [server.file, `${server.file}-wal`].map((file) => readFileSync(file))
    expect(files.map((bytes) => bytes.includes(secret))).toEqual([false, false])
    const near = [
      hash,
      secret.slice(0, -1),
      `${secret}s`,
      secret.toUpperCase(),
      secret.replace("owner", "admin "),
      `${secret}\u00e9`,
    ]
    for (const sent of near) expect([sent, await statusWith(sent)]).toEqual([sent, 401])
  })

  test("of two credentials none is taken, in whichever order", async () => {
    const good = `x-api-key: ${secretOf(acme, "owner")}\r\n`
    for (const fields of [good + "x-api-key: bad\r\n", "x-api-key: bad\r\n" + good, good + good]) {
      const talk = await server.connect()
      talk.write(`GET ${privacy()}/consent-types HTTP/1.1\r\nHost: a\r\n${fields}Connection: close\r\n\r\n`)
      await talk.closed
      expect(talk.received()).toMatch(/^HTTP\/1\.1 401 /)
    }
  })

  // Session fixation: a token that was known before its owner logs in must not be valid afterwards.
  test("no one chooses the token that another will have", async () => {
    const token = Buffer.alloc(32, 7).toString("base64url")
    const forms = { session: token, token, id: randomUUID(), sessionId: token }
    const opened = await openSession(server, forms, shop, { "x-session": token, cookie: `session=${token}` })
    expect(opened.status).toBe(201)
    expect(Object.values(opened.json)).not.toContain(token)
    expect(opened.json.id).not.toBe(forms.id)
    expect(opened.headers).not.toHaveProperty("set-cookie")
    expect((await asVisitor(server, { session: token }, "GET", "consent-state")).status).toBe(401)

    const signer = await makeSigner()
    await publish(server, [signer.publicKey])
    const before: Visitor = opened.json
    const proof = await signer.token("fixed@example.com")
    const { session } = (await identify(server, before, { type: "email", value: "fixed@example.com", token: proof }))
      .json
    expect(session).not.toBe(before.session)
    expect((await asVisitor(server, before, "GET", "consent-state")).status).toBe(401)
    expect((await asVisitor(server, { session }, "GET", "consent-state")).status).toBe(200)
    make = await makers(server)
  })
})

describe("API3:2023 Broken Object Property Level Authorization", () => {
  const mark = "0197dead-0000-7000-8000-000000000000"
  /** Members that no endpoint takes, and that not even an owner may set. */
  const strange = {
    id: mark,
    organization: mark,
    organizationId: mark,
    project: mark,
    projectId: mark,
    submitter: mark,
    session: { id: mark, ipAddress: mark },
    createdAt: [mark],
    updatedAt: [mark],
    dateCreated: "1999-01-01T00:00:00.000Z",
    dateUpdated: "1999-01-01T00:00:00.000Z",
    readOnly: mark,
    secret: mark,
    secretHash: mark,
    identifierKey: mark,
    isRemoved: true,
    isAdmin: true,
    lanes: 1999,
    number: 1999,
    lastUsedAt: "1999-01-01T00:00:00.000Z",
    constructor: { prototype: { isAdmin: mark } },
  }
  const polluting = `"__proto__":${JSON.stringify({ isAdmin: mark, toJSON: mark, status: mark })},`

  /** A body with the strange members before its own, so that none of its own is replaced; in items, too. */
  const poisoned = (json: unknown): Sent => {
    const { items, ...rest } = Object(json) as { items?: ReadonlyArray<object> }
    const more = items?.map((item) => ({ ...strange, ...item }))
    const text = JSON.stringify({ ...strange, ...rest, ...(more && { items: more }) })
    return { body: text.replaceAll(/\{(?=")/g, `{${polluting}`), headers: { "content-type": "application/json" } }
  }

  // These have no body.
  const bodiless = /\/(?:withdraw|verification|package|bounce)$/
  // These need a mail server, or a code that it has taken.
  const mailing = /\/emails(?:\/:id\/verify)?$/
  const taking = repeatable.filter(
    (endpoint) => /^(POST|PATCH) /.test(endpoint) && !bodiless.test(endpoint) && !mailing.test(endpoint),
  )
  test.each(taking)("%s takes nothing that it does not name, and no prototype", async (endpoint) => {
    const answer = await send(endpoint, poisoned)
    // The request is accepted without them, or refused because of them.
    expect([200, 201, 202, 400, 409, 422]).toContain(answer.status)
    expect(answer.text).not.toContain(mark)
    expect(answer.text).not.toContain("1999")
    const plain = await send(endpoint)
    expect([endpoint, plain.status < 300]).toEqual([endpoint, true])
    expect(plain.text).not.toContain(mark)
    expect(plain.text).not.toContain("isAdmin")
  })

  test("no answer has a member that is the service's own", async () => {
    // The position of a banner is a word.
    const own = /"(secretHash|identifierKey|lanes|number|lane|position(?=":\d)|isRemoved|d|digest|stack|cause)":/
    for (const endpoint of repeatable) {
      const { text } = await send(endpoint)
      expect([endpoint, own.exec(text)?.[0]]).toEqual([endpoint, undefined])
    }
  })
})

describe("API4:2023 Unrestricted Resource Consumption", () => {
  const residentMiB = (): number =>
    Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))![1]) / 1024

  const unpackedMiB = 32
  const importing = (body: Uint8Array): Promise<Answer> =>
    server.request("POST", `${privacy()}/consent-events/import`, {
      headers: { ...asOwner, "content-type": ImportWire.mediaTypes.ndjson, "content-encoding": "gzip" },
      body,
    })

  test("rows that unpack to hundreds of times their size take no memory", async () => {
    const before = residentMiB()
    for (const text of ["x", "\n", '{"a":"'] as const) {
      const packed = gzipSync(Buffer.alloc(unpackedMiB * 1024 * 1024, text))
      expect(packed.byteLength).toBeLessThan((unpackedMiB * 1024 * 1024) / 300)
      expect([200, 422]).toContain((await importing(packed)).status)
    }
    expect(residentMiB() - before).toBeLessThan(3 * unpackedMiB)
  })

  test.each([
    ["arrays in arrays", "[".repeat(500_000) + "]".repeat(500_000)],
    ["objects in objects", `{"items":${'{"a":'.repeat(150_000)}1${"}".repeat(150_000)}}`],
    ["many members", `{"items":[{${Array.from({ length: 60_000 }, (_, n) => `"m${n}":1`).join()}}]}`],
    ["a number of a million digits", `{"items":${"9".repeat(1_000_000)}}`],
    ["a member a hundred thousand times", `{"items":[{${'"label":"x",'.repeat(80_000)}"label":"y"}]}`],
  ])("a body of %s is refused, and the service goes on", async (_, body) => {
    const headers = { ...asOwner, "content-type": "application/json" }
    for (const path of [
      `${privacy()}/consent-events`,
      `${privacy()}/consent-decisions`,
      `${privacy()}/consent-types`,
    ]) {
      const answer = await server.request("POST", path, { headers, body })
      expect([path, [400, 413, 422].includes(answer.status)]).toEqual([path, true])
    }
    expect((await server.request("GET", "/livez")).status).toBe(200)
  })

  test("a page has a limit, whatever is asked for", async () => {
    for (const limit of ["1001", "1e9", "-1", "0", "Infinity", "99999999999999999999"]) {
      const path = `${privacy()}/consent-events?limit=${limit}`
      expect([limit, (await server.request("GET", path, { headers: asOwner })).status]).toEqual([limit, 400])
    }
  })
})

describe("API5:2023 Broken Function Level Authorization", () => {
  test("no header turns one method or path into another", async () => {
    const { id } = (await send(`POST ${organizationPath}/api-keys`)).json
    const viewer = { "x-api-key": secretOf(acme, "viewer") }
    const path = `${organizations}/${acme.id}/api-keys/${id}`
    for (const name of ["x-http-method-override", "x-http-method", "x-method-override"]) {
      const headers = { ...asOwner, [name]: "DELETE" }
      await server.request("POST", `${path}?_method=DELETE`, { headers, json: { _method: "DELETE" } })
      await server.request("GET", `${organizations}/${acme.id}/api-keys`, { headers: { ...viewer, [name]: "DELETE" } })
    }
    for (const name of ["x-original-url", "x-rewrite-url", "x-forwarded-path"]) {
      const headers = { ...viewer, [name]: path }
      expect((await server.request("GET", `${privacy()}/consent-types`, { headers })).text).not.toContain(id)
    }
    const { items } = (
      await server.request("GET", `${organizations}/${acme.id}/api-keys?limit=1000`, { headers: asOwner })
    ).json
    expect(items.map((key: { id: string }) => key.id)).toContain(id)
  })

  test("a key that may not record imports nothing either", async () => {
    const body = `${JSON.stringify(yes({ userId: "imported by a viewer" }))}\n`
    for (const [role, status] of [
      ["viewer", 403],
      ["none", 403],
      ["limited", 200],
    ] as const) {
      const headers = { "x-api-key": secretOf(acme, role), "content-type": ImportWire.mediaTypes.ndjson }
      const answer = await server.request("POST", `${privacy()}/consent-events/import`, { headers, body })
      expect([role, answer.status]).toEqual([role, status])
    }
  })
})

describe("API6:2023 Unrestricted Access to Sensitive Business Flows", () => {
  // The sensitive flow is recording a yes: for many people, for other people, or for the past.
  test("a page says yes for its own visitor, not for long ago, and by a person's own act", async () => {
    const opened = await visit(server)
    const before = Date.now()
    const items = Array.from({ length: 100 }, (_, n) =>
      yes({
        userId: `bought ${n}`,
        email: `bought-${n}@example.com`,
        concordId: randomUUID(),
      }),
    )
    const { json } = await asVisitor(server, opened, "POST", "consent-events", { json: { items } })
    const said = json.items as ReadonlyArray<{ readonly concordId: string; readonly consentDate: string }>
    expect(new Set(said.map(({ concordId }) => concordId))).toEqual(new Set([opened.concordId]))
    for (const { consentDate } of said) expect(Date.parse(consentDate)).toBeGreaterThanOrEqual(before)
    for (const n of [0, 99]) expect((await ask(server, "consent-state", { userId: `bought ${n}` })).json.count).toBe(0)
    for (const item of [yes({ consentAction: "import" }), yes({ consentDate: "2020-01-01T00:00:00Z" })]) {
      const answer = await asVisitor(server, opened, "POST", "consent-events", { json: { items: [item] } })
      expect(answer.status).toBe(422)
    }
  })

  test("no session is opened but from a page of the project", async () => {
    for (const origin of [undefined, "null", "https://evil.example", `https://${foreign.domains[0]}`]) {
      const headers = origin === undefined ? {} : { origin }
      const answer = await server.request("POST", `${site()}/session`, { headers, json: {} })
      expect([origin, answer.status]).toEqual([origin, 403])
    }
  })
})

describe("API7:2023 Server Side Request Forgery", () => {
  let trap: HttpServer
  const caught: Array<string> = []
  beforeAll(async () => {
    trap = createServer(({ url }, response) => {
      caught.push(url!)
      response.end("{}")
    })
    trap.on("connection", () => caught.push("a connection"))
    await new Promise<void>((resolve) => trap.listen(0, "127.0.0.1", resolve))
  })
  afterAll(() => trap.close())

  test("no address that is sent is ever asked: not in a type, an organization, a proof, a page's origin or a header", async () => {
    const url = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/trap`
    const document = `<img src="${url}"><!DOCTYPE x [<!ENTITY e SYSTEM "${url}">]><x>&e;</x> \${jndi:ldap://${url.slice(7)}}`
    const withUrls = (json: unknown): Sent => ({
      json: { ...Object(json), url, document, privacyPolicyUrl: url, jwks_uri: url, webhook: url, callback: url },
      headers: { referer: url, "x-forwarded-host": url, "user-agent": document.replaceAll(/[^\x20-\x7e]/g, "") },
    })
    for (const endpoint of repeatable) await send(endpoint, withUrls)
    const claims = { alg: "ES256", jku: url, x5u: url, kid: url, jwk: { kty: "EC" } }
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
    const token = `${part(claims)}.${part({ sub: "x@example.com", iss: acme.id, exp: 1e10, iat: 1 })}.${"A".repeat(86)}`
    const refused = await identify(server, await visit(server), { type: "email", value: "x@example.com", token })
    expect(refused.status).toBe(401)
    await openSession(server, {}, shop, { host: url.slice(7, -5) })
    expect(caught).toEqual([])
    // The trap notices a request, so the check works.
    await fetch(url)
    expect(caught).toContain("/trap")
  })
})

describe("API8:2023 Security Misconfiguration", () => {
  const expectFields = ({ headers }: Answer): void => {
    expect(headers["x-content-type-options"]).toBe("nosniff")
    expect(headers["referrer-policy"]).toBe("no-referrer")
    expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; .*\bframe-ancestors 'none'/)
    for (const telling of ["server", "x-powered-by", "via", "set-cookie"]) expect(headers).not.toHaveProperty(telling)
  }

  test("every answer names its content type to browsers, and says nothing of the software", async () => {
    for (const endpoint of repeatable) {
      const answer = await send(endpoint)
      expectFields(answer)
      // The loader and the widget are the same for all visitors.
      const isScript = [`GET ${sitePath}/site-client`, `GET ${sitePath}/widget`].includes(endpoint)
      const cached = expect.stringMatching(isScript ? /^public, max-age=300,/ : /no-store|private/)
      expect([endpoint, answer.headers["cache-control"]]).toEqual([endpoint, cached])
    }
  })

  test("so is every refusal, and what is not even HTTP", async () => {
    const path = `${privacy()}/consent-events`
    for (const [method, to, sent] of [
      ["GET", "/nothing", {}],
      ["TRACE", "/livez", {}],
      ["DELETE", "/docs", {}],
      ["GET", `${privacy()}/consent-types`, {}],
      ["POST", path, { headers: asOwner, json: {} }],
      ["POST", path, { headers: { ...asOwner, "content-type": "application/json" }, body: "{" }],
      ["GET", "/livez", { headers: { "x-long": "x".repeat(20_000) } }],
    ] as const) {
      const answer = await server.request(method, to, sent)
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expectFields(answer)
      expect(answer.text).not.toMatch(/node_modules|\.ts:|\bat \w+ \(|Error:|SQLITE|SELECT /)
    }
  })

  test("the reference may run its own scripts, and no others", async () => {
    const { headers, text } = await server.request("GET", "/docs")
    const policy = headers["content-security-policy"] as string
    expect(policy).toMatch(/script-src 'sha256-[^ ;]+' 'sha256-[^ ;]+';/)
    expect(/script-src [^;]*/.exec(policy)![0]).not.toMatch(/unsafe|\*|https?:|data:/)
    expect(text.match(/<script/g)!.length).toBeGreaterThanOrEqual(2)
    expectFields({ headers } as Answer)
  })
})

describe("API9:2023 Improper Inventory Management", () => {
  test("what is described is served, and nothing else is", async () => {
    const described = Object.entries((await server.request("GET", "/openapi.json")).json.paths).flatMap(
      ([path, item]) =>
        Object.keys(item as object).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`),
    )
    expect(described.toSorted()).toEqual(endpoints.toSorted())
    const guesses = [
      "/admin",
      "/debug",
      "/health",
      "/status",
      "/env",
      "/config",
      "/.env",
      "/.git/config",
      "/swagger.json",
      "/graphql",
    ]
    const versions = ["v0", "v2", "beta", "internal"].flatMap((version) => [
      `/privacy-${version}/organizations`,
      `/site-${version}/${shop.id}/consent-state`,
    ])
    for (const path of [...guesses, ...versions, "/openapi.yaml", "/docs/", "/docs/../data", "/data/assent.db"]) {
      expect([path, (await server.request("GET", path, { headers: asOwner })).status]).toEqual([path, 404])
    }
  })
})

describe("API10:2023 Unsafe Consumption of APIs", () => {
  // The service calls no other service. It reads headers of proxies only, which any client can send.
  test("the headers of a proxy are not believed from any client", async () => {
    const lies = {
      "x-forwarded-for": "203.0.113.7",
      "x-real-ip": "203.0.113.7",
      forwarded: 'for="203.0.113.7";host=evil.example;proto=https',
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "javascript",
      "true-client-ip": "203.0.113.7",
      "cf-region-code": "BY",
    }
    const opened: Visitor = (await openSession(server, {}, shop, lies)).json
    const { json } = await asVisitor(server, opened, "POST", "consent-events", {
      json: { items: [yes()] },
      headers: lies,
    })
    expect(json.items[0].session.ipAddress).toMatch(/^127\.0\.0\./)
    expect(json.items[0].session).not.toHaveProperty("geography")
    expect(JSON.stringify(json)).not.toMatch(/203\.0\.113|evil|javascript/)
  })
})
