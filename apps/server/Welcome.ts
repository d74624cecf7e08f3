/**
 * Prints what the server shows when it has started: its URL, its ledger, and on an empty one the demonstration.
 */
import { Console, Effect, Option } from "effect"
import { HttpServer } from "effect/http"
import type { Founded } from "../../core/catalog/Founding.ts"
import { Ledger } from "../../core/Ledger.ts"
import * as Store from "../Store.ts"
import * as Demonstration from "./Demonstration.ts"
import * as DemonstrationSite from "./DemonstrationSite.ts"

/** The most projects whose events are counted, because each takes a read. */
const maxCounted = 16

const plural = (count: number, what: string): string =>
  `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`

/** The number of events of a ledger; nothing for one with many projects. */
const countEvents = Effect.gen(function* () {
  const ledger = yield* Ledger
  const { projects } = yield* ledger.catalog
  if (projects.size > maxCounted) return undefined
  const ends = yield* Effect.forEach([...projects.values()], (project) => ledger.ends(project))
  const lanes = ends.flatMap((positions) => [...positions].filter(([lane]) => typeof lane === "number"))
  return lanes.reduce((sum, [, end]) => sum + end, 0)
})

/** How `assent` is run from where this program is. */
const assent = import.meta.filename.endsWith(".ts") ? "npm run -s assent --" : "npx assent"

/** What is said of mails that wait because there is no mail server. */
const describeMails = Effect.gen(function* () {
  const ledger = yield* Ledger
  const { waiting } = yield* ledger.mails.counts
  if (waiting === 0) return []
  const wait = `${plural(waiting, "mail")} ${waiting === 1 ? "waits" : "wait"}`
  return [`mails: ${wait}, because ASSENT_SMTP_URL is not set; see: ${assent} outbox list`]
})

/** Which ledger is served, and how much it holds. */
const describe = Effect.fnUntraced(function* (store: string) {
  const ledger = yield* Ledger
  const { projects } = yield* ledger.catalog
  const events = yield* countEvents
  const counts = [plural(projects.size, "project"), ...(events === undefined ? [] : [plural(events, "event")])]
  const forgets = Store.isKept(store) ? "" : "; it is forgotten when this process ends"
  return `ledger: ${Store.redact(store)}, ${counts.join(", ")}${forgets}`
})

const demonstration = (url: string, { apiKey, consentTypes, organization, project }: Founded): string =>
  `
The ledger was empty: a demonstration is set up, for localhost. The API key is shown only now.
  organization  ${organization.id}
  project       ${project.id}
  API key       ${apiKey}
Consent types:
${consentTypes.map(({ id, category, subcategory, label }) => `  ${id}  ${category} / ${subcategory} / ${label}`).join("\n")}

Try it: paste this into another terminal.

${Demonstration.variables({ url, apiKey, organization: organization.id, project: project.id })}

${Demonstration.requests}

Another API key: ${assent} key --role owner
A ledger of your own: docs/operating.md, "From the demonstration to production"
`

/** The log of a service is read where its standard output is not. */
const expectedElsewhere =
  `the store was empty, and a demonstration was set up in it: if a ledger should be there, look at ${Store.variable}, ` +
  `at its volume and at its backup; ${Store.demonstrationVariable}=off refuses to start instead`

const stops = "the service stops: requests that it has accepted are answered, and then the process ends"

/**
 * Prints the address, the ledger, and how many mails wait if no mail server is set (`isMailing`). On an empty ledger it
 * first founds the demonstration, and prints how to try it. Over the demonstration it serves a site as well, unless it
 * must not (`isDemonstrating`).
 */
export const print = Effect.fnUntraced(function* (store: string, isMailing: boolean, isDemonstrating: boolean) {
  const ledger = yield* Ledger
  const server = yield* HttpServer.HttpServer
  const url = HttpServer.formatAddress(server.address)
  const founded = yield* ledger.found
  // An end without this line was no end that was asked for.
  yield* Effect.addFinalizer(() => Effect.logInfo(stops))
  // The service runs although its ledger cannot be read just now.
  const described = yield* Effect.option(describe(store))
  const mails = isMailing ? [] : yield* Effect.orElseSucceed(describeMails, () => [])
  const listens = `Assent listens on ${url} (reference: ${url}/docs)`
  const site = isDemonstrating ? yield* Effect.orElseSucceed(DemonstrationSite.serve, () => undefined) : undefined
  const shown =
    site === undefined ? [] : [`demonstration site: ${site} (a page that asks, and what the ledger then holds)`]
  yield* Console.log([listens, ...Option.toArray(described), ...mails, ...shown].join("\n"))
  if (Option.isNone(founded)) return
  yield* Console.log(demonstration(url, founded.value))
  if (Store.isKept(store) && store !== Store.defaultUrl) yield* Effect.logWarning(expectedElsewhere)
})
