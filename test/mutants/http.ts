/** Mutants of the HTTP server. */
import type { Part } from "./Mutant.ts"

const agreement = "Library, command line and HTTP give the same answer"
const asModel = "A sequence of requests is answered as the ledger in memory"
const revokedKey = "an import whose key is revoked ends before the next block"
const recordEvents = "POST /privacy-v1/organizations/:organizationId/projects/:projectId/consent-events is for"

export const http: Part = {
  folder: "adapters/http",
  tests: [
    "test/embed/handler.test.ts",
    "test/faults/away.long.test.ts",
    "test/faults/replica.long.test.ts",
    "test/http/accounts.test.ts",
    "test/http/agreement.test.ts",
    "test/http/apiKeys.test.ts",
    "test/http/attacks.test.ts",
    "test/http/awaitPositions.test.ts",
    "test/http/browser.test.ts",
    "test/http/changesAgain.test.ts",
    "test/http/concurrencyLimit.test.ts",
    "test/http/declinesAboveQuota.test.ts",
    "test/http/everyEndpoint.test.ts",
    "test/http/fairTurns.test.ts",
    "test/http/idempotencyKeys.test.ts",
    "test/http/identify.test.ts",
    "test/http/identityToken.test.ts",
    "test/http/importShares.test.ts",
    "test/http/loadShedding.test.ts",
    "test/http/quotas.test.ts",
    "test/http/random.test.ts",
    "test/http/rateLimits.test.ts",
    "test/http/refusedConnections.test.ts",
    "test/http/roles.test.ts",
    "test/http/routeTable.test.ts",
    "test/http/tokenBuckets.test.ts",
    "test/http/turns.test.ts",
    "test/http/typeLife.test.ts",
    "test/http/worstBodies.test.ts",
    "test/http/waiting.test.ts",
  ],
  mutants: [
    [
      "server/AwaitPositions.ts",
      "yield* refusal : yield* authorize",
      "yield* refusal : yield* refusal",
      "What a replica learned while",
    ],
    ["server/JsonValues.ts", "code === comma || ", "", "numbers", "members"],
    ["server/JsonValues.ts", "code === openList || ", "", "nesting"],
    [
      "server/JsonValues.ts",
      "code === quote ? afterString(text, at) : at + 1",
      "at + 1",
      "a text with brackets and commas",
    ],
    ["server/JsonValues.ts", "(end - before) % 2 === 0", "end === before", "a text after a name"],
    [
      "server/Answer.ts",
      "if (more <= 0) return errors",
      "return errors",
      "questions",
      "lists in items",
      "to a visitor",
    ],
    [
      "server/ConcurrencyLimit.ts",
      "        limit = lowered\n",
      "",
      "under ten times the load answers accepted requests",
    ],
    [
      "server/ConcurrencyLimit.ts",
      "window.millis <= window.count * aloneMillis * latencyFactor",
      "window.count > 0",
      "under ten times the load answers accepted requests",
    ],
    [
      "server/ConcurrencyLimit.ts",
      "isFast ? Math.min(highest, Math.ceil(limit * 1.1)) :",
      "isFast ? limit :",
      "under ten times the load accepts at least half",
    ],
    [
      "server/ConcurrencyLimit.ts",
      "hasRecovered(now) ? highest : limit",
      "now < 0 ? highest : limit",
      "is the highest again after a second",
    ],

    [
      "server/RefusedConnections.ts",
      "Math.min(count * 2, most) : least",
      "Math.min(count * 2, most) : refused.length",
      "a few of the connections that send again at once",
    ],
    [
      "server/RefusedConnections.ts",
      "queue.push({ socket, since: now })",
      "queue.splice(head, 0, { socket, since: now })",
      "a few of the connections that send again at once",
    ],
    [
      "server/RefusedConnections.ts",
      "resumed.has(socket)",
      "resumed.has(socket) && queue.length < 0",
      "a request of a paused connection has waited",
    ],
    [
      "server/RefusedConnections.ts",
      "    resumeNewest(now)\n",
      "",
      "a free place goes to a connection that was refused just now",
    ],

    ["server/RouteTable.ts", '"[^/?]+"))\n', '"[^/?%]+"))\n', "is a probe if it begins like one"],
    ["server/RouteTable.ts", "method === stream.method && ", "", "is a stream of rows, or a file"],
    ["server/RouteTable.ts", "([^/?#]+)", "([^/?]+)", "is of the Site API if it begins like it"],

    ["routes/Questions.ts", "  ...(knownAt != null && { knownAt }),", "", agreement, asModel],
    ["routes/Questions.ts", "  ...(at != null && { at }),", "", agreement, asModel],

    [
      "routes/ConsentTypeJson.ts",
      "  ...(grace !== undefined && { grace: Period.format(grace) }),",
      "",
      agreement,
      asModel,
    ],

    [
      "routes/Identifications.ts",
      'claimed.token.slice(0, claimed.token.lastIndexOf("."))',
      "claimed.token",
      "with its signature's twin it is 401",
    ],
    ["routes/Identifications.ts", " || named.value.hash !== alias.value.hash", "", "the sub of somebody else"],

    [
      "server/Authenticate.ts",
      "Context.get(endpoint.annotations, RepeatableAfterEnd) &&",
      "false &&",
      "gives the first answer byte for byte",
    ],
    ["server/Authorize.ts", "Role.roleIn(key, scope?.project.id)", "key.role", recordEvents],
    ["server/Authorize.ts", "scope.organization.id === key.organization ?", "true ?", recordEvents],
    [
      "server/Authorize.ts",
      "organizationId !== undefined && organizationId.toLowerCase() !== key.organization",
      "false",
      recordEvents,
    ],
    [
      "server/Authenticate.ts",
      "hasWaited ? yield* again : { key, ...own }",
      "{ key, ...own }",
      "a new version is not unseen again",
    ],
    ["api/Endpoint.ts", 'method === "GET" ||', "false ||", "a new version is not unseen again"],

    ["routes/SiteRoutes.ts", "return isOwn ? event", 'return event.id !== "" ? event', "by the ids of its events"],
    ["routes/ShownLanguage.ts", '{ ...query, status: "active" }', "query", "a page is shown the active types only"],

    [
      "server/TokenBuckets.ts",
      "recent.get(id) ?? older.get(id)",
      "recent.get(id)",
      "grants what one that forgets nothing grants",
    ],
    [
      "server/TokenBuckets.ts",
      "Math.ceil(missing / quota)",
      "Math.floor(missing / quota)",
      "grants what one that forgets nothing grants",
    ],
    [
      "server/TokenBuckets.ts",
      "Math.min(n, atOnce) * windowMillis",
      "n * windowMillis",
      "does not make a take of more than the quota wait for ever",
    ],
    ["server/TokenBuckets.ts", "bucket.level < 0 &&", "false &&", "grants what one that forgets nothing grants"],
    ["server/TokenBuckets.ts", ".slice(-debtorsMax)", "", "with a debt is forgotten, too"],
    [
      "server/TokenBuckets.ts",
      "Math.max(levelOf(id, now) - n * windowMillis, -debtMaxWindows * quota * windowMillis)",
      "levelOf(id, now) - n * windowMillis",
      "does not make a take of more than the quota wait for ever",
    ],

    [
      "server/RateLimit.ts",
      "WorkingPlace.withLock(turn.lock, work)",
      "work",
      "of one caller is done one request at a time",
    ],
    [
      "server/RateLimit.ts",
      "Math.min(length, Answer.bodyMaxBytes)",
      "length",
      "that a visitor announces and does not send",
    ],
    [
      "server/RateLimit.ts",
      "charge({ ...undrawn, ...work })",
      "charge(work)",
      "owes its quota what it declined above it",
    ],
    [
      "server/Answer.ts",
      'if (request.headers["content-length"] === undefined) yield*',
      "if (bytes.byteLength < 0) yield*",
      "that no head announces draw after they were read",
    ],
    ["server/ClientAddress.ts", ".at(-1)", ".at(0)", "the address in a header is its last one"],
    [
      "server/Authenticate.ts",
      "holderOf(opened)",
      "holderOf(session.id)",
      "of a visitor draw from the address that opened its session",
    ],
    [
      "routes/Items.ts",
      "items?.every(ItemDecoder.isRefusal)",
      "items?.some(ItemDecoder.isRefusal)",
      "another value is refused, and the declines",
    ],
    [
      "routes/Items.ts",
      "!given.every(ItemDecoder.isRefusal)",
      "!given.some(ItemDecoder.isRefusal)",
      "is 429 with any other item",
    ],
    [
      "routes/SessionOpening.ts",
      "yield* account.take({ writes",
      "yield* account.charge({ writes",
      "of sessions draw from the quota of the address",
    ],
    [
      "routes/Import.ts",
      "pace({ items: length, ",
      "pace({ ",
      "of more rows than the quota of its organization waits for it",
    ],
    [
      "routes/Questions.ts",
      "at == null && knownAt == null ? Effect.void : Account.take({ items: 1 })",
      "at === knownAt ? Effect.void : Effect.void",
      "events that a question about the past reads delay",
    ],
    [
      "server/RateLimit.ts",
      "return Context.get(annotations, TakesDeclines) ? Effect.void : Effect.fail(refusal)",
      "return Effect.void",
      "is answered at each request with how many are left",
    ],
    [
      "server/Authenticate.ts",
      "isLive && !account.isExceeded()",
      "isLive",
      "over its limit records nothing, and does not last longer",
    ],

    [
      "routes/OrganizationRoutes.ts",
      'Role.may(Role.roleIn(key, project.id), "read")',
      "true",
      "lists the projects it may read",
    ],

    [
      "server/Timeout.ts",
      "const limitMillis = 15_000",
      "const limitMillis = 150_000",
      "a database that is slow is waited for",
    ],

    [
      "server/IdempotencyKey.ts",
      '["POST", "PATCH", "DELETE"]',
      '["POST", "PATCH"]',
      "is made once: the same request again gets the same bytes",
    ],

    ["routes/SessionOpening.ts", "!randomUuid.test(idempotency.key)", "false", '"guessable" is 400 for a session'],

    [
      "server/Positions.ts",
      "answer.headers[header] !== undefined",
      "answer.status >= 200",
      "a new version is not unseen",
    ],
    ["server/Positions.ts", "isRepeated || ", "", "an answer that is given again"],

    ["routes/PeopleRoutes.ts", "Positions.headers(positions)", "{}", "a join is not unseen again"],

    [
      "server/Methods.ts",
      ": nullInQuery(url)",
      ": undefined",
      "GET /privacy-v1/organizations/:organizationId/projects/:projectId/consent-events",
    ],
    ["server/BrowserHeaders.ts", '"Origin, x-session"', '"Origin"', "shows no visitor the state of another one"],
    ["server/BrowserHeaders.ts", '{ vary: "x-api-key" }', "{}", "GET /privacy-v1/organizations"],
    ["routes/SiteRoutes.ts", "`${concordId}\\n${body}`", "body", "has another tag for another person"],
    ["routes/Identifications.ts", "!named.value.isNormalized", "false", "the Kelvin sign"],

    ["server/LoadShedding.ts", "  place?.leave()\n", "", "requests that have given up their places leave room"],
    [
      "server/LoadShedding.ts",
      "if (!response.closed) working.add(response)",
      "",
      "requests that have taken their places",
    ],
    [
      "server/AwaitPositions.ts",
      "if (!ledger.isReplica) return yield* refusal",
      "",
      "is answered 403 at once by a primary",
    ],
    ["server/Shares.ts", "own >= each || ", "", "40 that hardly send anything keep out no import"],
    [
      "server/FairTurns.ts",
      "    waiting.delete(organizationId)\n    if (rest.length > 0) waiting.set(organizationId, rest)\n",
      "    if (rest.length > 0) waiting.set(organizationId, rest)\n    else waiting.delete(organizationId)\n",
      "Work that waits is done before the second",
    ],
    ["routes/Import.ts", "Effect.flatMap(stillAllowed, (now) => work(now ?? scope))", "work(scope)", revokedKey],
    ["server/Answer.ts", "  yield* checkAfter(startedAt)\n", "", "a slow body records nothing if the key was revoked"],
    ["routes/ImportWorth.ts", "tally.rejected + (tally.skipped", "(tally.skipped", "one of NDJSON of null without end"],
    [
      "routes/ImportWorth.ts",
      "(tally.skipped ?? 0) + blankLines",
      "(tally.skipped ?? 0)",
      "one of CSV of blank lines without end",
    ],

    [
      "Server.ts",
      'Scope.forkUnsafe(yield* Effect.scope, "parallel")',
      "yield* Effect.scope",
      "answers what is open when it is closed",
    ],
    ["server/OpenApi.ts", 'url: basePath || "/"', 'url: "/"', "notes the address that the outer server knows"],
    ["server/FetchHandler.ts", "connection.client.destroy()", "", "passes an abort on"],
    ["server/FetchHandler.ts", "if (isStopped) return refuse(stopped)", "", "answers what is open when it is closed"],
    [
      "server/FetchHandler.ts",
      "clientAddress?.(request) ?? unknownAddress",
      "unknownAddress",
      "notes the address that the outer server knows",
    ],
    [
      "server/LocalConnection.ts",
      "else peer.#waiting = done",
      "else done()",
      "a connection holds no more than both ends buffer",
    ],
  ],
}
