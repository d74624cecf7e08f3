/**
 * Identity tokens as an organization's own server makes them: real ES256 keys and signatures.
 */
import { randomUUID } from "node:crypto"
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from "jose"
import { beforeAll } from "vitest"
import type { Organization } from "../../core/model/Catalog.ts"
import type { Answer, Server } from "../support/server.ts"
import { acme, asVisitor, secretOf, yes, type Visitor } from "./world.ts"

/** The public part of a key, as an organization publishes it. */
export interface PublicKey {
  readonly kty: string
  readonly crv: string
  readonly x: string
  readonly y: string
  readonly kid?: string
}

/** Claims that replace those of a valid token; `undefined` leaves one out. */
export type Claims = Readonly<Record<string, unknown>>

/** A key of an organization. */
export interface Signer {
  readonly publicKey: PublicKey
  /** A token that proves `sub`: valid for five minutes, and a different one each time. */
  readonly token: (sub: string, claims?: Claims, header?: Partial<JWTHeaderParameters>) => Promise<string>
}

/** Now, in seconds, as tokens count. */
export const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/** The claims of a valid token. */
export const claimsOf = (sub: string, over: Claims = {}): Record<string, unknown> => {
  const now = nowSeconds()
  const claims = { sub, iss: acme.id, iat: now, exp: now + 300, jti: randomUUID(), ...over }
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}

/** A new key, with or without a `kid`. */
export const makeSigner = async (kid?: string): Promise<Signer> => {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true })
  const { crv, kty, x, y } = await exportJWK(publicKey)
  const named = kid === undefined ? {} : { kid }
  return {
    publicKey: { kty: kty!, crv: crv!, x: x!, y: y!, ...named },
    token: (sub, claims, header) =>
      new SignJWT(claimsOf(sub, claims)).setProtectedHeader({ alg: "ES256", ...named, ...header }).sign(privateKey),
  }
}

/** Publishes the keys of an organization, in place of its earlier ones. */
export const publish = (server: Server, keys: ReadonlyArray<PublicKey>, owner: Organization = acme): Promise<Answer> =>
  server.request("PATCH", `/privacy-v1/organizations/${owner.id}`, {
    headers: { "x-api-key": secretOf(owner, "owner") },
    json: { jwks: { keys } },
  })

/** A key that is published before the tests of a file. It cannot be used before they run. */
export const publishedSigner = (server: Server): Signer => {
  let signer: Signer
  beforeAll(async () => {
    signer = await makeSigner("key-1")
    await publish(server, [signer.publicKey])
  })
  return {
    get publicKey() {
      return signer.publicKey
    },
    token: (sub, claims, header) => signer.token(sub, claims, header),
  }
}

/** Sends a body to identify with. */
export const identify = (
  server: Server,
  visitor: Pick<Visitor, "session">,
  json: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> => asVisitor(server, visitor, "POST", "identify", { json, headers })

/** Records an answer on a page about a type of the shop, by its id. */
export const say = (
  server: Server,
  visitor: Pick<Visitor, "session">,
  consentType: string,
  consentState: string,
): Promise<Answer> =>
  asVisitor(server, visitor, "POST", "consent-events", { json: { items: [yes({ consentType, consentState })] } })

/** The state of a visitor: `label state`, sorted. */
export const stateOf = async (server: Server, visitor: Pick<Visitor, "session">): Promise<ReadonlyArray<string>> => {
  const { items } = (await asVisitor(server, visitor, "GET", "consent-state")).json
  return items
    .map(({ consentState, label }: { label: string; consentState: string }) => `${label} ${consentState}`)
    .toSorted()
}

/** The concordId of a person, as the organization gets it. */
export const personOf = (server: Server, concordId: string, role: Parameters<typeof secretOf>[1] = "viewer") =>
  server.request("GET", `/privacy-v1/organizations/${acme.id}/people/${concordId}`, {
    headers: { "x-api-key": secretOf(acme, role) },
  })
