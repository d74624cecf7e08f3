/**
 * Prints what the server shows when it has started: its URL, and example requests that work as they are.
 */
import { Console, Effect, Option } from "effect"
import { HttpServer } from "effect/http"
import { Ledger } from "../../core/Ledger.ts"

const curl = (method: string, url: string, headers: Readonly<Record<string, string>>, body?: unknown): string =>
  [
    `curl --request ${method} --url ${url}`,
    ...Object.entries(headers).map(([name, value]) => `  --header '${name}: ${value}'`),
    ...(body === undefined ? [] : [`  --data '${JSON.stringify(body)}'`]),
  ].join(" \\\n")

const json = { "Content-Type": "application/json" }

/** Founds the demonstration in an empty store and prints how to try it; otherwise prints only the URL. */
export const print = Effect.gen(function* () {
  const ledger = yield* Ledger
  const server = yield* HttpServer.HttpServer
  const url = HttpServer.formatAddress(server.address)
  const founded = yield* ledger.found
  yield* Console.log(`Assent listens on ${url} (reference: ${url}/docs)`)
  if (Option.isNone(founded)) return
  const { apiKey, consentTypes, organization, project } = founded.value
  const types = (yield* ledger.catalog).consentTypes.get(project.id)!
  const opened = yield* ledger.openSession({ organization, project, ipAddress: "127.0.0.1", domain: "localhost" })
  // The outcome is always `Opened`, because only a request with an idempotency key can have another outcome.
  if (opened._tag !== "Opened") return
  const { session, token } = opened
  const scope = `${url}/site-v1/${project.id}`
  const privacy = `${url}/privacy-v1/organizations/${organization.id}/projects/${project.id}`
  const item = {
    concordId: session.concordId,
    consentType: consentTypes[0]!.id,
    consentState: "accepted",
    consentAction: "user_click",
  }
  const names = types.all.map(
    ({ id, category, subcategory, label }) => `  ${id}  ${category} / ${subcategory} / ${label}`,
  )
  yield* Console.log(`
The store was empty: a demonstration is set up. The API key is shown only now.
  organization  ${organization.id}
  project       ${project.id}
  API key       ${apiKey}
Consent types:
${names.join("\n")}

1. Record that a visitor accepted:
${curl("POST", `${privacy}/consent-events`, { ...json, "x-api-key": apiKey }, { items: [item] })}

2. Ask what the visitor's consent is (this session lasts 30 minutes after its last use):
${curl("GET", `${scope}/consent-state`, { "x-session": token })}

3. Ask why:
${curl("GET", `${scope}/consent-decisions`, { "x-session": token })}

4. Open a session as another visitor's browser would:
${curl("POST", `${scope}/session`, { ...json, Origin: "http://localhost" }, {})}
`)
})
