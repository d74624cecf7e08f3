/**
 * A valid request to every endpoint of the API: sent with the right credential, each of these is answered 2xx.
 *
 * A key, a type or a join that a request ends is made for this request.
 */
import { exportJWK, generateKeyPair, SignJWT } from "jose"
import type { Organization, Project } from "../../core/model/Catalog.ts"
import type { Sent, Server } from "../support/server.ts"
import {
  acme,
  blog,
  blogNewsletter,
  foreign,
  foreignNewsletter,
  other,
  privacy,
  secretOf,
  shop,
  types,
  visit,
  yes,
} from "./world.ts"

/** The parameters of a path other than organization and project, and the body. */
export interface Valid {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: string
  readonly json?: unknown
  /** NDJSON instead. */
  readonly rows?: string
}

/** Makes a valid request about a project, or its organization. */
export type Make = (project: Project) => Valid | Promise<Valid>

/** The bases of the paths below. */
export const organizations = "/privacy-v1/organizations"
export const organizationPath = `${organizations}/:organizationId`
export const projectPath = `${organizationPath}/projects/:projectId`
export const sitePath = "/site-v1/:projectId"

const ownerOf = ({ organization }: Project): Organization => [acme, other].find(({ id }) => id === organization)!

/** The consent type of each project's newsletter. */
const newsletterOf = ({ id }: Project): string =>
  ({ [shop.id]: types.newsletter.id, [blog.id]: blogNewsletter.id, [foreign.id]: foreignNewsletter.id })[id]!

/** Writes the path of an endpoint with its parameters. */
export const pathOf = (path: string, params: Readonly<Record<string, string>>, query?: string): string =>
  path.replaceAll(/:(\w+)/g, (_, name: string) => params[name]!) + (query === undefined ? "" : `?${query}`)

let count = 0
/** A name that nothing has had. */
export const fresh = (word: string): string => `${word}_${++count}`

/** The makers of valid requests, by method and path. Publishes a key that signs identity tokens of Acme and Other. */
export const makers = async (server: Server): Promise<ReadonlyMap<string, Make>> => {
  const { privateKey, publicKey } = await generateKeyPair("ES256")
  const jwks = { keys: [await exportJWK(publicKey)] }

  const asOwnerOf = async (owner: Organization, method: string, path: string, sent: Sent = {}) => {
    const headers = { "x-api-key": secretOf(owner, "owner") }
    const answer = await server.request(method, path, { ...sent, headers })
    if (answer.status >= 300) throw new Error(`${method} ${path} was answered ${answer.text}`)
    return answer.json
  }
  for (const owner of [acme, other]) {
    await asOwnerOf(owner, "PATCH", `${organizations}/${owner.id}`, { json: { jwks } })
  }

  const proof = (owner: Organization, subject: string): Promise<string> =>
    new SignJWT({ sub: subject, iss: owner.id, jti: fresh("proof") })
      .setProtectedHeader({ alg: "ES256" })
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(privateKey)
  const identification = async (project: Project, userId: string) => ({
    type: "userId",
    value: userId,
    token: await proof(ownerOf(project), userId),
  })
  const recorded = async (project: Project, userId: string) => {
    const item = yes({ userId, consentType: newsletterOf(project) })
    const { items } = await asOwnerOf(ownerOf(project), "POST", `${privacy(project)}/consent-events`, {
      json: { items: [item] },
    })
    return items[0] as { readonly id: string; readonly concordId: string }
  }
  const newType = () => {
    const label = fresh("label")
    return { category: "custom", subcategory: "club", label, name: `Type ${label}` }
  }
  const madeKey = async (project: Project) => {
    const json = { name: fresh("key"), role: "viewer" }
    const path = `${organizations}/${project.organization}/api-keys`
    const { id } = await asOwnerOf(ownerOf(project), "POST", path, { json })
    return id as string
  }
  /** A guest that is identified as a known person. */
  const join = async (project: Project) => {
    const userId = fresh("joined")
    const { concordId } = await recorded(project, userId)
    const visitor = await visit(server, {}, project)
    const headers = { "x-session": visitor.session }
    const json = await identification(project, userId)
    const identified = await server.request("POST", `/site-v1/${project.id}/identify`, { headers, json })
    if (identified.status !== 200) throw new Error(`nobody was joined: ${identified.text}`)
    const person = await asOwnerOf(
      ownerOf(project),
      "GET",
      `${organizations}/${project.organization}/people/${concordId}`,
    )
    return { concordId, joinId: person.facts[0].id as string }
  }

  /** Erases a person, and returns its id. */
  const erased = async (project: Project): Promise<string> => {
    const { concordId } = await recorded(project, fresh("erased"))
    const path = `${organizations}/${project.organization}/people/${concordId}/erasure`
    await asOwnerOf(ownerOf(project), "POST", path, { json: { confirm: concordId, reason: "request" } })
    return concordId
  }

  const joined: Record<string, { readonly concordId: string }> = {}

  const decided = (project: Project) => ({
    items: [{ person: { userId: "anybody" }, consentType: newsletterOf(project) }],
  })
  const visitorSays = (project: Project) => ({
    items: [{ consentType: newsletterOf(project), consentState: "declined", consentAction: "user_click" }],
  })
  const newOrganization = { name: "Made", primaryDomain: "made.example", privacyPolicyUrl: "https://made.example/p" }
  const aboutSomebody = () => ({ query: "userId=anybody" })
  const plain = () => ({})
  const renamed = () => ({ json: { name: fresh("Name") } })

  return new Map<string, Make>([
    [
      `POST ${projectPath}/consent-events`,
      (project) => ({ json: { items: [yes({ userId: "anybody", consentType: newsletterOf(project) })] } }),
    ],
    [
      `POST ${projectPath}/consent-events/import`,
      (project) => ({
        rows: JSON.stringify(
          yes({ userId: "anybody", consentType: newsletterOf(project), consentDate: "2024-01-31T00:00:00Z" }),
        ),
      }),
    ],
    [`GET ${projectPath}/consent-events`, plain],
    [
      `GET ${projectPath}/consent-events/:id`,
      async (project) => ({ params: { id: (await recorded(project, "anybody")).id } }),
    ],
    [`GET ${projectPath}/consent-state`, aboutSomebody],
    [`GET ${projectPath}/consent-decisions`, aboutSomebody],
    [`POST ${projectPath}/consent-decisions`, (project) => ({ json: decided(project) })],
    [`GET ${projectPath}/consent-types`, plain],
    [`POST ${projectPath}/consent-types`, () => ({ json: newType() })],
    [
      `PATCH ${projectPath}/consent-types/:id`,
      (project) => ({ params: { id: newsletterOf(project) }, json: { required: true } }),
    ],
    [
      `DELETE ${projectPath}/consent-types/:id`,
      async (project) => {
        const path = `${privacy(project)}/consent-types`
        return { params: { id: (await asOwnerOf(ownerOf(project), "POST", path, { json: newType() })).id } }
      },
    ],
    [
      `GET ${projectPath}/consent-types/:id/versions/:version`,
      (project) => ({ params: { id: newsletterOf(project), version: "1" } }),
    ],
    [
      `DELETE ${projectPath}/consent-types/:id/versions/:version`,
      async (project) => {
        const types = `${privacy(project)}/consent-types`
        const { id } = await asOwnerOf(ownerOf(project), "POST", types, { json: newType() })
        const json = { name: fresh("Planned"), publishedAt: "2999-01-01T00:00:00Z" }
        const { versions } = await asOwnerOf(ownerOf(project), "PATCH", `${types}/${id}`, { json })
        return { params: { id, version: versions[1].id } }
      },
    ],
    [`PATCH ${projectPath}`, renamed],
    [
      `GET ${organizationPath}/people/:concordId`,
      async (project) => {
        joined[project.id] ??= await join(project)
        return { params: { concordId: joined[project.id]!.concordId } }
      },
    ],
    [
      `GET ${organizationPath}/people/:concordId/data`,
      async (project) => {
        joined[project.id] ??= await join(project)
        return { params: { concordId: joined[project.id]!.concordId } }
      },
    ],
    [
      `DELETE ${organizationPath}/people/:concordId/joins/:joinId`,
      async (project) => ({ params: await join(project) }),
    ],
    [
      `POST ${organizationPath}/people/:concordId/identifiers/release`,
      async (project) => {
        const userId = fresh("released")
        const { concordId } = await recorded(project, userId)
        return { params: { concordId }, json: { userId, reason: "closed" } }
      },
    ],
    [
      `POST ${organizationPath}/people/identifiers/rename`,
      async (project) => {
        const userId = fresh("renamed")
        await recorded(project, userId)
        return { json: { items: [{ userId, newUserId: fresh("new") }] } }
      },
    ],
    [
      `POST ${organizationPath}/people/:concordId/erasure`,
      async (project) => {
        const { concordId } = await recorded(project, fresh("erased"))
        return { params: { concordId }, json: { confirm: concordId, reason: "request" } }
      },
    ],
    [
      `GET ${organizationPath}/people/:concordId/erasure`,
      async (project) => ({ params: { concordId: await erased(project) } }),
    ],
    [`GET ${organizationPath}/erasures`, plain],
    [
      `POST ${organizationPath}/erasures`,
      async (project) => {
        const userId = fresh("erased")
        const { concordId } = await recorded(project, userId)
        return { json: { person: { userId }, confirm: concordId, reason: "request" } }
      },
    ],
    [`GET ${organizations}`, plain],
    [`POST ${organizations}`, () => ({ json: newOrganization })],
    [`PATCH ${organizationPath}`, renamed],
    [`GET ${organizationPath}/projects`, plain],
    [`POST ${organizationPath}/projects`, renamed],
    [`GET ${organizationPath}/api-keys`, plain],
    [`POST ${organizationPath}/api-keys`, () => ({ json: { name: fresh("key"), role: "viewer" } })],
    [
      `PATCH ${organizationPath}/api-keys/:id`,
      async (project) => ({ params: { id: await madeKey(project) }, json: { name: fresh("key") } }),
    ],
    [`DELETE ${organizationPath}/api-keys/:id`, async (project) => ({ params: { id: await madeKey(project) } })],
    [`POST ${sitePath}/consent-events`, (project) => ({ json: visitorSays(project) })],
    [`GET ${sitePath}/consent-events`, plain],
    [`GET ${sitePath}/consent-state`, plain],
    [`GET ${sitePath}/consent-decisions`, plain],
    [`GET ${sitePath}/consent-types`, plain],
    [`POST ${sitePath}/identify`, async (project) => ({ json: await identification(project, fresh("identified")) })],
    [`POST ${sitePath}/profile`, () => ({ json: { firstName: "Ann" } })],
    [`POST ${sitePath}/session`, () => ({ json: {} })],
    [`GET ${sitePath}/health-check`, plain],
    ["GET /livez", plain],
    ["GET /readyz", plain],
  ])
}
