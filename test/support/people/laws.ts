/**
 * Laws 4, 9, 12, 13, 15, 16 and 17 of the semantics for a world that was played on the model of people. Each returns
 * what breaks the law, in words; nothing if it holds.
 */
import type { Instant } from "../../../core/engine/Instant.ts"
import * as Model from "./model.ts"
import * as Resolving from "./resolving.ts"
import {
  guests,
  identifiers,
  isRecorded,
  type Played,
  play,
  projects,
  type Said,
  start,
  type Trace,
  types,
  type World,
} from "./worlds.ts"

type Broken = ReadonlyArray<string>

const isYes = ({ consentState }: { readonly consentState: string }): boolean => consentState !== "declined"

/** Everyone that a question can be about: each identifier, and each person. */
const asked = (model: Model.Model): ReadonlyArray<Model.Question["by"]> => [
  ...identifiers.map((identifier) => ({ identifier })),
  ...Array.from({ length: model.people }, (_, index) => ({ person: `person ${index}` })),
]

/** Every question at each instant at which anything happened. */
const questions = (model: Model.Model, by: Model.Question["by"], project: string, type: string) => {
  const dates = Model.eventsIn(model).map(({ consentDate }) => consentDate)
  return [...new Set([...dates, Infinity])].map((at) => ({ by, project, type, at }))
}

const everywhere = projects.flatMap((project) => types.map((type) => ({ project, type })))

/** The questions whose answer became permitted. */
const morePermitted = (before: Model.Model, after: Model.Model, some: ReadonlyArray<Model.Question["by"]>): Broken =>
  some.flatMap((by) =>
    everywhere.flatMap(({ project, type }) =>
      questions(after, by, project, type)
        .filter((question) => Model.answer(after, question).permitted && !Model.answer(before, question).permitted)
        .map((question) => `more permitted: ${JSON.stringify(question)}`),
    ),
  )

/** Law 4: of a refusal nothing gets more permitted, at once or later. */
export const refusalsOnlyTake = (world: World, { model, played }: Trace): Broken => {
  const refusals = played.filter(({ item, outcome }) => item?.consentState === "declined" && isRecorded(outcome))
  const atOnce = refusals.flatMap(({ from, to }) => {
    const [before, after] = [Model.until(model, from), Model.until(model, to)]
    const named = identifiers.filter((each) => Model.named(before, each) !== undefined)
    const people = Array.from({ length: model.people }, (_, index) => ({ person: `person ${index}` }))
    return morePermitted(before, after, [...people, ...named.map((identifier) => ({ identifier }))])
  })
  const later = refusals.flatMap((refusal) => {
    const index = played.indexOf(refusal)
    const other = world.map(([wait, step], each) => [wait, each === index ? { ...step, type: "none" } : step] as const)
    return morePermitted(play(other, [...model.without]).model, model, asked(model))
  })
  return [...atOnce, ...later]
}

/**
 * Law 9: each event belongs to a person that an identifier of its item names itself; a refusal to each of them, and to
 * those that were named before a release after its date.
 */
export const eachHasItsOwn = (_: World, { model, played }: Trace): Broken =>
  played.flatMap(({ at, from, item, outcome, to }) => {
    if (item === undefined || !isRecorded(outcome) || from === to) return []
    const [before, after] = [Model.until(model, from), Model.until(model, to)]
    const left = item.identifiers.filter((each) => !outcome.leftOut.includes(each))
    const namedNow = [item.concordId, ...left.map((each) => Model.named(after, each))]
    const direct = namedNow.filter((person) => person !== undefined)
    const own = outcome.events.map(({ person }) => person)
    const past = Model.holdings(before).filter(
      ({ end, identifier }) => left.includes(identifier) && (item.consentDate ?? at) < end && end < Infinity,
    )
    const all = [...direct, ...past.map(({ person }) => person)]
    const due = item.consentState === "declined" ? all : direct.slice(0, 1)
    const missing = due.filter((person) => !own.includes(person)).map((person) => `no event of ${person}`)
    const foreign = own.filter((person) => !due.includes(person)).map((person) => `an event of ${person}`)
    return [...missing, ...foreign].map((text) => `${text}: ${JSON.stringify(item)}`)
  })

/** Accounts that one item without a conflict, or a rename, named together; each with everyone it is linked with. */
const linksOf = ({ model, played }: Trace): ReadonlyMap<string, ReadonlySet<string>> => {
  const links = new Map<string, Set<string>>(identifiers.map((each) => [each, new Set([each])]))
  const link = (some: ReadonlyArray<string>) => {
    const all = new Set(some.flatMap((each) => [...links.get(each)!]))
    for (const each of all) links.set(each, all)
  }
  for (const { from, item, outcome, step } of played) {
    const before = Model.until(model, from)
    if (step.kind === "rename") link([step.from, step.to])
    if (item === undefined || !isRecorded(outcome)) continue
    const kept = { ...item, identifiers: item.identifiers.filter((each) => !outcome.leftOut.includes(each)) }
    const strong = { ...kept, identifiers: kept.identifiers.filter(Model.isAccount) }
    const { concordId: _, ...own } = strong
    if (!Resolving.isConflict(before, kept) || !Resolving.isConflict(before, strong)) link(underAccounts(before, kept))
    else if (!Resolving.isConflict(before, own)) link(own.identifiers)
  }
  return links
}

/** The accounts that an item is recorded under: its own, and those of its `concordId`. */
const underAccounts = (before: Model.Model, { concordId, identifiers: given }: Model.Item) => {
  const people = concordId === undefined ? new Set<string>() : Model.group(before, concordId)
  const had = Model.holdings(before).filter(({ person }) => people.has(person))
  return [...given, ...had.map(({ identifier }) => identifier)].filter(Model.isAccount)
}

/**
 * Law 12: a yes under one account is not among the events of another. A yes under accounts of several people that are
 * joined is under those of the person that it belongs to.
 */
export const accountsStayApart = (_: World, trace: Trace): Broken => {
  const { model, played } = trace
  const links = linksOf({ ...trace, model: { ...model, without: new Set() } })
  const yeses = played.flatMap(({ from, item, outcome, to }) => {
    if (item === undefined || !isRecorded(outcome) || !isYes(item)) return []
    const [before, after] = [from, to].map((length) => Model.until(model, length)) as [Model.Model, Model.Model]
    const own = { ...before, log: before.log.filter(({ kind }) => kind !== "joined") }
    return outcome.events.map((event) => {
      const given = item.identifiers.filter((each) => Model.named(after, each) === event.person)
      const under = underAccounts(own, { ...item, identifiers: given })
      return { event, under: under.filter((each) => Model.isOf(item.project, each)) }
    })
  })
  return played.flatMap(({ to }) => {
    const then = Model.until(model, to)
    return identifiers.filter(Model.isAccount).flatMap((account) => {
      const shown = everywhere.flatMap((each) => Model.eventsOf(then, { ...each, by: { identifier: account } }))
      const ids = new Set(shown.map(({ id }) => id))
      return yeses
        .filter(({ event, under }) => ids.has(event.id) && under.length > 0)
        .filter(({ under }) => !under.some((each) => links.get(each)!.has(account)))
        .map(({ event, under }) => `${account} has ${event.id} of ${under.join(", ")}`)
    })
  })
}

const wasReleased = (model: Model.Model, from: number, identifier: Model.Identifier, date: Instant): boolean =>
  model.log.some(
    (entry, index) =>
      entry.kind === "released" && entry.identifier === identifier && (index >= from || entry.dateCreated > date),
  )

/** Law 13: a refusal counts at once, and until something later is recorded. */
export const refusalsStay = (_: World, { model, played }: Trace): Broken =>
  played.flatMap(({ at: recordedAt, from, item, outcome, to: done }) => {
    if (item?.consentState !== "declined" || !isRecorded(outcome)) return []
    const { consentDate = recordedAt, project, type } = item
    return played
      .filter(({ to }) => to >= done)
      .flatMap(({ to }) => {
        const then = Model.until(model, to)
        const given = item.identifiers.filter((each) => !wasReleased(then, from, each, consentDate))
        const by = given.map((identifier) => ({ identifier }))
        const people = item.concordId === undefined ? [] : [{ person: item.concordId }]
        return [...by, ...people].flatMap((by) =>
          questions(then, by, project, type)
            .filter(({ at }) => at >= consentDate)
            .filter((question) => {
              const { event, permitted } = Model.answer(then, question)
              const deciding = Model.eventsIn(then).find(({ id }) => id === event)
              return permitted && deciding!.consentDate <= consentDate
            })
            .map((question) => `permitted after a refusal: ${JSON.stringify({ question, item })}`),
        )
      })
  })

/** All that a person is answered, at each instant. */
const answersOf = (model: Model.Model, person: string, knownAt = Infinity) =>
  everywhere.flatMap(({ project, type }) =>
    questions(model, { person }, project, type).map((question) => Model.answer(model, { ...question, knownAt })),
  )

const claims = ({ log }: Model.Model, { from, to }: Played, identifier: Model.Identifier): boolean =>
  log.slice(from, to).some((entry) => entry.kind === "claimed" && entry.identifier === identifier)

/** Law 15: a release or a rename, and the next claim of the identifier, change no answer of the person it named. */
export const releasesGiveNothing = (_: World, { model, played }: Trace): Broken =>
  played.flatMap(({ at, from, step, to }, index) => {
    if ((step.kind !== "release" && step.kind !== "rename") || from === to) return []
    const [before, after] = [Model.until(model, from), Model.until(model, to)]
    const identifier = step.kind === "release" ? step.identifier : step.from
    const person = Model.named(before, identifier)!
    const broken: Array<string> = []
    for (const each of asked(model)) {
      if (!("person" in each)) continue
      const isKept = JSON.stringify(answersOf(before, each.person)) === JSON.stringify(answersOf(after, each.person))
      if (!isKept) broken.push(`a release changes the answers of ${each.person}`)
    }
    const early = played.slice(index).flatMap(({ item, outcome }) => {
      if (item === undefined || !isRecorded(outcome) || !isYes(item) || outcome.leftOut.includes(identifier)) return []
      return item.identifiers.includes(identifier) ? outcome.events.filter(({ consentDate }) => consentDate < at) : []
    })
    broken.push(...early.map(({ id }) => `${id} was said before ${identifier} was released`))
    const late = played.slice(index).filter((each) => {
      const { consentDate = each.at } = each.item ?? {}
      return consentDate < at && claims(model, each, identifier)
    })
    broken.push(...late.map(({ item }) => `${identifier} is claimed as of before its release: ${JSON.stringify(item)}`))
    const claimed = played.slice(index + 1).find((each) => claims(model, each, identifier))
    const claimer = claimed === undefined ? undefined : Model.named(Model.until(model, claimed.to), identifier)
    if (claimed === undefined || claimer === undefined || claimed.item === undefined) return broken
    const [unclaimed, then] = [Model.until(model, claimed.from), Model.until(model, claimed.to)]
    const own = Model.eventsIn(then).filter(({ item }) => !Model.eventsIn(unclaimed).some((each) => each.item === item))
    for (const [one, other] of everywhere.map((each) =>
      [unclaimed, then].map((model) => Model.eventsOf(model, { ...each, by: { person: claimer } })),
    )) {
      const gained = other!.filter(
        ({ id }) => !one!.some((each) => each.id === id) && !own.some((each) => each.id === id),
      )
      broken.push(...gained.map(({ id }) => `${claimer} gains ${id} with ${identifier} of ${person}`))
    }
    return broken
  })

/** Law 16: an answer stays what it is, as known when it was given. */
export const answersStay = (_: World, { model, played }: Trace): Broken =>
  played.flatMap(({ at, to }, index) => {
    const next = played[index + 1]
    if (next === undefined || next.at === at) return []
    const then = Model.until(model, to)
    return asked(then).flatMap((by) =>
      everywhere
        .filter((each) => {
          const question = { ...each, by, at, knownAt: at }
          return JSON.stringify(Model.answer(then, question)) !== JSON.stringify(Model.answer(model, question))
        })
        .map((each) => `another answer as known at ${at}: ${JSON.stringify({ ...each, by })}`),
    )
  })

/** What can be seen of a model: the items that each identifier answers for, as the numbers of the steps. */
const seen = ({ model, played }: Trace, place: (index: number) => number) => {
  const stepOf = new Map<string, number>()
  for (const [index, { outcome }] of played.entries()) {
    if (isRecorded(outcome)) for (const { id } of outcome.events) stepOf.set(id, place(index))
  }
  const by = [...identifiers.map((identifier) => ({ identifier })), ...guests.map((person) => ({ person }))]
  return by.map((by) =>
    everywhere.map((each) =>
      Model.eventsOf(model, { ...each, by })
        .map(({ id }) => stepOf.get(id))
        .toSorted(),
    ),
  )
}

/** The people that a step is about, with the identifiers that it names. */
const about = (model: Model.Model, { item, step }: Played): ReadonlySet<string> => {
  const given =
    step.kind === "item"
      ? [...step.identifiers, ...(step.concordId !== undefined && "of" in step.concordId ? [step.concordId.of] : [])]
      : step.kind === "release"
        ? [step.identifier]
        : step.kind === "rename"
          ? [step.from, step.to]
          : step.kind === "identify"
            ? [step.proven]
            : []
  const people = Model.holdings(model)
    .filter(({ identifier }) => (given as ReadonlyArray<string>).includes(identifier))
    .map(({ person }) => person)
  if (item?.concordId !== undefined) people.push(item.concordId)
  if (step.kind === "identify") people.push(guests[step.guest]!)
  return new Set([...given, ...people.flatMap((person) => [...Model.group(model, person)])])
}

/** Law 17: requests that have nothing in common may come in the other order. */
export const orderIsFree = (world: World, trace: Trace): Broken => {
  const { model, played } = trace
  return played.slice(1).flatMap((second, before) => {
    const first = played[before]!
    if (first.step.kind !== "item" || second.step.kind !== "item" || second.at !== first.at) return []
    const ofSecond = about(Model.until(model, second.to), second)
    if ([...about(Model.until(model, second.to), first)].some((each) => ofSecond.has(each))) return []
    const swapped = [...world]
    ;[swapped[before], swapped[before + 1]] = [
      [world[before]![0], second.step],
      [0, first.step],
    ]
    const place = (index: number) => (index === before ? before + 1 : index === before + 1 ? before : index)
    const same =
      JSON.stringify(seen(trace, (index) => index)) === JSON.stringify(seen(play(swapped, [...model.without]), place))
    return same ? [] : [`the order of ${before} and ${before + 1} counts`]
  })
}

/** Law 17: each item that was recorded records nothing again, and is answered the same. */
export const repeatsAreTheSame = (_: World, { model, played }: Trace): Broken =>
  played.flatMap(({ from, item, outcome, step, to }) => {
    if (step.kind !== "item" || item?.externalId === undefined || !isRecorded(outcome) || from === to) return []
    const { length } = model.log
    const kept = model.kept.get(`${item.project} ${item.externalId}`)
    if (kept?.recorded !== outcome) return []
    const again = Resolving.record(model, item, { clock: start + 1000, recordedAt: start + 1000 }, step.sharedContacts)
    const isSame = JSON.stringify(again) === JSON.stringify(outcome) && model.log.length === length
    return isSame ? [] : [`another answer to ${item.externalId}`]
  })

/** The events of each account, as the items of the world that they are of. */
const ofAccounts = ({ model, played }: Trace) =>
  identifiers.filter(Model.isAccount).map((account) => {
    const shown = everywhere.flatMap((each) => Model.eventsOf(model, { ...each, by: { identifier: account } }))
    const items = shown.flatMap(({ id }) =>
      played.flatMap(({ outcome, step }) =>
        isRecorded(outcome) && outcome.events.some((each) => each.id === id) ? [step] : [],
      ),
    )
    return { account, items: items.filter((step) => step.kind === "item") }
  })

/** Law 12: in every order an account has its own yeses, no other account's, and at least its own noes. */
export const ordersAgree = (world: World, trace: Trace): Broken =>
  ofAccounts(trace).flatMap(({ account, items }) => {
    const all = world.flatMap(([, step]) => (step.kind === "item" ? [step] : []))
    const isOwn = (step: Said) => step.identifiers.includes(account)
    const missing = all.filter((step) => isOwn(step) && !items.includes(step))
    const foreign = items.filter((step) => !isOwn(step) && isYes(step) && step.identifiers.some(Model.isAccount))
    return [
      ...missing.map((step) => `${account} lacks ${JSON.stringify(step)}`),
      ...foreign.map((step) => `${account} has ${JSON.stringify(step)}`),
    ]
  })

/** Every law, by its name. */
export const all: Readonly<Record<string, (world: World, trace: Trace) => Broken>> = {
  "law 4": refusalsOnlyTake,
  "law 9": eachHasItsOwn,
  "law 12": accountsStayApart,
  "law 13": refusalsStay,
  "law 15": releasesGiveNothing,
  "law 16": answersStay,
  "law 17, order": orderIsFree,
  "law 17, repeats": repeatsAreTheSame,
}
