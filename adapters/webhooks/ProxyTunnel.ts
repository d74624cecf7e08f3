/**
 * Tunnels through a proxy by CONNECT (RFC 9110, section 9.3.6). Node's agents know proxies only from 22.21 on.
 */
import { request } from "node:http"
import { Agent, type AgentOptions, type RequestOptions } from "node:https"
import type { Duplex } from "node:stream"
import { connect, type ConnectionOptions } from "node:tls"
import * as Hosts from "./Hosts.ts"

/** The options that an agent gives: of the request, and of TLS. */
type TunnelOptions = Pick<RequestOptions, "host" | "port"> & Omit<ConnectionOptions, "host" | "port">

/** How long the proxy may take to open a tunnel. */
const openMillis = 5_000

/** The host and the port of a proxy. */
export const addressOf = (proxy: URL) => ({ hostname: Hosts.of(proxy), port: Hosts.portOf(proxy) })

/** The header that names the user of a proxy, if its URL has one. */
export const credentialsOf = ({ password, username }: URL): Readonly<Record<string, string>> => {
  if (username === "") return {}
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { "proxy-authorization": `Basic ${Buffer.from(user).toString("base64")}` }
}

const authority = ({ host, port }: TunnelOptions): string => `${host?.includes(":") ? `[${host}]` : host}:${port}`

/** Opens a tunnel to the host and port of a request, and TLS through it. */
const open = (proxy: URL, options: TunnelOptions, done: (error: Error | null, socket?: Duplex) => void): void => {
  const { host: _host, port: _port, ...tls } = options
  const path = authority(options)
  const headers = { host: path, ...credentialsOf(proxy) }
  const connecting = request({ ...addressOf(proxy), method: "CONNECT", path, headers, agent: false })
  connecting.once("connect", ({ statusCode }, socket) => {
    if (statusCode === 200) return done(null, connect({ ...tls, socket }))
    socket.destroy()
    return done(new Error("the proxy opens no tunnel"))
  })
  connecting.once("error", (error) => done(error))
  connecting.setTimeout(openMillis, () => connecting.destroy(new Error("the proxy opened no tunnel in time")))
  connecting.end()
}

/** An agent all of whose connections are tunnels. */
export const agent = (proxy: URL, options: AgentOptions): Agent =>
  Object.assign(new Agent(options), {
    createConnection: (options: TunnelOptions, done: (error: Error | null, socket?: Duplex) => void) => {
      open(proxy, options, done)
      return undefined
    },
  })
