/**
 * Where a webhook is sent to: a URL, judged without resolving its host.
 */
import type { UrlFault } from "../../core/ports/Outbound.ts"
import * as AddressCheck from "./AddressCheck.ts"
import type { Allowance } from "./Allowance.ts"
import * as Hosts from "./Hosts.ts"

/** The most characters of a URL. */
export const maxLength = 2048

/** The lowest port that any user of a machine may listen on: below it are its services. */
const firstOpenPort = 1024

const isOpenPort = (port: number): boolean => port === 443 || port >= firstOpenPort

/** The rule that a URL breaks. */
export const faultOf = (text: string, { networks, origins }: Allowance): UrlFault | undefined => {
  if (!URL.canParse(text)) return { detail: "must be a URL, such as https://example.com/consent" }
  const url = new URL(text)
  const { hash, href, origin, password, protocol, username } = url
  if (Math.max(text.length, href.length) > maxLength) return { detail: `must have at most ${maxLength} characters` }
  if (username !== "" || password !== "") return { detail: "must have no user information" }
  if (hash !== "" || href.endsWith("#")) return { detail: "must have no fragment" }
  if (!origins.has(origin)) {
    if (protocol === "http:") {
      return { detail: "must have the scheme https, or be an origin that ASSENT_WEBHOOK_ALLOW of the service names" }
    }
    if (protocol !== "https:") return { detail: "must have the scheme https" }
    if (!isOpenPort(Hosts.portOf(url))) return { detail: "must have the port 443, or one from 1024 on" }
  }
  if (Hosts.isAddress(url) && !AddressCheck.isAllowed(Hosts.of(url), networks)) {
    return { detail: "must not have an address for its host that is not public" }
  }
  return undefined
}
