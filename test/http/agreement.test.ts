/**
 * Law 10: library, command line and HTTP give the same answer to the same question, byte for byte in canonical JSON.
 *
 * A run records a random ledger through HTTP and asks about it at a few instants. The library and the command line get
 * what HTTP lists: the types as types.json, the events as events.ndjson. Joined people are left out, because events
 * keep their id, and the files hold no joins.
 */
import canonicalize from "canonicalize"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import * as Exchange from "../../core/formats/Exchange.ts"
import { Decision, Instant, Rules, Terms } from "../../core/index.ts"
import { linesOf, workplace } from "../cli/run.ts"
import type { Answer } from "../support/server.ts"
import { served } from "../support/served.ts"
import { acme, asOwner, privacy, shop, startWorld } from "./world.ts"

const place = workplace()
const server = served(() => startWorld({ ASSENT_RATE_LIMIT_KEY: "off" }))

// Few instants, so that ties happen: consent before today, versions and most expirations after it.
const today = Math.floor(Date.now() / 86_400_000) * 86_400_000
const day = (index: number): string => Instant.format(today + index * 86_400_000)
const before = fc.integer({ min: -12, max: 0 }).map(day)
const after = fc.integer({ min: 1, max: 8 })
const maybe = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
const period = fc.constantFrom("P1D", "P7D", "P14D", "P1M", "P12DT1S")

const rules = fc.record(
  {
    precedence: fc.constantFrom("explicit-first", "most-recent"),
    maxAge: fc.record({ accepted: fc.option(period), declined: period, implied: period }, { requiredKeys: [] }),
    recordedExpiration: fc.constantFrom("honor", "ignore"),
    permits: fc.constantFrom("accepted", "implied", "viewed"),
  },
  { requiredKeys: [] },
)
/** When the next version is published: now, or on one of the next days. */
const publication = fc.record({
  publishedAt: maybe(after.map(day)),
  requireReaccept: fc.constantFrom(true, true, true, false),
  grace: maybe(fc.constantFrom("P1D", "P7D")),
})
const type = fc.record({
  consentDuration: maybe(period),
  rules,
  // In their order, because a version that is published before a planned one takes its number, and a file of types has
  // the numbers of now.
  publications: fc
    .array(publication, { maxLength: 2 })
    .map((all) => all.toSorted((a, b) => (a.publishedAt ?? "").localeCompare(b.publishedAt ?? ""))),
})

const personCount = 4
const typeCount = 2
const event = fc.record({
  person: fc.nat(personCount - 1),
  type: fc.nat(typeCount - 1),
  consentState: fc.constantFrom("accepted", "accepted", "declined", "implied", "viewed"),
  consentAction: fc.constantFrom("user_click", "import", "implied"),
  consentDate: maybe(before),
  expirationDate: maybe(after.map(day)),
})
/** Batches are recorded one after the other, and versions are published between them. */
const ledger = fc.record({
  types: fc.array(type, { minLength: typeCount, maxLength: typeCount }),
  batches: fc.array(fc.array(event, { minLength: 8, maxLength: 24 }), { minLength: 3, maxLength: 4 }),
  /** `knownAt` is one of the instants at which something was recorded, by its index. */
  questions: fc.array(fc.record({ at: fc.integer({ min: -13, max: 25 }).map(day), knownAt: fc.nat(20) }), {
    minLength: 3,
    maxLength: 3,
  }),
})
type Ledger = typeof ledger extends fc.Arbitrary<infer L> ? L : never

const owned = async (method: string, path: string, json?: unknown): Promise<Answer> => {
  const answer = await server.request(method, path, { headers: asOwner, ...(json !== undefined && { json }) })
  expect(answer.status, answer.text).toBeLessThan(300)
  return answer
}

/** The people of every run: each run has a project of its own. */
const personOf = (index: number): string => `0197b000-0000-7000-8000-00000000000${index}`

/** Creates the project and the types of a ledger, and records its events. */
const recorded = async ({ batches, types }: Ledger) => {
  const made = await owned("POST", `/privacy-v1/organizations/${acme.id}/projects`, { name: "Agreement" })
  const base = privacy({ ...shop, id: made.json.id })
  const ids: Array<string> = []
  for (const [index, { publications: _, ...conditions }] of types.entries()) {
    const triple = { category: "communication", subcategory: index === 0 ? "email" : ["phone"], label: `type_${index}` }
    ids.push((await owned("POST", `${base}/consent-types`, { ...triple, ...conditions, name: "Version 1" })).json.id)
  }
  for (const [index, items] of batches.entries()) {
    const toItem = ({ person, type, ...item }: (typeof items)[number]) => ({
      ...item,
      concordId: personOf(person),
      consentType: ids[type],
    })
    await owned("POST", `${base}/consent-events`, { items: items.map(toItem) })
    for (const [number, { publications }] of types.entries()) {
      const next = publications[index]
      if (next !== undefined) {
        await owned("PATCH", `${base}/consent-types/${ids[number]}`, { ...next, name: `Version ${index + 2}` })
      }
    }
  }
  return base
}

const allEvents = async (base: string): Promise<ReadonlyArray<Readonly<Record<string, unknown>>>> => {
  const items: Array<Readonly<Record<string, unknown>>> = []
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const page: Answer = await owned("GET", `${base}/consent-events?limit=23${cursor && `&cursor=${cursor}`}`)
    items.push(...page.json.items)
    cursor = page.json.nextCursor
  }
  return items
}

const decoded = <A>(decode: ReturnType<typeof Exchange.decoder>, value: unknown): A => {
  const result = decode(value)
  if (result._tag === "Failure") throw new Error(`HTTP answered what is no file: ${JSON.stringify(result.failure)}`)
  return result.success as A
}
const decodeTypes = Exchange.decoder(Exchange.Types)
const decodeEvent = Exchange.decoder(Exchange.Event)

/** The library's answer about every person and type, keyed by both. */
const byLibrary = (listed: unknown, events: ReadonlyArray<unknown>, at: string, knownAt: string) => {
  const types = Exchange.typesFromFile(decoded(decodeTypes, listed))
  const lines = events.map((each) => decoded<typeof Exchange.Event.Type>(decodeEvent, each))
  return Array.from({ length: personCount }, (_, index) => personOf(index)).flatMap((concordId) =>
    types.map((type) => {
      const own = lines
        .filter((line) => line.concordId === concordId && line.consentType === type.id)
        .map((line) => Exchange.eventFromLine(line, type))
      const terms = Terms.make(type, Rules.inForce(type.rules, type), Instant.parse(knownAt)!)
      const decision = Decision.decide(own, terms, Instant.parse(at)!)
      return { occurs: own.length > 0, line: Exchange.decisionToLine(concordId, type, decision) }
    }),
  )
}

const canonical = (values: ReadonlyArray<unknown>): string => values.map((value) => canonicalize(value)).join("\n")

it(
  "Library, command line and HTTP give the same answer to the same question, byte for byte in canonical JSON",
  { timeout: 300_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(ledger, async (random) => {
        const base = await recorded(random)
        const listed = await owned("GET", `${base}/consent-types`)
        const events = await allEvents(base)
        const folder = `run-${base.split("/").at(-1)}`
        place.write(`${folder}.json`, listed.text)
        place.write(`${folder}.ndjson`, events.map((each) => `${JSON.stringify(each)}\n`).join(""))

        const about = async (concordId: string, query = ""): Promise<ReadonlyArray<Exchange.DecisionLine>> =>
          (await owned("GET", `${base}/consent-decisions?concordId=${concordId}${query}`)).json.items
        // The instants at which something was recorded, and the milliseconds before them: `knownAt` can tell these
        // apart.
        const instants = [...events, ...listed.json.items.flatMap((type: { versions: unknown }) => type.versions)]
          .map(({ dateCreated }) => Instant.parse(dateCreated)!)
          .flatMap((instant) => [instant - 1, instant])
        const knowable = [...new Set(instants)].toSorted((a, b) => a - b).map(Instant.format)
        const [now] = await about(personOf(0))
        const questions = [
          { at: now!.at, knownAt: now!.knownAt },
          ...random.questions.map(({ at, knownAt }) => ({ at, knownAt: knowable[knownAt] ?? now!.knownAt })),
        ]
        for (const { at, knownAt } of questions) {
          const expected = byLibrary(listed.json, events, at, knownAt)
          // A type that was created later was not known then. A file of types does not say when they were created.
          const wasKnown = ({ consentType }: Exchange.DecisionLine) =>
            listed.json.items.find(({ id }: { id: string }) => id === consentType).dateCreated <= knownAt
          const all = expected.map(({ line }) => line).filter(wasKnown)
          const query = `&${new URLSearchParams({ at, knownAt })}`
          const each = await Promise.all(
            Array.from({ length: personCount }, (_, index) => about(personOf(index), query)),
          )
          expect(canonical(each.flat())).toBe(canonical(all))

          const items = all.map(({ concordId, consentType }) => ({ person: { concordId }, consentType }))
          if (items.length > 0) {
            const batch = await owned("POST", `${base}/consent-decisions`, { at, knownAt, items })
            expect(canonical(batch.json.items)).toBe(canonical(all))
          }

          const files = ["--types", `${folder}.json`, "--events", `${folder}.ndjson`]
          const run = await place.run(["decisions", ...files, "--at", at, "--known-at", knownAt])
          expect(run.code, run.stderr).toBe(0)
          // The command answers about types that occur in the events, sorted by id; lists have types in the order of
          // their creation.
          const key = (line: Exchange.DecisionLine) => `${line.concordId} ${line.consentType}`
          const occurring = expected
            .filter(({ occurs }) => occurs)
            .map(({ line }) => line)
            .toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
          expect(canonical(linesOf(run.stdout))).toBe(canonical(occurring))
        }
      }),
      // No shrinking, because every try takes seconds: a failing ledger is printed as it is, with its seed.
      { numRuns: 6, endOnFailure: true },
    )
  },
)
