/**
 * The site of the demonstration: a web site as another company would run it, in a server of its own. It answers for
 * Assent under its own origin by passing requests on, which is the deployment that docs/browser.md recommends.
 *
 * It shows what the ledger holds about a person to every page that names the person's id, so it runs only over the
 * ledger of the demonstration.
 */
import { Clock, Effect, Option } from "effect"
import { HttpServer } from "effect/http"
import { randomBytes } from "node:crypto"
import { createServer, type IncomingMessage, request as send, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as ConsentTypeVersions from "../../core/catalog/ConsentTypeVersions.ts"
import * as Founding from "../../core/catalog/Founding.ts"
import * as Instant from "../../core/engine/Instant.ts"
import { Ledger } from "../../core/Ledger.ts"
import { isUuid } from "../../core/ledger/Identifiers.ts"
import type { ListedType, ProjectScope } from "../../core/model/Catalog.ts"
import * as DemonstrationPage from "./DemonstrationPage.ts"

/** The most events that the page shows. */
const shownEvents = 20

/** What the ledger holds about a person, in the words of the page. */
const held = Effect.fnUntraced(function* (scope: ProjectScope, concordId: string | undefined) {
  const { organization, project, types } = scope
  const ledger = yield* Ledger
  const now = yield* Clock.currentTimeMillis
  const nameOf = (type: ListedType | undefined) => type && ConsentTypeVersions.inForce(type, now).name
  const { items } = yield* ledger.decisions({ organization, project, concordId })
  const decisions = items.map(({ decision, type }) => ({
    name: nameOf(type),
    status: decision.status,
    permitted: decision.permitted,
    because: decision.because.rule,
    ...(decision.expiresAt !== undefined && { expiresAt: Instant.format(decision.expiresAt) }),
  }))
  if (concordId === undefined) return { decisions, events: [] }
  const listed = yield* ledger.list(scope, "demonstration site", { concordId, limit: shownEvents })
  const events = (listed._tag === "Listed" ? listed.items : []).map(({ body, consentType }) => ({
    ...JSON.parse(body),
    name: nameOf(types.byId.get(consentType)),
  }))
  return { decisions, events }
})

const answer = (response: ServerResponse, status: number, type: string, body: string, fields = {}): void => {
  const headers = { "content-type": type, "cache-control": "no-store", "x-content-type-options": "nosniff", ...fields }
  response.writeHead(status, headers).end(body)
}

/** Passes a request to the service, and its answer back, byte for byte. */
const passOn = (request: IncomingMessage, response: ServerResponse, path: string, service: URL): void => {
  const { hostname, port } = service
  const passed = send({ hostname, port, path, method: request.method, headers: request.headers }, (answered) => {
    response.writeHead(answered.statusCode!, answered.rawHeaders)
    answered.pipe(response)
  })
  passed.once("error", () => (response.headersSent ? response.destroy() : response.writeHead(502).end()))
  response.once("close", () => passed.destroy())
  request.pipe(passed)
}

/** What answers about a person. */
type Ask = (concordId: string | undefined) => Promise<unknown>

const answerTo = (request: IncomingMessage, response: ServerResponse, service: URL, scope: ProjectScope, ask: Ask) => {
  const { method, url = "" } = request
  if (url.startsWith(`${DemonstrationPage.assentPath}/site-v1/`)) {
    return passOn(request, response, url.slice(DemonstrationPage.assentPath.length), service)
  }
  const { pathname, searchParams } = new URL(url, "http://localhost")
  if (method !== "GET") return answer(response, 405, "text/plain", "only GET", { allow: "GET" })
  if (pathname === "/counter.js") return answer(response, 200, "text/javascript", DemonstrationPage.counter)
  if (pathname === "/ledger") {
    const given = searchParams.get("concordId")
    const concordId = given !== null && isUuid(given) ? given : undefined
    return void ask(concordId).then(
      (found) => answer(response, 200, "application/json", JSON.stringify(found)),
      () => answer(response, 503, "text/plain", "the ledger cannot be read"),
    )
  }
  if (pathname !== "/") return answer(response, 404, "text/plain", "there is nothing at this path")
  const nonce = randomBytes(18).toString("base64")
  const fields = { "content-security-policy": DemonstrationPage.policy(nonce), "referrer-policy": "no-referrer" }
  answer(response, 200, "text/html; charset=utf-8", DemonstrationPage.page(scope.project, nonce), fields)
}

/** Listens on a port; where it is taken, on any free one. */
const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", (error) =>
      port === 0 ? reject(error) : resolve(listen(server.removeAllListeners("listening"), host, 0)),
    )
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })

/** The site listens this many ports above the service. */
const portDistance = 80

/**
 * Serves the site until the scope closes, if the ledger is that of the demonstration. Returns its address, on the host
 * that the demonstration's project names.
 */
export const serve = Effect.gen(function* () {
  const ledger = yield* Ledger
  const { address } = yield* HttpServer.HttpServer
  const project = Founding.demonstrationOf(yield* ledger.catalog)
  if (project === undefined || address._tag === "UnixPathAddress") return undefined
  const scope = yield* ledger.projectScope(project.id)
  if (Option.isNone(scope)) return undefined
  const services = yield* Effect.context<Ledger>()
  const ask: Ask = (concordId) => Effect.runPromiseWith(services)(held(scope.value, concordId))
  const service = new URL(HttpServer.formatAddress(address))
  const hostname = service.hostname.replace(/^\[(.*)\]$/, "$1")
  const port = Number(service.port)
  const server = createServer((request, response) => answerTo(request, response, service, scope.value, ask))
  const open = Effect.promise(() => listen(server, hostname, port + portDistance))
  const close = Effect.sync(() => {
    server.close()
    server.closeAllConnections()
  })
  const found = yield* Effect.acquireRelease(open, () => close)
  return `http://localhost:${found}`
})
