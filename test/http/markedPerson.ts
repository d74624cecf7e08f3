/**
 * A person about which everything is recorded that a ledger can hold, each value with a marker of its own: through the
 * API of a real server, as a company and a browser would.
 */
import { randomInt, randomUUID } from "node:crypto"
import { expect } from "vitest"
import type { Answer, Server } from "../support/server.ts"
import * as Markers from "../support/markers.ts"
import type { Signer } from "./identityTokens.ts"
import { captureUrl } from "./complianceRequests.ts"
import {
  acme,
  asOwner,
  asVisitor,
  blog,
  blogNewsletter,
  openSession,
  privacy,
  type Visitor,
  shop,
  types,
  yes,
} from "./world.ts"

/** The setting with which the server takes a visitor's address from the header that is sent here. */
export const addressSetting = { ASSENT_ADDRESS_HEADER: "x-visitor-address" }

/** A person, and the values that were sent about it. */
export interface MarkedPerson {
  readonly concordId: string
  /** The guests that were joined with it. */
  readonly guests: ReadonlyArray<string>
  /** Every value that names or describes the person, by what it is. */
  readonly words: Readonly<Record<string, string>>
  /** The values that access shows again; the others are kept as hashes only. */
  readonly shown: ReadonlyArray<string>
  readonly email: string
}

const digits = (count: number): string => Array.from({ length: count }, () => randomInt(1, 10)).join("")

const wordsOf = () => ({
  email: Markers.make(),
  userId: Markers.make(),
  newUserId: Markers.make(),
  projectUserId: Markers.make(),
  phoneNumber: `4915${digits(9)}`,
  externalId: Markers.make(),
  otherExternalId: Markers.make(),
  userAgent: Markers.make(),
  firstName: Markers.make(),
  lastName: Markers.make(),
  street: Markers.make(),
  reason: Markers.make(),
  address: `2001:db8:${(0x1000 + randomInt(0xefff)).toString(16)}::`,
  contextId: randomUUID(),
  requesterEmail: Markers.make(),
  requesterName: Markers.make(),
  requestDetails: Markers.make(),
  requestNotes: Markers.make(),
  requestResolution: Markers.make(),
})

const shown = [
  ...["externalId", "otherExternalId", "userAgent", "firstName", "lastName", "street", "reason", "address"],
  ...["requesterEmail", "requesterName", "requestDetails", "requestNotes", "requestResolution"],
]

const expectDone = (answer: Answer): Answer => {
  expect([answer.status, answer.status < 300 ? "" : answer.text]).toEqual([answer.status, ""])
  return answer
}

/** A key that no request has had. */
const again = () => ({ "idempotency-key": randomUUID() })

/** Records everything about a new person; the organization must have published the signer's key. */
export const recordPerson = async (server: Server, signer: Signer): Promise<MarkedPerson> => {
  const words = wordsOf()
  const email = `${words.email}@example.com`
  const asCompany = async (method: string, path: string, json: object): Promise<Answer> =>
    expectDone(await server.request(method, path, { headers: { ...asOwner, ...again() }, json }))
  const identifiers = { email, userId: words.userId, projectUserId: words.projectUserId }
  const phoneNumber = `+${words.phoneNumber}`
  const items = [yes({ ...identifiers, phoneNumber, externalId: words.externalId })]
  const { concordId } = (await asCompany("POST", `${privacy()}/consent-events`, { items })).json.items[0]
  const elsewhere = { userId: words.userId, consentType: blogNewsletter.id, externalId: words.otherExternalId }
  await asCompany("POST", `${privacy(blog)}/consent-events`, {
    items: [yes({ ...elsewhere, consentState: "declined" })],
  })

  const browser = {
    "user-agent": `Mozilla/5.0 ${words.userAgent}`,
    "x-visitor-address": `${words.address}${randomInt(1, 9)}`,
  }
  const visit = async (body: object): Promise<Visitor> =>
    expectDone(await openSession(server, body, shop, { ...browser, ...again() })).json
  const asBrowser = async (visitor: Pick<Visitor, "session">, path: string, json: object): Promise<Answer> =>
    expectDone(await asVisitor(server, visitor, "POST", path, { json, headers: { ...browser, ...again() } }))
  const visitor = await visit({ contextId: words.contextId })
  await asBrowser(visitor, "consent-events", { items: [yes({ consentType: types.clicks.id })] })
  const token = await signer.token(words.userId)
  const identified = await asBrowser(visitor, "identify", { type: "userId", value: words.userId, token })
  const known = { session: String(identified.json.session) }
  const address = { street: words.street, city: "Berlin" }
  await asBrowser(known, "profile", { firstName: words.firstName, lastName: words.lastName, address })
  await asBrowser(known, "consent-events", { items: [yes({ consentState: "declined" })] })
  const asked = await asBrowser(known, "compliance-requests", {
    request: "view",
    captureUrl,
    userEmail: `${words.requesterEmail}@example.com`,
    userFirstName: words.requesterName,
    requestDetails: words.requestDetails,
  })
  await asCompany("PATCH", `${privacy()}/compliance-requests/${asked.json.id}`, {
    notes: words.requestNotes,
    status: "resolved",
    resolution: words.requestResolution,
    resolutionStatus: "denied",
    denialGround: "identity_not_shown",
  })
  // A second browser says no before it is identified.
  const second = await visit({})
  await asBrowser(second, "consent-events", { items: [yes({ consentState: "declined" })] })
  await asBrowser(second, "identify", { type: "email", value: email, token: await signer.token(email) })

  const people = `/privacy-v1/organizations/${acme.id}/people`
  await asCompany("POST", `${people}/identifiers/rename`, {
    items: [{ userId: words.userId, newUserId: words.newUserId }],
  })
  await asCompany("POST", `${people}/${concordId}/identifiers/release`, { phoneNumber, reason: words.reason })
  return { concordId, guests: [visitor.concordId, second.concordId], words, shown, email }
}

/** Everything that is held about a person, as its answer. */
export const dataOf = (server: Server, concordId: string, headers: Readonly<Record<string, string>> = asOwner) =>
  server.request("GET", `/privacy-v1/organizations/${acme.id}/people/${concordId}/data`, { headers })
