/**
 * The mail server that mails are handed to, as a URL: `smtp://USER:PASSWORD@HOST:587`, or `smtps:` for TLS from the
 * start.
 */
import { BlockList, isIP } from "node:net"

/** A mail server. */
export interface SmtpServer {
  readonly host: string
  readonly port: number
  /** TLS from the start, instead of STARTTLS. */
  readonly isTls: boolean
  /** It is on this machine: only then mails may go there without TLS. */
  readonly isLoopback: boolean
  readonly user?: string
  readonly password?: string
}

/** What a URL has to be. */
export const expected = "smtps://USER:PASSWORD@HOST, or smtp:// with a port such as 587 for STARTTLS"

const loopback = new BlockList()
loopback.addSubnet("127.0.0.0", 8)
loopback.addAddress("::1", "ipv6")

const isLoopback = (host: string): boolean => {
  const version = isIP(host)
  return version === 0 ? host === "localhost" : loopback.check(host, version === 6 ? "ipv6" : "ipv4")
}

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** The server of a URL; `undefined` for one that names none, or sets something else, which would have no effect. */
export const parse = (text: string): SmtpServer | undefined => {
  if (!/^smtps?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const { hash, hostname, password, pathname, port, protocol, search, username } = new URL(text)
  if (hostname === "" || search !== "" || hash !== "" || !["", "/"].includes(pathname)) return undefined
  const user = decode(username)
  const secret = decode(password)
  if (user === undefined || secret === undefined || (user === "") !== (secret === "")) return undefined
  const isTls = protocol.toLowerCase() === "smtps:"
  const host = hostname.replace(/^\[(.*)\]$/, "$1")
  return {
    host,
    port: port === "" ? (isTls ? 465 : 587) : Number(port),
    isTls,
    isLoopback: isLoopback(host.toLowerCase()),
    ...(user !== "" && { user, password: secret }),
  }
}
