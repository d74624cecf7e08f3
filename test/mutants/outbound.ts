/** Mutants of what is sent to receivers of webhooks: addresses, connections, signatures. */
import type { Part } from "./Mutant.ts"

const onlyAllowed = "W6: only allowed addresses are connected to"
const flipped = "No signature is accepted with one bit flipped"
const cutOff = "The status counts, and the body is cut off: huge body"

export const outbound: Part = {
  folder: "adapters/webhooks",
  tests: [
    "test/laws/webhookAddresses.test.ts",
    "test/security/addressCheck.test.ts",
    "test/security/outbound.test.ts",
    "test/security/signature.test.ts",
  ],
  mutants: [
    ["AddressCheck.ts", '  "2002::/16", // 6to4, RFC 3056\n', "", "A second library calls the same addresses public"],
    ["AddressCheck.ts", '"64:ff9b::/96"', '"64:ff9b:2::/96"', "A public address is allowed"],
    [
      "AddressCheck.ts",
      "IpNetwork.contains(globalUnicast, own)",
      "true",
      "An address of a special-purpose block is refused",
    ],
    ["AddressCheck.ts", "contains(special, own)", "contains(special, address)", "An IPv4 address that is refused"],
    ["AddressCheck.ts", "contains(networks, reached(address))", "false", "A network that the operator allows"],
    ["Target.ts", "Hosts.isAddress(url) &&", "false &&", "An address that is not public is refused in any spelling"],
    ["Target.ts", "port === 443 ||", "", "A name on the usual port"],
    ["Target.ts", 'username !== "" || password !== ""', 'username !== ""', "https://:pass@hooks.example/ is not"],
    ["HttpsOutbound.ts", "!found.every(", "!found.some(", onlyAllowed],
    [
      "HttpsOutbound.ts",
      "yield* exchange.connected\n",
      "",
      "A server that accepts and never shakes hands is given 5 s",
    ],
    [
      "HttpsOutbound.ts",
      "Effect.timeoutOrElse({ duration: limits.total, ...timeout }),",
      "",
      "15 s without a status are too long",
    ],
    [
      "HttpsOutbound.ts",
      "{ duration: limits.rest,",
      "{ duration: limits.total,",
      "The body of an answer is waited for 1 s",
    ],
    ["Connections.ts", "lookup: lookupOf(addresses),", "", "A try arrives as it was signed"],
    ["Connections.ts", "rejectUnauthorized: true,", "", "A certificate that is not trusted is refused, whatever"],
    [
      "Connections.ts",
      "if (!options.pinned.some((each) => AddressCheck.isSame(remoteAddress, each)))",
      "if (options.pinned.some((each) => AddressCheck.isSame(remoteAddress, each)))",
      "A try arrives as it was signed",
    ],
    ["Exchange.ts", "read > mostRead", "false", cutOff],
    ["Exchange.ts", 'request.reusedSocket ? "stale" :', "", "Connections are used again"],
    ["Exchange.ts", "sent.destroy()", "sent", "A try that is interrupted closes its connection"],
    ["Resolver.ts", 'new Set(["ENODATA", "ENOTFOUND"])', 'new Set(["ENODATA", "ENOTFOUND", "ESERVFAIL"])', onlyAllowed],
    ["RetryAfter.ts", "Math.max(0, date - now)", "date - now", "Retry-After is read"],
    ["ProxyTunnel.ts", "statusCode === 200", "true", "a proxy that opens no tunnel"],
    ["ProxyTunnel.ts", "...credentialsOf(proxy) }", "}", "a tunnel carries each try"],
    ["Signature.ts", 'return bytes.toString("base64") === text ? bytes : undefined', "return bytes", flipped],
    ["Signature.ts", "`${id}.${timestamp}.${body}`", "`${timestamp}.${body}`", flipped],
    [
      "Signature.ts",
      'keys.map((key) => one(key, bytes)).join(" ")',
      "one(keys[0]!, bytes)",
      "The reference library accepts",
    ],
  ],
}
