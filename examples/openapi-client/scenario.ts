/**
 * Uses the service through types that are generated from its `/openapi.json`, and nothing else: a visitor says yes on a
 * page, a server records that the visitor said no, and each of them reads the current state. Prints one line for each
 * step.
 *
 * Reads ASSENT_URL, ASSENT_ORGANIZATION, ASSENT_PROJECT, ASSENT_API_KEY and ASSENT_CONSENT_TYPE, which the service
 * prints when it starts on an empty store.
 */
import createClient from "openapi-fetch"
import type { paths } from "./api.d.ts"

const setting = (name: string): string => {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set`)
  return value
}

const client = createClient<paths>({ baseUrl: setting("ASSENT_URL") })
const onSite = { projectId: setting("ASSENT_PROJECT") }
const inProject = { ...onSite, organizationId: setting("ASSENT_ORGANIZATION") }
const consentType = setting("ASSENT_CONSENT_TYPE")
const asServer = { "x-api-key": setting("ASSENT_API_KEY") }

/** The data of an answer. Throws if the answer is not a success. */
const answered = <Data>({ data, error }: { readonly data?: Data; readonly error?: unknown }): Data => {
  if (data === undefined) throw new Error(JSON.stringify(error))
  return data
}

/** An idempotency key for one POST. A request that is sent again with the same key is recorded once. */
const once = () => ({ "idempotency-key": crypto.randomUUID() })

const visitor = answered(
  await client.POST("/site-v1/{projectId}/session", {
    params: { path: onSite },
    body: {},
    // A browser sends the Origin of its page by itself.
    headers: { origin: "http://localhost", ...once() },
  }),
)
const asVisitor = { "x-session": visitor.session }

const yes = answered(
  await client.POST("/site-v1/{projectId}/consent-events", {
    params: { path: onSite },
    headers: { ...asVisitor, ...once() },
    body: { items: [{ consentType, consentState: "accepted", consentAction: "user_click" }] },
  }),
)
console.log(`recorded ${yes.items.map(({ consentState }) => consentState).join()}`)

const seen = answered(
  await client.GET("/privacy-v1/organizations/{organizationId}/projects/{projectId}/consent-state", {
    params: { path: inProject, query: { concordId: visitor.concordId } },
    headers: asServer,
  }),
)
console.log(`the server sees ${seen.items.map(({ consentState }) => consentState).join()}`)

answered(
  await client.POST("/privacy-v1/organizations/{organizationId}/projects/{projectId}/consent-events", {
    params: { path: inProject },
    headers: { ...asServer, ...once() },
    body: {
      items: [
        { concordId: visitor.concordId, consentType, consentState: "declined", consentAction: "import", version: 1 },
      ],
    },
  }),
)

const state = answered(
  await client.GET("/site-v1/{projectId}/consent-state", { params: { path: onSite }, headers: asVisitor }),
)
console.log(`the visitor sees ${state.items.map(({ consentState }) => consentState).join()}`)

const decisions = answered(
  await client.GET("/site-v1/{projectId}/consent-decisions", { params: { path: onSite }, headers: asVisitor }),
)
console.log(`decided ${decisions.items.find((decision) => decision.consentType === consentType)?.status}`)

const refused = await client.POST("/site-v1/{projectId}/consent-events", {
  params: { path: onSite },
  headers: { ...asVisitor, ...once() },
  body: {
    items: [
      {
        consentType: "00000000-0000-4000-8000-000000000000",
        consentState: "accepted",
        consentAction: "user_click",
      },
    ],
  },
})
console.log(`refused ${refused.error?.statusCode} ${refused.error?.errors?.map(({ code }) => code).join()}`)
