/**
 * The web site of the browser benchmarks: pages, the files of other products, and the Site API of the service under
 * the site's own origin. Every request waits a given time before it is answered, as if it made a round trip.
 */
import { createServer, type IncomingMessage, request as send, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { brotliCompressSync } from "node:zlib"
import type { Demo } from "../http.ts"

/** A site. */
export interface Site {
  readonly origin: string
  /** The address of the loader. */
  readonly loader: string
  /** Another company: the same machine under another name. */
  readonly other: string
  /** Serves a page with a head and a body; answers its address. */
  readonly page: (path: string, head: string, body?: string) => string
  readonly setRoundTrip: (millis: number) => void
  /** The paths that were asked for, of the other company alone. */
  readonly asked: () => ReadonlyArray<string>
  /** The instant of the next answer to a visit that acts. */
  readonly nextActed: () => Promise<number>
  readonly forget: () => void
  readonly stop: () => Promise<void>
}

const lead = "The river comes down from the hills in the north, and the town has lived from it for two hundred years. "
const article = `<main><h1>A walk along the river</h1><p>${lead.repeat(3)}</p></main>`

const markup = (head: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
  `<title>A walk along the river</title><link rel="icon" href="data:,">${head}</head><body>${body}</body></html>`

const typeOf = (path: string): string =>
  /\.js/.test(path) ? "text/javascript" : path.endsWith(".css") ? "text/css" : "text/html; charset=utf-8"

/** What the other company answers: each of its scripts notes in the page that it ran. */
const answerOther = ({ url = "" }: IncomingMessage, response: ServerResponse) => {
  const name = url.slice(1).split(/[.?]/)[0]!
  response.writeHead(200, {
    "content-type": typeOf(url),
    "access-control-allow-origin": "*",
    "cache-control": "no-store",
  })
  response.end(/\.js/.test(url) ? `(window.ran = window.ran || []).push(${JSON.stringify(name)})` : "")
}

/** Starts the site of a service. */
export const start = async (demo: Demo, files: Readonly<Record<string, Uint8Array>>): Promise<Site> => {
  const compressed = new Map(
    Object.entries(files).map(([name, bytes]) => [`/files/${name}`, brotliCompressSync(bytes)]),
  )
  const pages = new Map<string, string>()
  const asked: Array<string> = []
  const waiting: Array<(at: number) => void> = []
  const { port: servicePort } = new URL(demo.url)
  let roundTrip = 0

  const passOn = (request: IncomingMessage, response: ServerResponse) => {
    const { headers, method } = request
    const path = request.url!.slice("/assent".length)
    const passed = send({ host: "127.0.0.1", port: servicePort, path, method, headers }, (answer) => {
      if (method === "POST" && path.endsWith("/visit") && answer.statusCode! < 300)
        for (const acted of waiting.splice(0)) acted(Date.now())
      response.writeHead(answer.statusCode!, answer.rawHeaders)
      answer.pipe(response)
    })
    passed.once("error", () => request.socket.destroy())
    request.pipe(passed)
  }

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url!.split("?")[0]!
    if (path.startsWith("/assent/")) return passOn(request, response)
    const [page, file] = [pages.get(path), compressed.get(path)]
    if (page !== undefined) {
      return void response.writeHead(200, { "content-type": typeOf(path), "cache-control": "no-cache" }).end(page)
    }
    if (file === undefined) return void response.writeHead(404).end()
    const headers = { "content-encoding": "br", "cache-control": "public, max-age=31536000, immutable" }
    return void response.writeHead(200, { "content-type": typeOf(path), ...headers }).end(file)
  }

  const later = (act: () => void) => void (roundTrip === 0 ? act() : setTimeout(act, roundTrip))
  const site = createServer((request, response) => later(() => answer(request, response)))
  const other = createServer((request, response) => {
    asked.push(request.url!)
    answerOther(request, response)
  })
  for (const server of [site, other]) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const portOf = (server: typeof site) => (server.address() as AddressInfo).port
  const origin = `http://localhost:${portOf(site)}`
  return {
    origin,
    loader: `${origin}/assent/site-v1/${demo.project}/site-client`,
    other: `http://127.0.0.1:${portOf(other)}`,
    page: (path, head, body = article) => {
      pages.set(path, markup(head, body))
      return origin + path
    },
    setRoundTrip: (millis) => (roundTrip = millis),
    asked: () => asked,
    nextActed: () => new Promise((resolve) => waiting.push(resolve)),
    forget: () => (asked.length = 0),
    stop: async () => {
      for (const server of [site, other]) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    },
  }
}
