/**
 * The origins of apps whose web views ask their users, such as `capacitor://localhost`: a scheme of the app's own, a
 * host and perhaps a port, as `Origin` has them (RFC 6454, section 6).
 */
import { Result } from "effect"

const example = "such as capacitor://localhost"
const maxLength = 1024

/** Schemes whose pages browsers give no origin, so that `Origin` is `null`. */
const withoutOrigin: ReadonlySet<string> = new Set(["about", "blob", "data", "file", "filesystem", "javascript"])

const isHost = (host: string): boolean => /^[a-z0-9._-]+$/.test(host)
const isPort = (port: string): boolean => /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535

/** The origin of an app in lower case, or what is wrong with it, without the text itself. */
export const parse = (text: string): Result.Result<string, string> => {
  if (text.length > maxLength) return Result.fail(`has more than ${maxLength} characters`)
  const origin = text.toLowerCase()
  const [scheme, rest] = origin.split("://", 2)
  if (rest === undefined || !/^[a-z][a-z0-9+.-]*$/.test(scheme!)) {
    return Result.fail(`does not begin with a scheme and ://: expected the origin of an app, ${example}`)
  }
  if (scheme === "http" || scheme === "https")
    return Result.fail("is the origin of a web page: put its host into domains")
  if (withoutOrigin.has(scheme!))
    return Result.fail("has a scheme whose pages have no origin: give the app one of its own")
  if (/[/\\?#]/.test(origin.slice(scheme!.length + 3))) {
    return Result.fail("has a path: leave out everything after the host, a slash too")
  }
  const [host, port, ...more] = rest.split(":")
  if (!isHost(host!))
    return Result.fail(`has no host of letters, digits, hyphens and dots: expected an origin ${example}`)
  if (more.length > 0 || (port !== undefined && !isPort(port)))
    return Result.fail("has a port that is not from 1 to 65535")
  return Result.succeed(origin)
}
