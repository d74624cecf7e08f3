/**
 * The host names of pages, as a project and an organization name them: letters, digits and hyphens (RFC 1123, section
 * 2.1), kept in lower-case ASCII, as browsers send them in `Origin`.
 */
import { Result } from "effect"
import * as DomainName from "../model/DomainName.ts"

const example = "such as www.example.com"

/** The parts of a text that do not belong to a host name, each with the reason. */
const foreignParts: ReadonlyArray<readonly [part: RegExp, reason: string]> = [
  [/^$/, `is empty: expected a host name ${example}`],
  [/\s/u, "has white space: leave it out"],
  [/^[a-z][a-z0-9+.-]*:\/\//i, `has a scheme: leave it out, and name only the host, ${example}`],
  [/[/\\?#]/, "has a path: leave out everything after the host name"],
  [/@/, "has a user name: leave out everything before the host name"],
  [/[[\]]|:.*:/, "is an IPv6 address: name the host instead"],
  [/:/, "has a port: leave it out, because every port of the host is meant"],
]

const maxLength = 253
const maxLabelLength = 63

/** The dots that separate labels (UTS 46, section 2.3). */
const dots = /[.\u3002\uff0e\uff61]/u

/** Why a label is not part of a host name; `undefined` if it is. */
const labelFault = (label: string): string | undefined => {
  if (label === "") return "is empty"
  if (label.length > maxLabelLength) return `has more than ${maxLabelLength} characters`
  if (/[^\p{L}\p{M}\p{N}-]/u.test(label)) return "has a character that no host name has"
  if (/^-|-$/.test(label)) return "begins or ends with a hyphen"
  return DomainName.toAscii(label) === undefined
    ? `is not valid in a domain (UTS 46), or has more than ${maxLabelLength} characters as ASCII`
    : undefined
}

/** An IPv4 address as browsers write it, and what they read as one. */
const address = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/
const isNumeric = (host: string): boolean => /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(host)

/** A host name in lower-case ASCII, or what is wrong with it, without the text itself. */
export const parse = (text: string): Result.Result<string, string> => {
  const foreign = foreignParts.find(([part]) => part.test(text))
  if (foreign !== undefined) return Result.fail(foreign[1])
  if (text.includes("*"))
    return Result.fail("has a `*`, which may stand only at the beginning of a domain: *.example.com")
  if (text.length > maxLength + 1) return Result.fail(`has more than ${maxLength} characters`)
  const labels = text.split(dots)
  if (labels.length > 1 && labels.at(-1) === "") labels.pop()
  for (const [index, label] of labels.entries()) {
    const fault = labelFault(label)
    if (fault !== undefined) return Result.fail(`its label ${index + 1} ${fault}: expected a host name ${example}`)
  }
  const host = DomainName.toAscii(text)
  if (host === undefined) return Result.fail(`is not valid as a domain (UTS 46): expected a host name ${example}`)
  return isNumeric(host) && !address.test(host)
    ? Result.fail("is no IPv4 address of four numbers, such as 127.0.0.1")
    : Result.succeed(host)
}

/** A host name, or `*.` before one for all of its sub-domains. */
export const parsePattern = (text: string): Result.Result<string, string> => {
  if (!text.startsWith("*.")) return parse(text)
  const domain = text.slice(2)
  if (isNumeric(domain)) return Result.fail("is an IP address, which has no sub-domains: leave out `*.`")
  return Result.flatMap(parse(domain), (host) =>
    // Anyone can have a domain in a top-level one.
    host.includes(".") || host === "localhost"
      ? Result.succeed(`*.${host}`)
      : Result.fail("has only one label after `*.`: expected at least two labels, as in *.example.com"),
  )
}

/** Whether a host is one that a pattern stands for. Both are in lower-case ASCII. */
export const matches = (pattern: string, host: string): boolean =>
  pattern.startsWith("*.") ? host.length >= pattern.length && host.endsWith(pattern.slice(1)) : host === pattern
