/**
 * Hostile requests that are still HTTP: valid requests with one or several parts made invalid.
 */
import * as fc from "fast-check"
import { acme, asOwner, blog, foreign, nobody, other, secretOf, shop, types, yes } from "../world.ts"
import type { Described } from "./described.ts"

/** A request in the form of {@link import("../../support/server.ts").Sent}. */
export interface Hostile {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly chunkBytes?: number
}

/** JSON that no honest client writes, and texts that are not JSON. */
export const hostileTexts: ReadonlyArray<string> = [
  `${"[".repeat(10_000)}${"]".repeat(10_000)}`,
  `${'{"items":'.repeat(10_000)}1${"}".repeat(10_000)}`,
  `${'{"a":'.repeat(10_000)}`,
  "1e400",
  "-0",
  "9007199254740993",
  "-1e-400",
  '"\\ud800"',
  '"\\u0000"',
  '"\u202e"',
  "null",
  "true",
  '""',
  "[]",
  "{}",
  "[null]",
  "[[]]",
  '{"__proto__":{"items":[]}}',
  '{"constructor":{"prototype":{}}}',
  '{"toString":1,"valueOf":2,"hasOwnProperty":3,"then":4}',
  '{"items":[],"items":[{}]}',
  '{"length":3}',
  `"${"x".repeat(200_000)}"`,
  `[${"{},".repeat(1500)}{}]`,
  '"9999-12-31T23:59:60Z"',
  '"-271821-04-20T00:00:00Z"',
  '"+275760-09-13T00:00:00.001Z"',
  '"0000-01-01T00:00:00Z"',
  '"2024-02-30T00:00:00Z"',
  '"P99999999999Y"',
  '"P0D"',
  '"javascript:alert(1)"',
  '"https://a.example/\\ud800"',
  '"%00"',
  `"${nobody}\\u0000"`,
  "{",
  "",
  " ",
  "\ufeff{}",
  "{}{}",
  "{'a':1}",
  "NaN",
  "/**/{}",
]

/** Valid bodies of the operations that take one, as JSON. */
const bodies: Readonly<Record<string, object>> = {
  "privacy.createConsentEvents": { items: [yes({ userId: "storm", externalId: "e" }), yes({ email: "s@x.example" })] },
  "privacy.askConsentDecisions": { items: [{ person: { userId: "storm" }, consentType: types.newsletter.id }] },
  "consentTypes.createConsentType": {
    category: "custom",
    subcategory: ["storm"],
    label: "storm",
    name: "Storm",
    description: "d",
    document: "D",
    url: "https://a.example/",
    consentDuration: "P1Y",
    rules: { maxAge: { accepted: "P1M", viewed: null }, permits: "implied" },
  },
  "consentTypes.updateConsentType": { name: "Another name", requireReaccept: true, grace: "P1D", version: 1 },
  "organizations.createOrganization": {
    name: "Storm",
    primaryDomain: "storm.example",
    privacyPolicyUrl: "https://storm.example/",
  },
  "organizations.updateOrganization": { name: "Acme", jwks: null },
  "organizations.createProject": { name: "Storm", domains: ["storm.example"] },
  "organizations.updateProject": { name: "Shop" },
  "apiKeys.createApiKey": { name: "Storm", role: "viewer", permissions: [{ projectId: shop.id, role: "none" }] },
  "apiKeys.updateApiKey": { name: "Storm", expiresAt: null },
  "site.createVisitorConsentEvents": { items: [yes()] },
  "site.identify": { type: "email", value: "a@x.example", format: "plain", token: "e30.e30.e30" },
  "site.keepProfile": { firstName: "S", address: { city: "C" }, email: "a@x.example" },
  "compliance.createComplianceRequests": {
    items: [
      { request: "view", user: { email: "s@x.example" }, requestDetails: 7, requestDate: 1_700_000_000_000 },
      { request: "do_not_sell", userId: "storm", userEmail: "s@x.example", externalId: "e", language: "de-AT" },
    ],
  },
  "compliance.updateComplianceRequest": {
    ordinal: 1,
    notes: "n",
    verify: { reason: "r" },
    dataSystemTasks: [{ dataSystem: nobody, completed: true }],
    clarification: { ask: "q" },
    status: "resolved",
    resolution: ["r"],
    resolutionStatus: "denied",
    denialGround: "other",
  },
  "siteCompliance.createVisitorComplianceRequest": {
    request: "do_not_sell",
    captureUrl: "https://shop.example/",
    userEmail: "a@x.example",
    requestDetails: true,
  },
  "open.createSession": { contextId: nobody },
  "visit.actInVisit": {
    contextId: nobody,
    session: "s",
    revision: 1,
    language: "de",
    sentAt: "2026-01-01T00:00:00.000Z",
    items: [yes({ externalId: "e", consentDate: "2026-01-01T00:00:00.000Z", version: 1, evidence: { gpc: true } })],
  },
}

/** Valid queries of the operations that take one. */
const queries: Readonly<Record<string, string>> = {
  "privacy.getConsentState": "userId=storm",
  "privacy.getConsentDecisions": "email=s@x.example&at=2024-06-01T00:00:00Z",
  "privacy.listConsentEvents": "limit=3&sort=dateCreated&consentState=accepted&consentState=viewed",
  "compliance.listComplianceRequests": "limit=3&sort=dueDate&status=submitted&text=a&startDate=0",
  "compliance.listComplianceEvents": "limit=3&event=opened&event=resolved",
  "consentTypes.listConsentTypes": "limit=3&status=active",
  "site.getVisitorConsentEvents": "limit=2",
  "visit.getVisit": "language=de",
  "visit.actInVisit": "decisions=true",
}

const queryParts = [
  "limit=0",
  "limit=1001",
  "limit=1e3",
  "limit=",
  "limit=1&limit=2",
  "offset=-1",
  "offset=9007199254740993",
  "offset=9007199254740991",
  "cursor=AAAA",
  `cursor=${"A".repeat(3000)}`,
  "cursor=%F0%9F",
  "cursor=&offset=1",
  "order=sideways",
  "order=asc&order=desc",
  "sort=__proto__",
  "__proto__=1",
  "constructor=1",
  "__proto__[a]=1",
  "userId=%00",
  "userId=%ED%A0%80",
  "userId=%zz",
  "userId=&email=",
  "userId=a&userId=b",
  `userId=${"x".repeat(600)}`,
  "concordId=nobody",
  `concordId=${nobody}&concordId=${nobody}`,
  "email=a%40%40b",
  "phoneNumber=%2B1%3Bext%3D2",
  "at=now",
  "at=2024-01-01T00:00:00%2B00:00",
  "at=0001-01-01T00:00:00Z&knownAt=9999-12-31T23:59:59.999Z",
  "at=9999-12-31T23:59:59.999Z",
  "startDate=9999-12-31T23:59:59.999Z&endDate=0001-01-01T00:00:00Z",
  "consentState=given",
  "version=0",
  "version=99999999999999999",
  "category=custom&category=custom",
  "label=%F0%9F%A6%8A",
  "&&&",
  "=",
  "%",
  "?",
]

const ids = [
  nobody,
  "x",
  "__proto__",
  "constructor",
  "%2e%2e",
  "..",
  "%00",
  "%ff",
  "%2f",
  "a%20b",
  "x".repeat(600),
  `${nobody}x`,
  types.analytics.id.toUpperCase(),
  acme.id,
  other.id,
  foreign.id,
  "1",
  "0",
  "-1",
  "1e0",
]

const headerParts: ReadonlyArray<Readonly<Record<string, string>>> = [
  { "idempotency-key": "" },
  { "idempotency-key": "one two" },
  { "idempotency-key": "x".repeat(256) },
  { "idempotency-key": "storm" },
  { "idempotency-key": nobody },
  { "idempotency-key": "storm, storm" },
  { "x-api-key": "" },
  { "x-api-key": "x".repeat(3000) },
  { "x-api-key": "\u00ff\u00fe" },
  { "x-api-key": secretOf(acme, "viewer") },
  { "x-api-key": secretOf(acme, "none") },
  { "x-api-key": secretOf(acme, "limited") },
  { "x-api-key": secretOf(other, "owner") },
  { "x-session": "" },
  { "x-session": "x".repeat(3000) },
  { origin: "null" },
  { origin: "https://shop.example.evil" },
  { origin: "https://[::1" },
  { origin: "x".repeat(3000) },
  { accept: "text/plain;q=0" },
  { "accept-encoding": "identity;q=0" },
  { "content-encoding": "gzip" },
  { "content-encoding": "identity" },
  { "content-type": "text/plain" },
  { "content-type": "application/x-www-form-urlencoded" },
  { "content-type": "multipart/form-data; boundary=x" },
  { "content-type": "application/json; charset=utf-16" },
  { "content-type": "application/json/../json" },
  { "content-type": "" },
  { "if-none-match": "*" },
  { "if-none-match": 'W/, ,"' },
  { expect: "nothing" },
  { range: "bytes=0-1" },
  { "x-forwarded-for": "127.0.0.1" },
  { "x-http-method-override": "DELETE" },
  { upgrade: "h2c", connection: "upgrade" },
  { cookie: "x".repeat(6000) },
  { "user-agent": "\u00e4".repeat(1000) },
  { host: "evil.example:99999" },
  { "access-control-request-method": "DELETE" },
  // Heads of more than 16 KiB are refused before they have arrived, and the answer may be lost with the connection: see
  // Raw.
  Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`x-${index}`, "1"])),
]

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "PURGE", "M-SEARCH"]

/** Replaces one value inside some JSON, the `at`-th in writing order. */
const replaced = (text: string, at: number, by: string): string => {
  const values = [...text.matchAll(/(?<=[:[,])(?:"[^"]*"(?!:)|null|true|false|-?\d+|\[[^[\]]*\]|\{[^{}]*\})/g)]
  const value = values[at % (values.length || 1)]
  return value === undefined ? by : text.slice(0, value.index) + by + text.slice(value.index + value[0].length)
}

const change = fc.oneof(
  { weight: 4, arbitrary: fc.record({ value: fc.nat(30), by: fc.constantFrom(...hostileTexts) }) },
  { weight: 2, arbitrary: fc.record({ body: fc.constantFrom(...hostileTexts) }) },
  { weight: 1, arbitrary: fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) }) },
  { weight: 4, arbitrary: fc.record({ query: fc.constantFrom(...queryParts) }) },
  { weight: 3, arbitrary: fc.record({ id: fc.constantFrom(...ids), place: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ header: fc.constantFrom(...headerParts) }) },
  { weight: 1, arbitrary: fc.record({ method: fc.constantFrom(...methods) }) },
  { weight: 1, arbitrary: fc.record({ suffix: fc.constantFrom("/", "//", "/..", "%00", ";a", "#a", ".json", "/x") }) },
  { weight: 1, arbitrary: fc.record({ chunkBytes: fc.constantFrom(1, 7, 4096) }) },
)

/** Values to use in the requests: a live session, and ids of the shop. */
export interface Place {
  readonly session: string
  readonly concordId: string
  readonly eventId: string
  readonly viewerKeyId: string
}

/** Random requests to all operations; most of them are invalid. */
export const storm = (operations: Described["operations"], at: Place): fc.Arbitrary<Hostile> =>
  fc
    .record({ operation: fc.constantFrom(...operations), changes: fc.array(change, { maxLength: 3 }) })
    .map(({ changes, operation: { id, method: asked, path: template } }) => {
      const isType = id.startsWith("consentTypes")
      const own = isType ? types.policy.id : id.startsWith("apiKeys") ? at.viewerKeyId : at.eventId
      const names: Readonly<Record<string, string>> = {
        organizationId: acme.id,
        // Requests that change a project are sent about a project that no other request uses.
        projectId: id === "organizations.updateProject" ? blog.id : shop.id,
        concordId: at.concordId,
        joinId: nobody,
        id: own,
        version: "1",
      }
      const parts = template.split("/").map((part) => (part.startsWith("{") ? names[part.slice(1, -1)]! : part))
      const named = template.split("/").flatMap((part, index) => (part.startsWith("{") ? [index] : []))
      const json = bodies[id]
      let body: string | Uint8Array | undefined = json === undefined ? undefined : JSON.stringify(json)
      let query = queries[id] ?? ""
      let method = asked
      let suffix = ""
      let chunkBytes: number | undefined
      const headers: Record<string, string> = {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(template.startsWith("/privacy") && asOwner),
        ...(id.startsWith("site.") && { "x-session": at.session }),
        ...(template.startsWith("/site") && { origin: "https://shop.example" }),
      }
      for (const one of changes) {
        if ("by" in one && typeof body === "string") body = replaced(body, one.value, one.by)
        else if ("body" in one && body !== undefined) body = one.body
        else if ("bytes" in one && body !== undefined) body = one.bytes
        else if ("query" in one) query += `${query && "&"}${one.query}`
        else if ("id" in one && named.length > 0) parts[named[one.place % named.length]!] = one.id
        else if ("header" in one) Object.assign(headers, one.header)
        else if ("method" in one) method = one.method
        else if ("suffix" in one) suffix = one.suffix
        else if ("chunkBytes" in one && body !== undefined) chunkBytes = one.chunkBytes
      }
      // Node's client frames chunks for these methods only; with others the body would be read as a second request.
      const isFramed = chunkBytes !== undefined && ["POST", "PATCH", "PUT"].includes(method)
      const isChunked = isFramed && body !== undefined && body.length < 5000
      return {
        method,
        path: `${parts.join("/")}${suffix}${query && `?${query}`}`,
        headers,
        ...(body !== undefined && { body }),
        ...(isChunked && { chunkBytes: chunkBytes! }),
      }
    })
