import * as fc from "fast-check"
import { expect, test } from "vitest"
import type { ConsentType } from "../../core/engine/ConsentType.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Terms from "../../core/engine/Terms.ts"
import * as ConsentTypeVersions from "../../core/catalog/ConsentTypeVersions.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as Catalog from "../../core/model/Catalog.ts"
import * as Ledgers from "../support/ledgers.ts"
import * as Schema from "effect/Schema"

/** A step in the life of a project's types. Two steps may have the same instant, and the clock may be set back. */
const step = fc.record({
  id: fc.constantFrom("type-1", "type-2"),
  now: Ledgers.instant,
  change: fc.oneof(
    fc.record({ consentDuration: fc.option(Ledgers.duration) }),
    fc.record({ rules: Ledgers.rules }),
    fc.record({ publishedAt: Ledgers.instant, requireReaccept: fc.boolean() }),
    fc.constant({ numberedAgain: true as const }),
    fc.record({ cancelled: fc.nat({ max: 3 }) }),
    fc.constant({ status: "archived" as const }),
    fc.constant({ isRemoved: true as const }),
  ),
})

type Step = Parameters<Parameters<typeof step.map>[0]>[0]

const created = (id: string, now: Instant): Catalog.ListedType => ({
  id,
  organization: "organization",
  project: "project",
  category: "marketing",
  subcategory: "email",
  label: id,
  status: "active",
  required: false,
  validStates: ["accepted", "declined", "implied", "viewed"],
  rules: {},
  versions: [{ id, version: 1, name: "", description: "", publishedAt: now, dateCreated: now, requireReaccept: false }],
  dateCreated: now,
  dateUpdated: now,
})

const changed = (before: Catalog.ListedType, { change, now }: Step): Catalog.ListedType => {
  const type = { ...before, dateUpdated: now }
  if ("numberedAgain" in change) {
    const numbers = type.versions.map(({ version }) => version).toReversed()
    return { ...type, versions: type.versions.map((version, index) => ({ ...version, version: numbers[index]! })) }
  }
  if ("cancelled" in change) {
    const version = type.versions[change.cancelled]
    const isMade = version !== undefined && ConsentTypeVersions.isCancellable(type, version, new Set(), now)
    return isMade ? { ...type, ...ConsentTypeVersions.cancel(type, version, new Set(), now) } : type
  }
  if ("publishedAt" in change) {
    const { publishedAt, requireReaccept } = change
    const id = `${type.id} ${type.versions.length + 1}`
    const texts = { id, name: "", description: "", version: type.versions.length + 1, requireReaccept }
    return {
      ...type,
      versions: [...type.versions, { ...texts, publishedAt: Math.max(publishedAt, now), dateCreated: now }],
    }
  }
  if (!("consentDuration" in change)) return { ...type, ...change }
  const { consentDuration: _, ...rest } = type
  return change.consentDuration === null ? rest : { ...rest, consentDuration: change.consentDuration }
}

/** The states of the types in the order in which they are written: no instant goes back, nothing follows a removal. */
const statesOf = (steps: ReadonlyArray<Step>): ReadonlyArray<Catalog.ListedType> => {
  const latest = new Map<string, Catalog.ListedType>()
  const states: Array<Catalog.ListedType> = []
  let now = -Infinity
  for (const step of steps) {
    now = Math.max(now, step.now)
    const before = latest.get(step.id)
    if (before?.isRemoved === true) continue
    const state = before === undefined ? created(step.id, now) : changed(before, { ...step, now })
    latest.set(step.id, state)
    states.push(state)
  }
  return states
}

const project: Catalog.Project = {
  id: "project",
  organization: "organization",
  number: 1,
  lanes: 1,
  name: "",
  domains: [],
  status: "active",
  dateCreated: 0,
  dateUpdated: 0,
}

const catalogOf = (states: ReadonlyArray<Catalog.ListedType>): Catalog.ProjectTypes => {
  const entries = Catalog.collector()
  entries.add("projects", project)
  for (const state of states) entries.add("consentTypes", state)
  return Catalog.index(entries.all(), 1).consentTypes.get(project.id)!
}

/** A type as a types.json hands it on. */
const throughFile = (type: ConsentType): ConsentType =>
  Exchange.typesFromFile(
    Schema.decodeUnknownSync(Exchange.Types)(JSON.parse(JSON.stringify(Exchange.typesToFile([type])))),
  )[0]!

const steps = fc.array(step, { maxLength: 10 })

/** Everything that answers depend on, for each type that is answered. */
const termsOf = (types: Catalog.ProjectTypes, ruleSet: Parameters<typeof Terms.of>[1], knownAt: Instant) =>
  types.all.map((type) => [type.id, Terms.of(type, ruleSet, knownAt)])

// Kills: ConsentType.earlierState takes the state whose end is at `knownAt`, or versions of a later state in place of
// its own; TypeHistory forgets a duration, rules, versions that were numbered again, or a removal; it lists a type
// before its creation; ProjectTypes.learnt forgets a change; Exchange leaves the history or its versions out.
test("The catalog as known at an instant is the catalog as it was then, whatever was changed, numbered again, cancelled or removed since", () => {
  fc.assert(
    fc.property(steps, Ledgers.at, Ledgers.ruleSet, (steps, knownAt, ruleSet) => {
      const states = statesOf(steps)
      const types = catalogOf(states)
      const then = catalogOf(states.filter(({ dateUpdated }) => dateUpdated <= knownAt))
      const known = Catalog.typesKnownAt(types, knownAt)
      expect(termsOf(known, ruleSet, knownAt)).toEqual(termsOf(then, ruleSet, knownAt))
      expect([...known.byId.keys()]).toEqual([...then.byId.keys()])
      for (const { id } of then.all) {
        const expected = Terms.of(then.byId.get(id)!, ruleSet, knownAt)
        expect(Terms.of(types.byId.get(id)!, ruleSet, knownAt)).toEqual(expected)
        expect(Terms.of(throughFile(types.byId.get(id)!), ruleSet, knownAt)).toEqual(expected)
      }
    }),
    { numRuns: 3000 },
  )
})

// Kills: TypeHistory keeps a state that answers cannot tell from the next one; typesKnownAt makes new types where
// nothing has changed.
test("A type whose texts, status and versions were only added to has no history, and costs nothing more", () => {
  const now = Ledgers.instants[0]!
  const type = created("type-1", now)
  const published = changed(type, {
    id: "type-1",
    now: now + 1,
    change: { publishedAt: now + 2, requireReaccept: true },
  })
  const types = catalogOf([type, published, { ...published, status: "archived", dateUpdated: now + 3 }])
  expect(types.byId.get(type.id)).not.toHaveProperty("history")
  expect(types.learnt).toBe(now + 3)
  expect(Catalog.typesKnownAt(types, types.learnt)).toBe(types)
})
