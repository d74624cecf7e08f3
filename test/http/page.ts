/**
 * The script of the page that calls the service in `browser.test.ts`: it does what a site's own script would.
 */
import * as Client from "../../adapters/http/client/Client.ts"

/** The values that the test gives the page. */
export interface Setting {
  readonly baseUrl: string
  readonly projectId: string
  readonly consentType: string
}

const converse = async ({ baseUrl, projectId, consentType }: Setting) => {
  let session: string | undefined
  const client = Client.promises({ baseUrl, session: () => session, retries: { backoffMillis: 2 } })
  const params = { projectId }
  const unknown = await client.site.getVisitorConsentState({ params, query: {} }).catch((error: unknown) => error)
  const opened = await client.open.createSession({ params, payload: {} })
  session = opened.session
  const items = [{ consentType, consentState: "accepted", consentAction: "user_click" }] as const
  const recorded = await client.site.createVisitorConsentEvents({ params, payload: { items } })
  const state = await client.site.getVisitorConsentState({ params, query: {} })
  const decisions = await client.site.getVisitorConsentDecisions({ params, query: {} })
  return {
    refused: unknown instanceof Client.Refusal ? unknown.problem.statusCode : String(unknown),
    concordId: opened.concordId,
    recorded: recorded.items,
    state: state.items,
    status: decisions.items.find((decision) => decision.consentType === consentType)?.status,
  }
}

/** The results of the page. */
export type Findings = Awaited<ReturnType<typeof converse>>

Object.assign(globalThis, { converse })
