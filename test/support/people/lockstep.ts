/**
 * Plays a world on a ledger and on the second statement of section 5 at the same time: every item is answered as the
 * statement says, and so is every question.
 */
import { Effect, Exit } from "effect"
import { expect } from "vitest"
import type { Identifiers } from "../../../core/model/People.ts"
import * as Changing from "./changing.ts"
import * as Model from "./model.ts"
import * as Resolving from "./resolving.ts"
import type { Acknowledged, Answered, ImportFile, Recorded, Reference, Sent, Surface, Visitor } from "./surface.ts"
import { guests, identifiers, itemOf, personOf, projects, type Said, type Step, types, type World } from "./worlds.ts"

const values = { userId: "", projectUserId: "", email: "@example.com", phoneNumber: "" } as const
const phoneNumbers: Readonly<Record<string, string>> = { g: "+4930901820" }

/** An identifier as it is sent. */
export const sentOf = (identifier: Model.Identifier): Identifiers => {
  const [kind, value] = [Model.kindOf(identifier), identifier.split(" ").at(-1)!]
  return { [kind]: phoneNumbers[value] ?? `${value}${values[kind]}` }
}

/** A world that is played on a ledger and a model. */
export interface Played {
  readonly surface: Surface
  readonly model: Model.Model
  /** The ids of people and events in the ledger, by those in the model. */
  readonly ids: Map<string, string>
  /** The guests' sessions; `undefined` after a session has ended for good. */
  readonly visitors: Array<Visitor | undefined>
  /** The last join of each guest's browser. */
  readonly joins: Map<number, { readonly join: Model.Joined; readonly fact: string }>
  /** The ids of all joins. */
  readonly facts: Set<string>
  /** The number of requests that were sent. */
  sent: number
  /** The requests that were recorded, to send them again, with their answers. */
  readonly requests: Array<readonly [again: Effect.Effect<Recorded, unknown>, answer: Recorded]>
  /** The questions that were asked, to ask them again. */
  readonly asked: Array<readonly [project: string, by: Identifiers, answer: Answered]>
}

/** Notes that an id of the model is an id of the ledger: always the same, and of nothing else. */
const bind = ({ ids }: Played, own: string, id: string): void => {
  const isOther = [...ids].some(([key, value]) => value === id && key !== own)
  expect(ids.get(own) ?? id, `${own} in the ledger`).toBe(id)
  expect(isOther, `${id} is ${own} only`).toBe(false)
  ids.set(own, id)
}

/** Starts to play on a ledger: opens the sessions of the guests. */
export const make = Effect.fnUntraced(function* (surface: Surface) {
  const played: Played = {
    surface,
    model: Model.make(),
    ids: new Map(),
    visitors: [],
    joins: new Map(),
    facts: new Set(),
    requests: [],
    sent: 0,
    asked: [],
  }
  for (const _ of guests) {
    const visitor = yield* surface.visit
    bind(played, Model.newPerson(played.model), visitor.concordId)
    played.visitors.push(visitor)
  }
  return played
})

const sentItem = ({ ids }: Played, item: Model.Item): Sent => {
  const { concordId, consentDate, consentState, externalId, identifiers: given, project, type } = item
  return {
    project,
    type,
    consentState,
    person: Object.assign(concordId === undefined ? {} : { concordId: ids.get(concordId)! }, ...given.map(sentOf)),
    ...(consentDate !== undefined && { consentDate }),
    ...(externalId !== undefined && { externalId }),
  }
}

/** Compares what an item was answered with what the model says, and notes the ids. */
const sameAnswer = (played: Played, expected: Model.Recorded, answer: Acknowledged): void => {
  const [first, ...further] = expected.events
  expect(answer.leftOut.toSorted()).toEqual(expected.leftOut.map((each) => Model.kindOf(each)).toSorted())
  bind(played, first!.person, answer.concordId)
  bind(played, first!.id, answer.id)
  sameEvents(played, further, answer.alsoRecordedFor)
}

/** Compares events in any order: each of them is of another person. */
const sameEvents = (
  played: Played,
  expected: ReadonlyArray<Model.ModelEvent>,
  answered: ReadonlyArray<Reference>,
): void => {
  const rest = new Set(answered)
  const note = (event: Model.ModelEvent, reference: Reference | undefined): void => {
    if (reference === undefined) return
    rest.delete(reference)
    bind(played, event.person, reference.concordId)
    bind(played, event.id, reference.id)
  }
  const isKnown = ({ person }: Model.ModelEvent) => played.ids.has(person)
  for (const event of expected.filter(isKnown)) {
    note(
      event,
      [...rest].find(({ concordId }) => concordId === played.ids.get(event.person)),
    )
  }
  for (const event of expected.filter((event) => !isKnown(event))) note(event, [...rest][0])
  expect(answered.length, `the people ${expected.map(({ person }) => person).join()}`).toBe(expected.length)
  expect([...rest]).toEqual([])
}

/** A request that is on its way: the answer, and how it is compared with the model, which plays it then. */
interface Sending {
  readonly send: Effect.Effect<(played: Played) => void, unknown>
}

/** Compares the answer to a request with the model. Nothing is recorded if one of the items is refused. */
const sameRecorded = (
  { model, ...played }: Played,
  items: ReadonlyArray<Model.Item>,
  sharedContacts: "refuse" | "leave-out",
  clock: number,
  answer: Recorded,
): void => {
  const before = Model.copy(model)
  const recordedAt = "items" in answer ? Math.max(clock, ...answer.items.map(({ dateCreated }) => dateCreated)) : clock
  const clockOf = (item: number) => ("items" in answer ? answer.items[item]!.consentDate : clock)
  const expected = items.map((item, index) =>
    Resolving.record(model, item, { clock: clockOf(index), recordedAt }, sharedContacts),
  )
  const refused = expected.flatMap((each, item) => ("refused" in each ? [{ item, code: each.refused }] : []))
  if ("refused" in answer || refused.length > 0) {
    const codes = "refused" in answer ? answer.refused.filter(({ code }) => code !== "not_recorded") : []
    // An item may have further faults.
    expect([...new Set(codes.map(({ item }) => item))]).toEqual(refused.map(({ item }) => item))
    expect(codes).toEqual(expect.arrayContaining(refused.map((each) => expect.objectContaining(each))))
    Model.restore(model, before)
    return
  }
  for (const [index, each] of expected.entries()) {
    if ("events" in each) sameAnswer({ model, ...played }, each, answer.items[index]!)
  }
}

/** Sends items by one request. */
const sendItems = (played: Played, step: Said, more: ReadonlyArray<Said>, now: number): Sending => {
  const { model, requests, surface } = played
  const { sharedContacts } = step
  const items = [step, ...more].flatMap((each) => itemOf(model, each, now) ?? [])
  const sent = items.map((item) => sentItem(played, item))
  if (items.length === 0) return { send: Effect.succeed(() => undefined) }
  const again = surface.record(sent, sharedContacts, `request ${played.sent++}`)
  return {
    send: Effect.map(again, (answer) => (played) => {
      sameRecorded(played, items, sharedContacts, now, answer)
      if ("items" in answer) requests.push([again, answer])
    }),
  }
}

/** Sends an item, a release or a rename. */
const sending = (played: Played, step: Step, more: ReadonlyArray<Said>, now: number): Sending | undefined => {
  const { surface } = played
  if (step.kind === "item") return sendItems(played, step, more, now)
  if (step.kind === "release") {
    const released = surface.release(Model.projectOf(step.identifier) ?? "p", sentOf(step.identifier))
    return {
      send: Effect.map(released, (at) => ({ model }) => {
        expect(Changing.release(model, step.identifier, at ?? now), "released").toBe(at !== undefined)
      }),
    }
  }
  if (step.kind === "rename") {
    const [from, to] = [step.from, step.to].map((each) => sentOf(each).userId!) as [string, string]
    return {
      send: Effect.map(surface.rename(from, to), (at) => ({ model }) => {
        expect(Changing.rename(model, step.from, step.to, at ?? now), "renamed").toBe(at !== undefined)
      }),
    }
  }
  return undefined
}

const identify = Effect.fnUntraced(function* (played: Played, guest: number, proven: Model.Identifier) {
  const { model, surface, visitors } = played
  const visitor = visitors[guest]
  if (visitor === undefined) return
  const session = [...played.ids].find(([, id]) => id === visitor.concordId)![0]
  const next = yield* surface.identify(visitor, sentOf(proven))
  visitors[guest] = next
  const facts = (yield* surface.facts(next.concordId)).toReversed()
  const now = yield* surface.now
  const dateCreated = Math.max(now, ...facts.slice(0, 2).map((each) => each.dateCreated))
  const fact = facts.find(({ id, kind }) => kind === "joined" && !played.facts.has(id))
  const { join, person } = Changing.identify(model, session, proven, dateCreated)
  expect(fact !== undefined, "joined unless both have an account").toBe(join !== undefined)
  if (fact !== undefined) played.facts.add(fact.id)
  const known = Model.group(model, person)
  const survivor = [...known].find((each) => played.ids.get(each) === next.concordId)
  if (survivor === undefined) bind(played, person, next.concordId)
  if (join !== undefined) played.joins.set(guest, { join, fact: fact!.id })
})

const undo = Effect.fnUntraced(function* (played: Played, guest: number) {
  const { ids, joins, model, surface, visitors } = played
  const joined = joins.get(guest)
  if (joined === undefined) return
  joins.delete(guest)
  const concordId = ids.get(guests[guest]!)!
  yield* surface.undo(concordId, joined.fact)
  const undone = (yield* surface.facts(concordId)).find(({ join }) => join === joined.fact)!
  Changing.undo(model, joined.join, undone.dateCreated)
  visitors[guest] = undefined
})

/**
 * Erases a person. What was asked by an identifier of the erased people cannot be asked again, because nothing names
 * them at any instant.
 */
const erase = Effect.fnUntraced(function* (played: Played, by: Extract<Step, { kind: "erase" }>["person"]) {
  const { asked, ids, joins, model, surface, visitors } = played
  const person = personOf(model, by)
  if (person === undefined) return
  const before = Model.copy(model)
  const { erasedAt, members } = yield* surface.erase!(ids.get(person)!)
  const people = Changing.erase(model, person, erasedAt)
  const again = Model.erased(before).has(person)
  if (!again) expect(members.toSorted(), "erased").toEqual(people.map((each) => ids.get(each)!).toSorted())
  for (const [guest, visitor] of visitors.entries()) {
    if (visitor !== undefined && members.includes(visitor.concordId)) visitors[guest] = undefined
  }
  for (const [guest, { join }] of joins) if (join.people.some((each) => people.includes(each))) joins.delete(guest)
  const kept = asked.filter(([project, sent, { knownAt }]) => {
    const some = identifiers.filter(
      (each) => Model.isOf(project, each) && JSON.stringify(sentOf(each)) === JSON.stringify(sent),
    )
    return "concordId" in sent || some.every((each) => !people.includes(Model.named(before, each, knownAt) ?? ""))
  })
  asked.splice(0, asked.length, ...kept)
})

/** Plays a step, and the items after it that are sent by the same request. */
const playStep = Effect.fnUntraced(function* (played: Played, step: Step, more: ReadonlyArray<Said> = []) {
  const sent = sending(played, step, more, yield* played.surface.now)
  if (sent !== undefined) (yield* sent.send)(played)
  if (step.kind === "identify") yield* identify(played, step.guest, step.proven)
  if (step.kind === "undo") yield* undo(played, step.join)
  if (step.kind === "erase") yield* erase(played, step.person)
})

const orders = <A>(some: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  some.length === 0
    ? [[]]
    : some.flatMap((first, index) => orders(some.toSpliced(index, 1)).map((rest) => [first, ...rest]))

/** Imports items as the rows of a file: each is recorded or refused like an item of a request of its own. */
export const playImport = Effect.fnUntraced(function* (
  played: Played,
  steps: ReadonlyArray<Said>,
  { blockSize, sharedContacts }: Pick<ImportFile, "blockSize" | "sharedContacts">,
) {
  const { model, surface } = played
  const now = yield* surface.now
  const items = steps.flatMap((step) => itemOf(model, step, now) ?? [])
  if (items.length === 0) return
  const rows = items.map((item, index) => ({ ...sentItem(played, item), expirationDate: now + 1_000_000_000 + index }))
  const imported = yield* surface.import({ rows, blockSize, sharedContacts })
  let [recorded, alsoRecorded] = [0, 0]
  for (const [index, item] of items.entries()) {
    const events = imported.events.filter(({ row }) => row === index)
    const recordedAt = Math.max(now, ...events.map(({ dateCreated }) => dateCreated))
    const expected = Resolving.record(model, item, { clock: now, recordedAt }, sharedContacts)
    const codes = imported.refused.flatMap(({ code, item }) => (item === index ? [code] : []))
    expect([...new Set(codes)], `row ${index}`).toEqual("refused" in expected ? [expected.refused] : [])
    if ("refused" in expected) continue
    sameEvents(played, expected.events, events)
    recorded++
    alsoRecorded += expected.events.length - 1
  }
  expect([imported.recorded, imported.alsoRecorded]).toEqual([recorded, alsoRecorded])
})

/** Asks a question, and compares the answer with the model's. */
const ask = Effect.fnUntraced(function* ({ ids, model, surface }: Played, project: string, by: Model.Question["by"]) {
  const sent = "person" in by ? { concordId: ids.get(by.person)! } : sentOf(by.identifier)
  const answer = yield* surface.ask(project, sent, {})
  const { at, decisions, knownAt } = answer
  for (const type of types) {
    const { event, permitted, status } = Model.answer(model, { by, project, type, at, knownAt })
    // Of two events of one state, one consentDate and one dateCreated, the ids decide, which the model has not.
    const said = (id: string | undefined) => {
      const of = Model.eventsIn(model).find((each) => each.id === id || ids.get(each.id) === id)
      return id === undefined ? "none" : `${of?.consentState} ${of?.consentDate} ${of?.dateCreated}`
    }
    const own = decisions[type]!
    const given = { status: own.status, permitted: own.permitted, event: said(own.event) }
    expect(given, `${JSON.stringify(by)} about ${project} ${type}`).toEqual({ status, permitted, event: said(event) })
  }
  return { answer, sent }
})

/** Asks everything now, and compares the answers, and the lists of events, with the model's. */
export const askAll = Effect.fnUntraced(function* (played: Played) {
  const { asked, ids, model, surface } = played
  for (const project of projects) {
    const given = identifiers.filter((each) => Model.isOf(project, each))
    for (const by of [...given.map((identifier) => ({ identifier })), ...guests.map((person) => ({ person }))]) {
      const { answer, sent } = yield* ask(played, project, by)
      asked.push([project, sent, answer])
    }
    for (let index = 0; index < model.people; index++) {
      const by = { person: `person ${index}` }
      const concordId = ids.get(by.person)
      if (concordId === undefined) continue
      const listed = yield* surface.list(project, concordId)
      const own = types.flatMap((type) => Model.listed(model, by.person, { project, type }))
      expect(listed.toSorted()).toEqual(own.map(({ id }) => ids.get(id)!).toSorted())
    }
  }
})

/** Plays steps at the same time: one order of them explains their answers, and those to all questions after them. */
export const playAtOnce = Effect.fnUntraced(function* (played: Played, steps: ReadonlyArray<Step>) {
  const now = yield* played.surface.now
  const sent = steps.flatMap((step) => sending(played, step, [], now) ?? [])
  const answers = yield* Effect.all(
    sent.map(({ send }) => send),
    { concurrency: "unbounded" },
  )
  const [model, ids] = [Model.copy(played.model), [...played.ids]]
  const failures: Array<unknown> = []
  for (const order of orders(answers)) {
    Model.restore(played.model, Model.copy(model))
    played.ids.clear()
    for (const [own, id] of ids) played.ids.set(own, id)
    const explained = yield* Effect.exit(
      Effect.gen(function* () {
        for (const explain of order) explain(played)
        yield* askAll(played)
      }),
    )
    if (Exit.isSuccess(explained)) return
    failures.push(explained.cause)
  }
  expect(failures, "an order that explains the answers").toEqual([])
})

/** Asks again, as of the instants of the answers, what was asked before. */
export const askAgain = Effect.fnUntraced(function* ({ asked, surface }: Played) {
  for (const [project, by, answer] of asked) {
    expect(yield* surface.ask(project, by, { at: answer.at, knownAt: answer.knownAt })).toEqual(answer)
  }
})

/** Sends all recorded requests again: each is answered the same, and records nothing. */
export const sendAgain = Effect.fnUntraced(function* ({ requests }: Played) {
  for (const [again, answer] of requests) expect(yield* again).toEqual(answer)
})

/** Whether an item is sent by the same request as the one before it. */
const isTogether = (step: Step, [wait, next]: World[number]): boolean =>
  step.kind === "item" &&
  next.kind === "item" &&
  wait === 0 &&
  next.project === step.project &&
  next.sharedContacts === step.sharedContacts

/** The steps, each with the items that are sent by the same request. */
const requestsOf = (world: World): ReadonlyArray<readonly [wait: number, step: Step, more: ReadonlyArray<Said>]> => {
  const requests: Array<[wait: number, step: Step, more: Array<Said>]> = []
  for (const [wait, step] of world) {
    const last = requests.at(-1)
    if (last !== undefined && isTogether(last[1], [wait, step])) last[2].push(step as Said)
    else requests.push([wait, step, []])
  }
  return requests
}

/** Plays a world, and asks everything after each request. */
export const playSteps = Effect.fnUntraced(function* (played: Played, world: World) {
  for (const [wait, step, more] of requestsOf(world)) {
    yield* played.surface.wait(wait)
    yield* playStep(played, step, more)
    yield* askAll(played)
  }
})

/** Plays a world on a new ledger. In the end, sends and asks all of it again. */
export const play = Effect.fnUntraced(function* (world: World, surface: Surface) {
  const played = yield* make(surface)
  yield* playSteps(played, world)
  yield* sendAgain(played)
  yield* askAll(played)
  yield* askAgain(played)
})
