/**
 * A web site that embeds Assent, over the real service: pages of its own, the Site API under its own origin, and
 * another company whose scripts and frames it embeds. Both record what browsers ask of them.
 */
import { createServer, type IncomingMessage, request as send, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as Service from "../server.ts"

/** A page: what is in its head after the script tag, its body, and further header fields. */
export interface SitePage {
  readonly head?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** In place of the script tag of the loader; empty: none. */
  readonly tag?: string
}

/**
 * How requests to the Site API fare: passed on, answered with a status, not answered, or carried out but cut off before
 * their answer. Script files are always passed on.
 */
export type Network = "up" | "down" | "cut" | 429 | 500

/** A request that arrived. */
export interface Arrived {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage["headers"]
  readonly body: string
}

/** The site. */
export interface Site {
  /** On `localhost`, which is a domain of the demonstration's project. */
  readonly origin: string
  /** The address of the project's Site API under the site's own origin. */
  readonly api: string
  /** The other company, on another site. */
  readonly other: string
  readonly service: Service.Server
  readonly page: (path: string, page: SitePage) => string
  /** What the site was asked for. */
  readonly arrived: () => ReadonlyArray<Arrived>
  /** What the other company was asked for. */
  readonly otherArrived: () => ReadonlyArray<Arrived>
  /** The violations of content security policies that browsers reported. */
  readonly reports: () => ReadonlyArray<string>
  readonly setNetwork: (network: Network) => void
  /** Requests to the Site API wait so long on their way. */
  readonly setDelay: (millis: number) => void
  readonly forget: () => void
  /** Creates a consent type of the category `privacy_setting`, with its subcategory as its label. */
  readonly addType: (subcategory: string, name: string) => Promise<void>
  /** Publishes the regions: answers then last as long as their rules say. */
  readonly publish: () => Promise<void>
  /** All events of the ledger, in the order of `consentDate`. */
  readonly events: () => Promise<ReadonlyArray<LedgerEvent>>
  readonly stop: () => Promise<void>
}

/** An event as the ledger answers it, in part. */
export interface LedgerEvent {
  readonly id: string
  readonly concordId: string
  readonly consentType: string
  readonly label: string
  readonly consentState: string
  readonly consentAction: string
  readonly consentDate: string
  readonly externalId?: string
  readonly evidence?: Readonly<Record<string, unknown>>
}

/** The path under which the site answers for the service. */
const prefix = "/assent"

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const listen = async (server: Server, host: string): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return (server.address() as AddressInfo).port
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

const heading = "<h1>A walk along the river</h1><p>The river comes down from the hills in the north.</p>"

const markup = (tag: string, { body = heading, head = "" }: SitePage): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
  `<title>A walk along the river</title><link rel="icon" href="data:,">${tag}${head}</head><body>${body}</body></html>`

/** Each of the other company's scripts notes in the page that it ran, and can take its time to arrive. */
const otherScript = (path: string): string =>
  `(window.ran = window.ran || []).push(${JSON.stringify(path.slice(1).split(/[.?]/)[0])})`

const otherServer = (arrived: Array<Arrived>): Server =>
  createServer((request, response) => {
    const { headers, method = "", url = "" } = request
    arrived.push({ method, path: url, headers, body: "" })
    const wait = Number(new URL(url, "http://other").searchParams.get("wait") ?? 0)
    if (url.startsWith("/missing")) return void response.writeHead(404).end()
    const isFrame = url.startsWith("/frame")
    const type = isFrame ? "text/html" : "text/javascript"
    setTimeout(() => {
      response.writeHead(200, { "content-type": type, "access-control-allow-origin": "*", "cache-control": "no-store" })
      response.end(isFrame ? "<!doctype html><title>frame</title>" : otherScript(url))
    }, wait)
  })

/** Starts the service with an empty ledger, and the site of its demonstration's project. */
export const startSite = async (env: Readonly<Record<string, string>> = {}): Promise<Site> => {
  const service = await Service.startEmpty(env)
  const { apiKey, organization, project } = service.banner()
  const pages = new Map<string, SitePage>()
  const arrived: Array<Arrived> = []
  const otherArrived: Array<Arrived> = []
  const reports: Array<string> = []
  let network: Network = "up"
  let delay = 0
  const api = `${prefix}/site-v1/${project}`
  const loader = `<script src="${api}/site-client"></script>`

  const passOn = (request: IncomingMessage, body: Buffer, response: ServerResponse) => {
    const isFile = request.url!.includes("/site-client")
    const fate = isFile ? "up" : network
    if (fate === "down") return void request.socket.destroy()
    if (typeof fate === "number") return void response.writeHead(fate, { "retry-after": "1" }).end()
    const { method } = request
    const path = request.url!.slice(prefix.length)
    const headers = { ...request.headers, "content-length": String(body.byteLength) }
    const options = { host: "127.0.0.1", port: service.port, path, method, headers }
    const passed = send(options, (answered) => {
      if (fate === "cut") return void request.socket.destroy()
      response.writeHead(answered.statusCode!, answered.rawHeaders)
      answered.pipe(response)
    })
    passed.once("error", () => request.socket.destroy())
    passed.end(body)
  }

  const site = createServer(async (request, response) => {
    const { headers, method = "", url = "" } = request
    const body = await readBody(request)
    if (url === "/reports") reports.push(body.toString())
    else arrived.push({ method, path: url, headers, body: body.toString() })
    if (url.startsWith(`${prefix}/`)) return void setTimeout(() => passOn(request, body, response), delay)
    const page = pages.get(url.split("?")[0]!)
    if (page === undefined) return void response.writeHead(url === "/reports" ? 204 : 404).end()
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", ...page.headers })
    response.end(markup(page.tag ?? loader, page))
  })
  const other = otherServer(otherArrived)
  const origin = `http://localhost:${await listen(site, "localhost")}`
  const events = async () => {
    const path = `/privacy-v1/organizations/${organization}/projects/${project}/consent-events?order=asc&limit=100`
    const all: Array<LedgerEvent> = []
    for (let page = ""; ;) {
      const { json } = await service.request("GET", path + page, { headers: { "x-api-key": apiKey } })
      all.push(...json.items)
      if (json.nextCursor === undefined) return all
      page = `&cursor=${encodeURIComponent(json.nextCursor)}`
    }
  }
  const addType = async (subcategory: string, name: string) => {
    const json = {
      category: "privacy_setting",
      subcategory: [subcategory],
      label: subcategory,
      name,
      description: name,
    }
    const path = `/privacy-v1/organizations/${organization}/projects/${project}/consent-types`
    const { status, text } = await service.request("POST", path, { headers: { "x-api-key": apiKey }, json })
    if (status >= 300) throw new Error(text)
  }
  const publish = async () => {
    const path = `/privacy-v1/organizations/${organization}/projects/${project}/site-client/publish`
    const { status, text } = await service.request("POST", path, { headers: { "x-api-key": apiKey }, json: {} })
    if (status >= 300) throw new Error(text)
  }
  return {
    origin,
    addType,
    publish,
    api: `${origin}${api}`,
    other: `http://127.0.0.1:${await listen(other, "127.0.0.1")}`,
    service,
    page: (path, page) => {
      pages.set(path, page)
      return origin + path
    },
    arrived: () => arrived,
    otherArrived: () => otherArrived,
    reports: () => reports,
    setNetwork: (given) => (network = given),
    setDelay: (millis) => (delay = millis),
    forget: () => {
      for (const list of [arrived, otherArrived, reports]) list.length = 0
    },
    events,
    stop: async () => {
      await Promise.all([close(site), close(other)])
      await service.stop()
    },
  }
}
