/**
 * Resolves the host of a webhook to all of its addresses.
 *
 * It asks DNS itself, by `node:dns`, because `getaddrinfo` runs in a thread of which there are few: two names whose
 * servers do not answer would delay the webhooks of all others. So `/etc/hosts` and search domains are not read.
 * `localhost` and names below it are the loopback addresses (RFC 6761, section 6.3).
 */
import { Resolver as DnsResolver } from "node:dns/promises"
import { Effect } from "effect"

/** The name was not resolved. */
export interface Unresolved {
  readonly _tag: "Unresolved"
}

const unresolved: Unresolved = { _tag: "Unresolved" }

/** Resolves names; fails unless every question about a name was answered and the name has an address. */
export type Resolver = (host: string) => Effect.Effect<ReadonlyArray<string>, Unresolved>

/** How long a server of DNS may take, and how often it is asked: within the 5 s that a connection may take. */
const options = { timeout: 2_000, maxTimeout: 2_000, tries: 2 }

const loopback = ["127.0.0.1", "::1"]

/** The codes of an answer that there is no such record. Any other fault leaves it open which addresses there are. */
const none: ReadonlySet<string> = new Set(["ENODATA", "ENOTFOUND"])

/** The addresses of one family; rejects if the question was not answered. */
const answer = (asking: Promise<ReadonlyArray<string>>): Promise<ReadonlyArray<string>> =>
  asking.catch((error: NodeJS.ErrnoException) => {
    if (none.has(error.code ?? "")) return []
    throw error
  })

const isLocal = (host: string): boolean => /^(?:.+\.)?localhost\.?$/.test(host)

/** A resolver that asks the machine's servers of DNS, or the given ones, such as `127.0.0.1:5353`. */
export const make = (servers?: ReadonlyArray<string>): Resolver => {
  const dns = new DnsResolver(options)
  if (servers !== undefined) dns.setServers(servers)
  return (host) => {
    if (isLocal(host)) return Effect.succeed(loopback)
    return Effect.tryPromise({
      try: () => Promise.all([answer(dns.resolve4(host)), answer(dns.resolve6(host))]),
      catch: () => unresolved,
    }).pipe(
      Effect.map((found) => found.flat()),
      Effect.filterOrFail(
        (found) => found.length > 0,
        () => unresolved,
      ),
    )
  }
}
