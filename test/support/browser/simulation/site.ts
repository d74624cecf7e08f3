/**
 * The real service over a ledger in memory, on a clock that the test moves: what simulated pages talk to.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Clock, Effect, Exit, Layer, Option, Scope } from "effect"
import * as Server from "../../../../adapters/http/Server.ts"
import * as MemoryStore from "../../../../adapters/memory/MemoryStore.ts"
import * as Period from "../../../../core/engine/Period.ts"
import type { Instant } from "../../../../core/engine/Instant.ts"
import * as Ledger from "../../../../core/Ledger.ts"
import { clockOf } from "../../feed/playing.ts"
import * as TestKeys from "../../keys.ts"
import type { Sending, Sent } from "../../../../adapters/browser/Environment.ts"

/** The origin of the pages. */
export const origin = "http://localhost"

/** The first instant of every world: a month's end. */
export const start: Instant = Date.UTC(2024, 0, 31)

const day = 86_400_000

/** A site with a ledger. */
export interface Site {
  readonly project: string
  /** The address of its Site API. */
  readonly base: string
  /** The ids of its types, by their triples. */
  readonly types: ReadonlyMap<string, string>
  readonly now: () => Instant
  readonly advance: (millis: number) => void
  /** Answers a request of a page. */
  readonly answer: (sending: Sending) => Promise<Sent>
  readonly close: () => Promise<void>
}

const setting = (subcategory: string, label: string) => ({
  category: "privacy_setting" as const,
  subcategory,
  label,
  name: `${subcategory} of ${label}`,
  description: "A text.",
})

/** Two of one subcategory, one that the signal covers, one that lapses soon, one that is asked again, and others. */
const types = [
  setting("analytics", "site"),
  setting("analytics", "shop"),
  setting("marketing", "ads"),
  { ...setting("functional", "chat"), consentDuration: Period.days(1) },
  {
    ...setting("functional", "maps"),
    versions: [
      { version: 1, publishedAt: start, dateCreated: start, requireReaccept: false },
      { version: 2, publishedAt: start + 2 * day, dateCreated: start, requireReaccept: true },
    ],
  },
  { ...setting("strictly_necessary", "cart"), required: true },
  { ...setting("email", "news"), category: "communication" as const },
]

/** Opens a site. */
export const open = async (): Promise<Site> => {
  let now = start
  const clock = clockOf(() => now)
  const scope = Scope.makeUnsafe()
  const ledger = Ledger.layer.pipe(Layer.provideMerge([MemoryStore.layer, NodeCrypto.layer, TestKeys.layer]))
  const opening = Effect.gen(function* () {
    const opened = yield* Ledger.Ledger
    const foundation = {
      organization: { name: "A shop", primaryDomain: "localhost", privacyPolicyUrl: "http://localhost/privacy" },
      project: { name: "Its site", domains: ["localhost"] },
      types,
    }
    const found = Option.getOrThrow(
      yield* opened.foundWith(foundation, { name: "Key", role: "owner", permissions: [] }),
    )
    return { found, handler: yield* Server.makeHandler() }
  })
  const { found, handler } = await Effect.runPromise(
    Layer.build(ledger).pipe(
      Effect.flatMap((services) => Effect.provide(opening, services)),
      Scope.provide(scope),
      Effect.provideService(Clock.Clock, clock),
    ),
  )
  const { apiKey, consentTypes, organization, project } = found
  const base = `/site-v1/${project.id}`
  const answer = async ({ body, headers, method, url }: Sending): Promise<Sent> => {
    const response = await handler(
      new Request(`${origin}${url}`, {
        method,
        headers: { ...headers, origin },
        ...(body !== undefined && { body }),
      }),
    )
    const retryAfter = Number(response.headers.get("retry-after"))
    const text = await response.text()
    const json: unknown = text === "" ? undefined : JSON.parse(text)
    return { status: response.status, ...(retryAfter > 0 && { retryAfter }), json }
  }
  const published = await answer({
    method: "POST",
    url: `/privacy-v1/organizations/${organization.id}/projects/${project.id}/site-client/publish`,
    headers: { "content-type": "application/json", "x-api-key": apiKey },
    body: "{}",
  })
  if (published.status >= 300) throw new Error(JSON.stringify(published))
  return {
    project: project.id,
    base,
    types: new Map(consentTypes.map((type) => [`${type.category}/${type.subcategory}/${type.label}`, type.id])),
    now: () => now,
    advance: (millis) => {
      now += millis
    },
    answer,
    close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}
