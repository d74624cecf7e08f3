/**
 * A valid request to every endpoint of the API: sent with the right credential, each of these is answered 2xx.
 *
 * A key, a type or a join that a request ends is made for this request.
 */
import { exportJWK, generateKeyPair, SignJWT } from "jose"
import type { Organization, Project } from "../../core/model/Catalog.ts"
import type { Sent, Server } from "../support/server.ts"
import * as AttributeRequests from "./attributeRequests.ts"
import { mailOf } from "./complianceRequests.ts"
import {
  acme,
  blog,
  blogNewsletter,
  foreign,
  foreignNewsletter,
  other,
  privacy,
  secretOf,
  senderOf,
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
  /** A webhook that is sent almost nothing, to a port of this machine, which is not allowed; the others are removed. */
  const newWebhook = async (project: Project) => {
    const path = `${privacy(project)}/webhooks`
    const { items } = await asOwnerOf(ownerOf(project), "GET", path)
    if (items.length > 10) for (const { id } of items) await asOwnerOf(ownerOf(project), "DELETE", `${path}/${id}`)
    return { url: "https://localhost:8443/", types: ["reevaluation.ended"] }
  }
  const ofWebhook =
    (json?: object): Make =>
    async (project) => {
      const path = `${privacy(project)}/webhooks`
      const { id } = await asOwnerOf(ownerOf(project), "POST", path, { json: await newWebhook(project) })
      return { params: { id }, ...(json !== undefined && { json }) }
    }
  const renamed = () => ({ json: { name: fresh("Name") } })
  const openRequest = async (project: Project) => {
    const json = { items: [{ request: "view", user: { email: `${fresh("asks")}@example.com` } }] }
    const path = `${privacy(project)}/compliance-requests`
    const { items } = await asOwnerOf(ownerOf(project), "POST", path, { json })
    return { id: items[0].id as string }
  }

  /** A request that takes files. */
  const verifiedRequest = async (project: Project) => {
    const json = { items: [{ request: "view", user: { email: `${fresh("asks")}@example.com` }, preverified: true }] }
    const path = `${privacy(project)}/compliance-requests`
    const { items } = await asOwnerOf(ownerOf(project), "POST", path, { json })
    return { id: items[0].id as string }
  }
  const attachedFile = async (project: Project) => {
    const { id } = await verifiedRequest(project)
    const path = `${privacy(project)}/compliance-requests/${id}/files?fileName=a.txt`
    const { files } = await asOwnerOf(ownerOf(project), "POST", path, { body: "a" })
    return { params: { id, fileId: files[0].id as string } }
  }

  /** A version that is planned, and a language of texts that it does not have. */
  const planned = async (project: Project) => {
    const types = `${privacy(project)}/consent-types`
    const { id } = await asOwnerOf(ownerOf(project), "POST", types, { json: newType() })
    const json = { name: fresh("Planned"), publishedAt: "2999-01-01T00:00:00Z" }
    const { versions } = await asOwnerOf(ownerOf(project), "PATCH", `${types}/${id}`, { json })
    return { id: id as string, version: versions[1].id as string, language: "de" }
  }

  const ofSender = ({ organization }: Project) => ({ params: { id: senderOf(organization) } })
  const mailText = { subject: "{organization}", text: "{request}" }
  const newSystem = () => ({ name: fresh("System"), status: "active" })
  const madeSystem = async (project: Project) => {
    const path = `${organizations}/${project.organization}/data-systems`
    return { id: (await asOwnerOf(ownerOf(project), "POST", path, { json: newSystem() })).id as string }
  }
  /** A connector that is sent nothing, because it takes no tasks. */
  const connector = { url: "https://localhost:8443/", isActive: false }
  const connectedSystem = async (project: Project) => {
    const params = await madeSystem(project)
    const path = `${organizations}/${project.organization}/data-systems/${params.id}/connector`
    await asOwnerOf(ownerOf(project), "PUT", path, { json: connector })
    return { params }
  }
  /** Requests to the four endpoints of a door to attributes. */
  const ofDoor = ({ family, path, query }: AttributeRequests.Door): ReadonlyArray<readonly [string, Make]> => {
    const newOne = () => AttributeRequests.newAttribute(family, fresh("Attribute"))
    const given = query === undefined ? {} : { query }
    const made = async (project: Project) => {
      const at = pathOf(`${organizationPath}/${path}`, { organizationId: project.organization }, query)
      return { id: (await asOwnerOf(ownerOf(project), "POST", at, { json: newOne() })).id as string }
    }
    return [
      [`GET ${organizationPath}/${path}`, plain],
      [`POST ${organizationPath}/${path}`, () => ({ json: newOne(), ...given })],
      [`PATCH ${organizationPath}/${path}/:id`, async (project) => ({ params: await made(project), ...renamed() })],
      [`DELETE ${organizationPath}/${path}/:id`, async (project) => ({ params: await made(project) })],
    ]
  }

  const regionsOf = (project: Project) => `${privacy(project)}/regions`
  const newRegion = () => ({ name: fresh("Region"), regions: [`FR-${(++count).toString(36)}`] })
  /** A region that can be deleted. */
  const madeRegion = async (project: Project) => {
    const { id } = await asOwnerOf(ownerOf(project), "POST", regionsOf(project), { json: newRegion() })
    return { params: { id: id as string } }
  }
  const regionTexts = { consentBanner: { title: "Onze site" } }
  /** Texts of a region of its own, because a region has at most 50 languages. */
  const madeTexts = async (project: Project) => {
    const { params } = await madeRegion(project)
    const json = { language: "nl", ...regionTexts }
    await asOwnerOf(ownerOf(project), "POST", `${regionsOf(project)}/${params.id}/languages`, { json })
    return { params: { ...params, languageId: "nl" } }
  }

  const newTracker = () => ({ name: fresh("tracker"), type: "cookie", category: "analytics" })
  const madeTracker = async (project: Project) => {
    const [{ id }] = await asOwnerOf(ownerOf(project), "POST", `${privacy(project)}/trackers`, { json: newTracker() })
    return { params: { id: id as string } }
  }

  return new Map<string, Make>([
    [`GET ${projectPath}/trackers`, plain],
    [`POST ${projectPath}/trackers`, () => ({ json: newTracker() })],
    [`PATCH ${projectPath}/trackers/:id`, async (project) => ({ ...(await madeTracker(project)), ...renamed() })],
    [`DELETE ${projectPath}/trackers/:id`, madeTracker],
    [`GET ${projectPath}/tracker-scan-history`, plain],
    [`GET ${sitePath}/trackers`, plain],
    [
      `POST ${sitePath}/trackers`,
      () => ({ json: { items: [{ type: "script", domain: "stats.example", path: "/count.js", first: "parser" }] } }),
    ],
    [`GET ${projectPath}/regions`, plain],
    [`POST ${projectPath}/regions`, () => ({ json: newRegion() })],
    [`GET ${projectPath}/regions/:id`, ({ id }) => ({ params: { id } })],
    [`PATCH ${projectPath}/regions/:id`, ({ id }) => ({ params: { id }, ...renamed() })],
    [`DELETE ${projectPath}/regions/:id`, madeRegion],
    [`GET ${projectPath}/regions/:id/languages`, ({ id }) => ({ params: { id } })],
    [
      `POST ${projectPath}/regions/:id/languages`,
      async (project) => ({ ...(await madeRegion(project)), json: { language: "nl", ...regionTexts } }),
    ],
    [`GET ${projectPath}/regions/:id/languages/:languageId`, madeTexts],
    [
      `PATCH ${projectPath}/regions/:id/languages/:languageId`,
      async (project) => ({ ...(await madeTexts(project)), json: regionTexts }),
    ],
    [`DELETE ${projectPath}/regions/:id/languages/:languageId`, madeTexts],
    [`POST ${projectPath}/site-client/publish`, () => ({ json: { dryRun: true } })],
    [`GET ${projectPath}/site-client/publications`, plain],
    [`GET ${organizationPath}/emails`, plain],
    [`POST ${organizationPath}/emails`, () => ({ json: { name: fresh("Sender"), email: "office@example.com" } })],
    [`PATCH ${organizationPath}/emails/:id`, (project) => ({ ...ofSender(project), ...renamed() })],
    [`DELETE ${organizationPath}/emails/:id`, ofSender],
    [`POST ${organizationPath}/emails/:id/verification`, ofSender],
    [`POST ${organizationPath}/emails/:id/verify`, (project) => ({ ...ofSender(project), json: { code: "12345678" } })],
    [`GET ${organizationPath}/mail-texts`, plain],
    [
      `PUT ${organizationPath}/mail-texts/:name/:language`,
      () => ({ params: { name: "received", language: "nl" }, json: mailText }),
    ],
    [
      `DELETE ${organizationPath}/mail-texts/:name/:language`,
      async (project) => {
        const params = { name: "received", language: "sv" }
        const path = `${organizations}/${project.organization}/mail-texts/received/sv`
        await asOwnerOf(ownerOf(project), "PUT", path, { json: mailText })
        return { params }
      },
    ],
    [`GET ${organizationPath}/data-systems`, plain],
    [`POST ${organizationPath}/data-systems`, () => ({ json: newSystem() })],
    [
      `PATCH ${organizationPath}/data-systems/:id`,
      async (project) => ({ params: await madeSystem(project), json: { crossBorder: true } }),
    ],
    [`DELETE ${organizationPath}/data-systems/:id`, async (project) => ({ params: await madeSystem(project) })],
    [`GET ${organizationPath}/register`, plain],
    [
      `POST ${organizationPath}/data-systems/import`,
      () => ({ json: { system: [{ fides_key: fresh("system").replaceAll(/\W/g, "_"), name: fresh("System") }] } }),
    ],
    [`GET ${organizationPath}/data-systems/:id/connector`, connectedSystem],
    [
      `PUT ${organizationPath}/data-systems/:id/connector`,
      async (project) => ({ params: await madeSystem(project), json: connector }),
    ],
    [`DELETE ${organizationPath}/data-systems/:id/connector`, connectedSystem],
    [`POST ${organizationPath}/data-systems/:id/connector/secret`, connectedSystem],
    ...AttributeRequests.doors.flatMap(ofDoor),
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
    [`GET ${projectPath}/changes`, () => ({ query: "limit=10" })],
    [`GET ${projectPath}/metrics/consent`, () => ({ query: "startDate=2026-01-01T00:00:00Z&endDate=1769904000000" })],
    [`GET ${organizationPath}/metrics`, () => ({ query: "startDate=2026-01-01T00:00:00Z&endDate=1769904000000" })],
    [`GET ${organizationPath}/metrics/compliance`, () => ({ query: "year=2026" })],
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
        const { id, version } = await planned(project)
        return { params: { id, version } }
      },
    ],
    [
      `PUT ${projectPath}/consent-types/:id/versions/:version/texts/:language`,
      async (project) => ({ params: await planned(project), json: { name: "Geplant" } }),
    ],
    [
      `DELETE ${projectPath}/consent-types/:id/versions/:version/texts/:language`,
      async (project) => {
        const params = await planned(project)
        const { id, language, version } = params
        const path = `${privacy(project)}/consent-types/${id}/versions/${version}/texts/${language}`
        await asOwnerOf(ownerOf(project), "PUT", path, { json: { name: "Geplant" } })
        return { params }
      },
    ],
    [`GET ${projectPath}/languages`, plain],
    [`GET ${projectPath}/site-client`, plain],
    [`PUT ${projectPath}/languages`, () => ({ json: { default: "en", offered: ["en", "de"] } })],
    [`GET ${projectPath}/webhooks`, plain],
    [`POST ${projectPath}/webhooks`, async (project) => ({ json: await newWebhook(project) })],
    [`GET ${projectPath}/webhooks/:id`, ofWebhook()],
    [`PATCH ${projectPath}/webhooks/:id`, ofWebhook({ name: "Renamed" })],
    [`DELETE ${projectPath}/webhooks/:id`, ofWebhook()],
    [`POST ${projectPath}/webhooks/:id/secret`, ofWebhook({ overlap: "PT1H" })],
    [`POST ${projectPath}/webhooks/:id/test`, ofWebhook()],
    [`POST ${projectPath}/webhooks/:id/replay`, ofWebhook({ deadLetters: true })],
    [`GET ${projectPath}/webhooks/:id/deliveries`, ofWebhook()],
    [`GET ${projectPath}/webhooks/:id/dead-letters`, ofWebhook()],
    [`GET ${projectPath}/compliance-requests`, plain],
    [
      `POST ${projectPath}/compliance-requests`,
      () => ({ json: { items: [{ request: "view", user: { email: "asks@example.com" } }] } }),
    ],
    [`GET ${projectPath}/compliance-requests/:id`, async (project) => ({ params: await openRequest(project) })],
    [
      `PATCH ${projectPath}/compliance-requests/:id`,
      async (project) => ({ params: await openRequest(project), json: { notes: "Called back" } }),
    ],
    [
      `POST ${projectPath}/compliance-requests/:id/files`,
      async (project) => ({ params: await verifiedRequest(project), query: "fileName=a.json", json: { a: "file" } }),
    ],
    [`GET ${projectPath}/compliance-requests/:id/files/:fileId`, attachedFile],
    [`DELETE ${projectPath}/compliance-requests/:id/files/:fileId`, attachedFile],
    [
      `POST ${projectPath}/compliance-requests/:id/verification`,
      async (project) => ({ params: await openRequest(project) }),
    ],
    [
      `POST ${projectPath}/compliance-requests/:id/package`,
      async (project) => ({ params: await verifiedRequest(project) }),
    ],
    [
      `POST ${projectPath}/mails/:mailId/bounce`,
      async (project) => ({ params: { mailId: mailOf(server, (await verifiedRequest(project)).id) } }),
    ],
    [`GET ${projectPath}/compliance-requests-events`, plain],
    [`GET ${organizationPath}/compliance-requests`, plain],
    [`GET ${organizationPath}/compliance-requests-events`, plain],
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
    [
      `POST ${sitePath}/compliance-requests`,
      ({ domains }) => ({
        json: { request: "view", captureUrl: `https://${domains[0]}/privacy`, userEmail: "asks@example.com" },
      }),
    ],
    [`GET ${sitePath}/compliance-requests`, plain],
    [`GET ${sitePath}/compliance-requests/:id`, plain],
    [`POST ${sitePath}/compliance-requests/:id/withdraw`, plain],
    [`POST ${sitePath}/compliance-requests/:id/verification`, plain],
    [
      `POST ${sitePath}/compliance-requests/:id/verify`,
      async (project) => {
        const { token } = await identification(project, `${fresh("verified")}@example.com`)
        return { json: { token } }
      },
    ],
    [`POST ${sitePath}/session`, () => ({ json: {} })],
    [`GET ${sitePath}/health-check`, plain],
    [`GET ${sitePath}/visit`, plain],
    [
      `POST ${sitePath}/visit`,
      (project) => {
        const now = new Date().toISOString()
        const item = { ...visitorSays(project).items[0], externalId: fresh("choice"), consentDate: now }
        return { json: { sentAt: now, items: [item] } }
      },
    ],
    [`GET ${sitePath}/site-client`, plain],
    [`GET ${sitePath}/site-client/:file`, () => ({ params: { file: "none.js" } })],
    [`GET ${sitePath}/widget`, plain],
    ["GET /livez", plain],
    ["GET /readyz", plain],
  ])
}
