/** Mutants of the typed HTTP client. */
import type { Part } from "./Mutant.ts"

export const client: Part = {
  folder: "adapters/http/client",
  tests: ["test/http/client.test.ts"],
  mutants: [
    [
      "Retries.ts",
      "once(send, request, timeoutMillis)",
      "once(Effect.suspend(() => client.execute(HttpClientRequest.setHeader(request, keyHeader, SecureRandom.uuidV4Unsafe()))), request, timeoutMillis)",
      "is one random UUID for all tries of a POST",
    ],
    ["Retries.ts", "given ?? SecureRandom.uuidV4Unsafe()", 'given ?? "one"', "differs from call to call"],
    ["Retries.ts", "!keyed.has(request.method) || ", "", "is not sent where it means nothing"],
    [
      "Retries.ts",
      "request.headers[keyHeader] !== undefined",
      "given !== undefined",
      "is the caller's own where one is given",
    ],
    ["Retries.ts", '["POST", "PATCH", "DELETE"]', '["POST", "DELETE"]', "is one for all tries of a PATCH"],
    ["Retries.ts", "[429, 502, 503, 504]", "[429, 500, 502, 503, 504]", "never after 500"],
    ["Retries.ts", 'code === "idempotency_key_in_flight"', "true", "never after 409"],
    ["Retries.ts", "response.status === 409\n", "response.status === 410\n", "after 409 while the same key"],
    ["Retries.ts", 'reason._tag === "TransportError" || ', "", "after no answer, "],
    ["Retries.ts", "Effect.tap(send, readWhole)", "send", "after half an answer"],
    ["Retries.ts", "Math.max(asked, ", "Math.max(0, ", "after 429 not before Retry-After"],
    ["Retries.ts", "asked > limits.maxWaitMillis", "false", "not at all where the server asks"],
    ["Retries.ts", " || tries >= limits.tries", "", "until there were 2 tries"],
    ["Retries.ts", "2 ** (tries - 1)", "1", "after waits that double"],
    ["Retries.ts", "(0.5 + random / 2)", "1", "after waits that double"],

    ["Client.ts", 'redirect: "manual"', 'redirect: "follow"', "are not taken along by a redirect"],
    ["Client.ts", "request.headers[apiKeyHeader] === undefined", "false", "of a page come without the trace headers"],
    ["Client.ts", "sending(sessionHeader, ", "sending(apiKeyHeader, ", "go to the endpoints that ask"],

    [
      "SeenPositions.ts",
      "Math.max(Number(position), positions.get(lane!) ?? 0)",
      "Number(position)",
      "of answers are sent with later questions",
    ],
    ["SeenPositions.ts", "(url)?.[1] ??", "(url)?.[2] ??", "of answers are sent with later questions"],
  ],
}
