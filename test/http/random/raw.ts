/**
 * Requests that are sent byte for byte, because no client would send them: broken framing, half requests, and bytes
 * that are not HTTP.
 */
import type { Server } from "../../support/server.ts"
import { asOwner, privacy } from "../world.ts"

const events = `${privacy()}/consent-events`
const key = `x-api-key: ${asOwner["x-api-key"]}\r\n`
const post = (headers: string, body = ""): string =>
  `POST ${events} HTTP/1.1\r\nHost: a\r\n${key}Content-Type: application/json\r\n${headers}\r\n${body}`
const get = (target: string, headers = ""): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`

/** The requests, each by its error; the sending half of the connection is closed after each. */
export const conversations: ReadonlyArray<readonly [name: string, sent: string | Uint8Array]> = [
  ["a body longer than its Content-Length", post("Content-Length: 2\r\n", '{}{"items":[]}')],
  ["a body shorter than its Content-Length", post("Content-Length: 500\r\n", '{"items":[]}')],
  ["a Content-Length that is no number", post("Content-Length: many\r\n", "{}")],
  ["a Content-Length below nought", post("Content-Length: -1\r\n", "{}")],
  ["a Content-Length beyond all bounds", post(`Content-Length: ${"9".repeat(30)}\r\n`, "{}")],
  ["two lengths", post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}x")],
  ["a length and chunks", post("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")],
  ["a chunk of no size", post("Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n")],
  ["a chunk longer than all memory", post("Transfer-Encoding: chunked\r\n", `${"f".repeat(16)}\r\n{}\r\n`)],
  ["a chunk that ends too early", post("Transfer-Encoding: chunked\r\n", "5\r\n{}")],
  ["a trailer of nonsense", post("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\u0000\r\n\r\n")],
  ["an encoding nobody knows", post("Transfer-Encoding: nonsense\r\n", "{}")],
  ["half a request line", "GET /liv"],
  ["half the headers", `GET /livez HTTP/1.1\r\nHost: a\r\nX-Half`],
  ["nothing at all", ""],
  ["an unknown method", get("/livez").replace("GET", "FROBNICATE")],
  ["a method in small letters", get("/livez").replace("GET", "get")],
  ["CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["no Host", "GET /livez HTTP/1.1\r\n\r\n"],
  ["two Hosts", get("/livez", "Host: b\r\n")],
  ["HTTP/0.9", "GET /livez\r\n\r\n"],
  ["HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["HTTP/9.9", get("/livez").replace("1.1", "9.9")],
  ["a TLS hello", new Uint8Array([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0])],
  ["a NUL in the path", get("/livez\u0000")],
  ["a NUL in a header", get("/livez", "X-Nul: a\u0000b\r\n")],
  ["a path in absolute form", get("http://a/livez")],
  ["an asterisk", get("*").replace("GET", "OPTIONS")],
  ["a path without a slash", get("livez")],
  ["a path of two slashes", get("//livez")],
  ["a path of 100,000 characters", get(`/${"x".repeat(100_000)}`)],
  ["a query of 100,000 characters", get(`${events}?userId=${"x".repeat(100_000)}`, key)],
  ["5,000 headers", get("/livez", "a: b\r\n".repeat(5000))],
  ["a header of 100,000 characters", get("/livez", `a: ${"x".repeat(100_000)}\r\n`)],
  ["a header without a name", get("/livez", ": b\r\n")],
  ["a header that is folded", get("/livez", "a: b\r\n c\r\n")],
  ["bare line feeds", get("/livez").replaceAll("\r\n", "\n")],
  ["keys twice", post("Idempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Length: 2\r\n", "{}")],
  ["an empty key", post("Idempotency-Key:\r\nContent-Length: 2\r\n", "{}")],
  [
    "a byte that is no UTF-8",
    Buffer.concat([Buffer.from(post("Content-Length: 3\r\n", '"')), Buffer.from([0xff, 0x22])]),
  ],
  ["four requests at once, the third broken", `${get("/livez")}${get("/livez")}GET\r\n\r\n${get("/livez")}`],
]

/** Sends on a connection of its own, closes its sending half, and returns the received bytes. */
export const converse = async (server: Server, sent: string | Uint8Array): Promise<string> => {
  const { closed, received, socket } = await server.connect()
  socket.end(typeof sent === "string" ? Buffer.from(sent, "latin1") : sent)
  // Some requests are never answered, so the wait is limited.
  socket.setTimeout(3000, () => socket.destroy())
  await closed
  return received()
}

/** The first answer of a connection. */
export const parse = (answer: string) => {
  const [head = "", rest = ""] = answer.split("\r\n\r\n", 2)
  const [line = "", ...lines] = head.split("\r\n")
  const headers = Object.fromEntries(
    lines.map((each) => [each.slice(0, each.indexOf(":")).toLowerCase(), each.slice(each.indexOf(":") + 1).trim()]),
  )
  return { status: Number(line.split(" ")[1]), headers, body: rest.slice(0, Number(headers["content-length"])) }
}
