/**
 * Law 10: library and command line give the same answer to the same question, byte for byte in canonical JSON; and law
 * 1: any permutation and any duplication of the same events gives the same answers.
 *
 * A run asks one question about thirty people, each a small ledger of its own.
 */
import canonicalize from "canonicalize"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import * as ConsentType from "../../core/engine/ConsentType.ts"
import * as Decision from "../../core/engine/Decision.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Rules from "../../core/engine/Rules.ts"
import * as Terms from "../../core/engine/Terms.ts"
import { linesOf, workplace } from "./run.ts"

const place = workplace()

// Few instants, versions and ids, because ties are the interesting cases.
const day = (index: number): string => Instant.format(Instant.min + 730_000 * 86_400_000 + index * 86_400_000)
const dayIndex = fc.integer({ min: 0, max: 40 })
const period = fc.constantFrom("P1D", "P7D", "P1M", "P1MT1S")
const maybe = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
const typeIds = ["email", "phone", "unlisted"]

const rules = fc.record(
  {
    precedence: fc.constantFrom("explicit-first", "most-recent"),
    maxAge: fc.record({ accepted: fc.option(period), declined: period, implied: period }, { requiredKeys: [] }),
    recordedExpiration: fc.constantFrom("honor", "ignore"),
    permits: fc.constantFrom("accepted", "implied", "viewed"),
  },
  { requiredKeys: [] },
)

const versions = fc.uniqueArray(
  fc.record({
    version: fc.integer({ min: 1, max: 3 }),
    publishedAt: dayIndex.map(day),
    requireReaccept: fc.boolean(),
    grace: fc.option(period),
  }),
  { selector: ({ version }) => version, maxLength: 3 },
)

const types = fc.tuple(
  ...["email", "phone"].map((id) =>
    fc.record(
      { id: fc.constant(id), category: fc.constantFrom("a", "b"), consentDuration: fc.option(period), rules, versions },
      { requiredKeys: ["id"] },
    ),
  ),
)

const ruleSet = fc.array(
  fc.record({
    match: fc.record(
      { consentType: fc.constantFrom(...typeIds), category: fc.constantFrom("a", "b") },
      { requiredKeys: [] },
    ),
    rules,
  }),
  { maxLength: 3 },
)

const event = fc
  .record({
    person: fc.integer({ min: 0, max: 29 }),
    consentType: fc.constantFrom(...typeIds),
    version: fc.option(fc.integer({ min: 1, max: 3 })),
    consentState: fc.constantFrom("accepted", "declined", "implied", "viewed"),
    consentAction: fc.constantFrom("user_click", "import", "implied"),
    on: dayIndex,
    delay: fc.constantFrom(0, 0, 0, 3, 10),
    life: maybe(fc.integer({ min: 1, max: 15 })),
  })
  .map(({ person, on, delay, life, ...event }) => ({
    ...event,
    concordId: `person-${person}`,
    consentDate: day(on),
    dateCreated: day(on + delay),
    ...(life !== undefined && { expirationDate: day(on + life) }),
  }))

const question = fc.record({
  types,
  ruleSet,
  events: fc
    .array(event, { minLength: 100, maxLength: 300 })
    .map((events) => events.map((each, index) => ({ id: `event-${index}`, ...each }))),
  at: dayIndex.map(day),
  knownAt: dayIndex.map((index) => day(index + 5)),
  order: fc.infiniteStream(fc.nat()),
})

/** The library's answers, computed one by one and without sorting. */
const byLibrary = ({
  types,
  ruleSet,
  events,
  at,
  knownAt,
}: Omit<typeof question extends fc.Arbitrary<infer Q> ? Q : never, "order">) => {
  const decode = <A>(result: { readonly _tag: string; readonly success?: A }): A => {
    if (result._tag !== "Success" || result.success === undefined) throw new Error("the generator is wrong")
    return result.success
  }
  const known = Exchange.typesFromFile(decode(Exchange.decoder(Exchange.Types)({ items: types }) as never))
  const set: Rules.RuleSet = decode(Exchange.decoder(Exchange.RuleSet)(ruleSet) as never)
  const lines: ReadonlyArray<typeof Exchange.Event.Type> = events.map((each) =>
    decode(Exchange.decoder(Exchange.Event)(each) as never),
  )
  const people = [...new Set(lines.map(({ concordId }) => concordId))].toSorted()
  return people.flatMap((concordId) =>
    typeIds.flatMap((id) => {
      const type = known.find((each) => each.id === id) ?? ConsentType.unknown(id)
      const own = lines
        .filter((each) => each.concordId === concordId && each.consentType === id)
        .map((each) => Exchange.eventFromLine(each, type))
      if (own.length === 0) return []
      const terms = Terms.make(type, Rules.inForce(type.rules, type, set), Instant.parse(knownAt))
      const decision = Decision.decide(own, terms, Instant.parse(at) ?? 0)
      const changes = [...Decision.follow(own, terms, Instant.min)].slice(1)
      return [
        {
          concordId,
          decision: Exchange.decisionToLine(concordId, type, decision),
          changes: changes.map((change) => Exchange.decisionToLine(concordId, type, change)),
        },
      ]
    }),
  )
}

const canonical = (values: ReadonlyArray<unknown>): string => values.map((value) => canonicalize(value)).join("\n")

it(
  "library and command line give the same answer, in any order and with duplicates",
  { timeout: 300_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(question, async ({ order, ...asked }) => {
        const expected = byLibrary(asked)
        const inOrder = asked.events.map((each) => JSON.stringify(each))
        const shuffled = [...inOrder, ...inOrder.slice(0, 50)]
          .map((line) => ({ line, key: order.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ line }) => line)
        place.write("types.json", JSON.stringify({ items: asked.types }))
        place.write("rules.json", JSON.stringify(asked.ruleSet))
        const known = ["--types", "types.json", "--rules", "rules.json", "--events", "-", "--known-at", asked.knownAt]
        const run = async (args: ReadonlyArray<string>, lines: ReadonlyArray<string>) => {
          const { code, stdout, stderr } = await place.run([...args, ...known], { stdin: lines.join("\n") })
          expect(code, stderr).toBe(0)
          return stdout
        }
        const person = expected[0]?.concordId ?? ""
        const [decisions, again, state, stateAgain, timeline] = await Promise.all([
          run(["decisions", "--at", asked.at], inOrder),
          run(["decisions", "--at", asked.at], shuffled),
          run(["state", "--at", asked.at], inOrder),
          run(["state", "--at", asked.at], shuffled),
          run(["timeline", "--person", person], shuffled),
        ])
        expect(canonical(linesOf(decisions))).toBe(canonical(expected.map(({ decision }) => decision)))
        expect(again).toBe(decisions)
        const counting = expected
          .map(({ decision }) => decision)
          .filter(({ status }) => ["given", "implied", "requested", "refused", "withdrawn"].includes(status))
        expect(state).toBe(
          counting.map(({ event }) => `${inOrder.find((line) => JSON.parse(line).id === event)}\n`).join(""),
        )
        expect(stateAgain).toBe(state)
        const changes = expected.filter(({ concordId }) => concordId === person).flatMap(({ changes }) => changes)
        const key = (line: { readonly at: string; readonly consentType: string }) => `${line.at} ${line.consentType}`
        expect(canonical(linesOf(timeline))).toBe(
          canonical(changes.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0))),
        )
      }),
      { numRuns: 30 },
    )
  },
)
