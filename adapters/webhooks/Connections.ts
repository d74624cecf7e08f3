/**
 * Connections to receivers: to addresses that were checked and to no other, or through the operator's proxy.
 *
 * A connection is kept for the next try, and used again only by a try whose host has resolved to the same addresses.
 */
import { Agent as HttpAgent, type ClientRequest, type ClientRequestArgs, request as httpRequest } from "node:http"
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from "node:https"
import type { Socket, TcpNetConnectOpts } from "node:net"
import type { Duplex } from "node:stream"
import * as AddressCheck from "./AddressCheck.ts"
import * as Hosts from "./Hosts.ts"
import * as ProxyTunnel from "./ProxyTunnel.ts"

/** The connection has another address than was asked for. Nothing was sent. */
export class OtherAddress extends Error {}

/** The headers of a request. */
type Headers = Readonly<Record<string, string | number>>

/** Makes requests over connections of its own. */
export interface Connections {
  /** Whether a proxy resolves hosts and decides which addresses are connected to. */
  readonly isProxied: boolean
  /** A POST that is not sent yet, to one of the addresses; a proxy gets the host instead. */
  readonly request: (url: URL, addresses: ReadonlyArray<string>, headers: Headers) => ClientRequest
  /** Closes all connections. */
  readonly close: () => void
}

/** How long a connection is kept without a request: less than servers usually do, which close it after 5 s. */
const keptMillis = 4_000

/** The most connections that one webhook uses at a time. */
const mostKept = 16

/** How long one address of several is waited for before the next is tried. */
const nextAddressMillis = 1_000

const agentOptions = { keepAlive: true, timeout: keptMillis, maxFreeSockets: mostKept }

/** An answer whose head has more bytes is no answer. */
const maxHeaderSize = 16_384

/** The options of a connection, with the addresses that it may have. */
interface Pinned
  extends ClientRequestArgs, Pick<TcpNetConnectOpts, "autoSelectFamily" | "autoSelectFamilyAttemptTimeout"> {
  readonly pinned: ReadonlyArray<string>
}

/** What TLS needs: the host's name, and certificates that are checked whatever the environment says. */
const tlsOptions = (url: URL, ca: string | undefined) => ({
  servername: Hosts.isAddress(url) ? "" : Hosts.of(url),
  rejectUnauthorized: true,
  ...(ca !== undefined && { ca }),
})

/** Answers a look-up with the addresses that were checked. It is not called for a host that is an address. */
const lookupOf =
  (addresses: ReadonlyArray<string>): NonNullable<RequestOptions["lookup"]> =>
  (_host, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    )

/** Makes an agent compare the address of each connection before anything is sent on it. */
const guarded = <A extends HttpAgent>(agent: A): A => {
  const createConnection = agent.createConnection.bind(agent)
  const getName = agent.getName.bind(agent)
  return Object.assign(agent, {
    getName: (options: Pinned) => `${getName(options)}:${options.pinned.join()}`,
    createConnection: (options: Pinned, callback?: (error: Error | null, socket: Duplex) => void) => {
      const socket = createConnection(options, callback) as Socket
      socket.once("connect", () => {
        const { remoteAddress = "" } = socket
        if (!options.pinned.some((each) => AddressCheck.isSame(remoteAddress, each))) socket.destroy(new OtherAddress())
      })
      return socket
    },
  })
}

/** Connections to the addresses themselves. `ca`: the certificates that are trusted, in PEM; left out: Node's. */
export const direct = (ca?: string): Connections => {
  const agents = { http: guarded(new HttpAgent(agentOptions)), https: guarded(new HttpsAgent(agentOptions)) }
  return {
    isProxied: false,
    request: (url, addresses, headers) => {
      const options: RequestOptions & Pinned = {
        method: "POST",
        headers,
        maxHeaderSize,
        lookup: lookupOf(addresses),
        autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: nextAddressMillis,
        pinned: addresses,
      }
      return url.protocol === "http:"
        ? httpRequest(url, { ...options, agent: agents.http })
        : httpsRequest(url, { ...options, ...tlsOptions(url, ca), agent: agents.https })
    },
    close: () => {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

/** Connections through a proxy: a tunnel for `https`, and for `http` the request itself. */
export const proxied = (proxy: URL, ca?: string): Connections => {
  const agents = { http: new HttpAgent(agentOptions), https: ProxyTunnel.agent(proxy, agentOptions) }
  return {
    isProxied: true,
    request: (url, _addresses, headers) => {
      const options: RequestOptions = { method: "POST", maxHeaderSize }
      if (url.protocol === "https:") {
        return httpsRequest(url, { ...options, headers, ...tlsOptions(url, ca), agent: agents.https })
      }
      const { hostname, port } = ProxyTunnel.addressOf(proxy)
      const own = { host: url.host, ...ProxyTunnel.credentialsOf(proxy), ...headers }
      return httpRequest({ ...options, hostname, port, path: url.href, headers: own, agent: agents.http })
    },
    close: () => {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}
