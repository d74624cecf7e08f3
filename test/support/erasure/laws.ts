/**
 * The laws of erasure for a world that was played on the model of people. Each returns what breaks the law, in words;
 * nothing if it holds.
 */
import type { Instant } from "../../../core/engine/Instant.ts"
import * as Model from "../people/model.ts"
import {
  identifiers,
  isRecorded,
  personOf as personOfStep,
  type Played,
  projects,
  type Trace,
  types,
} from "../people/worlds.ts"

type Broken = ReadonlyArray<string>

/** An erasure of a world: the model right before and right after it, and the people. */
interface Step {
  readonly before: Model.Model
  readonly after: Model.Model
  readonly at: Instant
  readonly people: ReadonlySet<string>
  /** What was played after it. */
  readonly later: ReadonlyArray<Played>
}

const erasuresOf = ({ model, played }: Trace): ReadonlyArray<Step> =>
  played.flatMap((each, index) => {
    if (each.step.kind !== "erase" || each.from === each.to) return []
    const [before, after] = [Model.until(model, each.from), Model.until(model, each.to)]
    const people = Model.group(before, personOfStep(before, each.step.person)!)
    return [{ before, after, at: each.at, people, later: played.slice(index + 1) }]
  })

/** Everyone that a question can be about: each identifier, and each person. */
const everyone = (model: Model.Model): ReadonlyArray<Model.Question["by"]> => [
  ...identifiers.map((identifier) => ({ identifier })),
  ...Array.from({ length: model.people }, (_, index) => ({ person: `person ${index}` })),
]

/** Each instant at which something was recorded, the one before it, and the end of time. */
const knownAts = ({ log }: Model.Model): ReadonlyArray<Instant> => [
  ...new Set([...log.flatMap(({ dateCreated }) => [dateCreated - 1, dateCreated]), Infinity]),
]

/** Every question about a person, at each instant at which anything happened or was recorded. */
const questionsOf = (model: Model.Model, by: Model.Question["by"]): ReadonlyArray<Required<Model.Question>> => {
  const ats = [...new Set([...Model.eventsIn(model).map(({ consentDate }) => consentDate), Infinity])]
  return projects.flatMap((project) =>
    types.flatMap((type) =>
      knownAts(model).flatMap((knownAt) => ats.map((at) => ({ by, project, type, at, knownAt }))),
    ),
  )
}

const words = (what: string, question: Model.Question): string => `${what}: ${JSON.stringify(question)}`

const isSame = (one: Model.Model, other: Model.Model, question: Model.Question): boolean =>
  JSON.stringify(Model.answer(one, question)) === JSON.stringify(Model.answer(other, question))

/** The person that a question is about, as known at its instant. */
const personOf = (model: Model.Model, { by, knownAt = Infinity }: Model.Question): string | undefined =>
  "person" in by ? by.person : Model.named(model, by.identifier, knownAt)

/** X2: every other person is answered about as before, at every instant. */
const othersStay = (trace: Trace): Broken =>
  erasuresOf(trace).flatMap(({ after, before, people }) => {
    // Someone that was joined with an erased person when it was known is not another person at that instant.
    const isOther = (question: Model.Question): boolean => {
      const person = personOf(before, question)
      return person === undefined || !people.has(person)
    }
    return everyone(before)
      .flatMap((by) => questionsOf(before, by))
      .filter((question) => isOther(question) && !isSame(before, after, question))
      .map((question) => words("another answer", question))
  })

/** X4: nothing becomes more permitted, for anybody, at any instants. */
const nothingMorePermitted = (trace: Trace): Broken =>
  erasuresOf(trace).flatMap(({ after, before }) =>
    everyone(before)
      .flatMap((by) => questionsOf(after, by))
      .filter((question) => Model.answer(after, question).permitted && !Model.answer(before, question).permitted)
      .map((question) => words("more permitted", question)),
  )

/** X5: asked by id as known before it, an erased person is answered about as before. */
const knownBeforeStays = (trace: Trace): Broken =>
  erasuresOf(trace).flatMap(({ after, at, before, people }) =>
    [...people]
      .flatMap((person) => questionsOf(before, { person }))
      .filter((question) => question.knownAt < at && !isSame(before, after, question))
      .map((question) => words("another answer as known before", question)),
  )

/** X5: as known from the erasure on, nothing is known of an erased person, whatever is recorded later. */
const notSeenFromThenOn = (trace: Trace): Broken =>
  erasuresOf(trace).flatMap(({ at, people }) =>
    [...people]
      .flatMap((person) => questionsOf(trace.model, { person }))
      .filter((question) => question.knownAt >= at && Model.answer(trace.model, question).status !== "unknown")
      .map((question) => words("still seen", question)),
  )

/** X8: what named an erased person names another one, and nothing is recorded for an erased person. */
const comesAsAnother = (trace: Trace): Broken =>
  erasuresOf(trace).flatMap(({ later, people }) => {
    const still = identifiers
      .flatMap((each) => knownAts(trace.model).map((knownAt) => [each, knownAt] as const))
      .filter(([each, knownAt]) => people.has(Model.named(trace.model, each, knownAt) ?? ""))
      .map(([each, knownAt]) => `${each} names an erased person as known at ${knownAt}`)
    const recorded = later.flatMap(({ outcome }) => (isRecorded(outcome) ? outcome.events : []))
    return [
      ...still,
      ...recorded
        .filter(({ person }) => people.has(person))
        .map(({ id, person }) => `${id} is of the erased ${person}`),
    ]
  })

/** X8: a refusal is recorded, also if it names an erased person. */
const refusalsAreRecorded = ({ played }: Trace): Broken =>
  played
    .filter(({ item, outcome }) => item?.consentState === "declined" && !isRecorded(outcome))
    .map(({ at }) => `the refusal at ${at} was refused`)

/** The laws, by their names. */
export const all: Readonly<Record<string, (trace: Trace) => Broken>> = {
  "X2, everyone else stays": othersStay,
  "X4, nothing is more permitted": nothingMorePermitted,
  "X5, as known before": knownBeforeStays,
  "X5, not seen from then on": notSeenFromThenOn,
  "X8, comes as another person": comesAsAnother,
  "X8, refusals are recorded": refusalsAreRecorded,
}
