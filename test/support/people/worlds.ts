/**
 * Random worlds: few identifiers, instants and visitors, so that people meet, ties happen and identifiers change hands.
 * A world is a list of steps that a model, or a ledger, plays.
 */
import * as fc from "fast-check"
import type { ConsentState } from "../../../core/engine/ConsentState.ts"
import type { Instant } from "../../../core/engine/Instant.ts"
import * as Changing from "./changing.ts"
import * as Model from "./model.ts"
import * as Resolving from "./resolving.ts"

/** The identifiers of the worlds, the strongest first. */
export const identifiers: ReadonlyArray<Model.Identifier> = [
  "userId u",
  "userId v",
  "projectUserId p x",
  "projectUserId p y",
  "projectUserId q x",
  "email e",
  "email f",
  "phoneNumber g",
]

export const projects = ["p", "q"] as const
export const types = ["newsletter", "analytics"] as const

/** The visitors that are guests at first: `person 0`, `person 1`. */
export const guests = ["person 0", "person 1"] as const

/** An item as a step: the person of its `concordId` is found when it is played. */
export interface Said extends Omit<Model.Item, "concordId" | "consentDate"> {
  readonly kind: "item"
  readonly concordId: { readonly guest: number } | { readonly of: Model.Identifier } | undefined
  /** By how many milliseconds the `consentDate` is earlier than the clock; `undefined`: it is left out. */
  readonly ago: number | undefined
  readonly sharedContacts: "refuse" | "leave-out"
}

export type Step =
  | Said
  | { readonly kind: "release"; readonly identifier: Model.Identifier }
  | { readonly kind: "rename"; readonly from: Model.Identifier; readonly to: Model.Identifier }
  | { readonly kind: "identify"; readonly guest: number; readonly proven: Model.Identifier }
  | { readonly kind: "undo"; readonly join: number }
  | { readonly kind: "erase"; readonly person: Exclude<Said["concordId"], undefined> }

/** Steps, each with the milliseconds that the clock goes on before it. */
export type World = ReadonlyArray<readonly [wait: number, step: Step]>

const oneOf = <A>(...some: ReadonlyArray<A>): fc.Arbitrary<A> => fc.constantFrom(...some)
const atMostOne = (some: ReadonlyArray<Model.Identifier>) =>
  some.length === 0 ? fc.constant(undefined) : fc.option(oneOf(...some), { nil: undefined, freq: 2 })

/** At most one identifier of each kind. A `projectUserId` is one of the item's project. */
const given = (project: string, some: ReadonlyArray<Model.Identifier>) =>
  fc
    .tuple(
      ...Model.kinds.map((kind) => {
        const ofKind = some.filter((each) => Model.kindOf(each) === kind)
        return atMostOne(ofKind.filter((each) => Model.isOf(project, each)))
      }),
    )
    .map((each) => each.filter((identifier) => identifier !== undefined))

const state = oneOf<ConsentState>("accepted", "accepted", "declined", "declined", "declined", "implied", "viewed")

/**
 * How long ago an item with an external id is, if it has a date: a ledger treats a date up to five minutes after the
 * recorded one as the same, because it may have been ahead of the clock.
 */
const longAgo = 3_600_000

/** What the items of worlds may have. */
export interface Choices {
  readonly identifiers?: ReadonlyArray<Model.Identifier>
  readonly projects?: ReadonlyArray<string>
  readonly types?: ReadonlyArray<string>
  readonly concordIds?: boolean
  readonly ago?: ReadonlyArray<number | undefined>
  readonly externalIds?: ReadonlyArray<string | undefined>
}

/** An item of a world. */
export const said = (choices: Choices = {}): fc.Arbitrary<Said> => {
  const { ago = [undefined, 0, 1, 2, 5], concordIds = true, identifiers: some = identifiers } = choices
  const concordId = fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: concordIds ? 1 : 0, arbitrary: fc.record({ guest: oneOf(0, 1) }) },
    { weight: concordIds ? 1 : 0, arbitrary: fc.record({ of: oneOf(...some) }) },
  )
  return oneOf(...(choices.projects ?? ["p", "p", "q"]))
    .chain((project) =>
      fc.record({
        kind: fc.constant("item" as const),
        project: fc.constant(project),
        concordId,
        identifiers: given(project, some),
        type: oneOf(...(choices.types ?? [types[0], types[0], types[1]])),
        consentState: state,
        ago: oneOf(...ago),
        sharedContacts: oneOf("refuse" as const, "leave-out" as const),
        externalId: oneOf(...(choices.externalIds ?? [undefined])),
      }),
    )
    .map(({ externalId, ...item }): Said => {
      if (externalId === undefined) return item
      return { ...item, externalId, ago: item.ago === undefined ? undefined : longAgo }
    })
    .filter((item) => item.identifiers.length > 0 || item.concordId !== undefined)
}

const userIds = identifiers.filter((each) => Model.kindOf(each) === "userId")

/** A change of identity. */
export const change = (some: ReadonlyArray<Model.Identifier>): fc.Arbitrary<Exclude<Step, Said>> => {
  const release = fc.record({ kind: fc.constant("release" as const), identifier: oneOf(...some) })
  const proven = oneOf(...some.filter((each) => Model.isOf("p", each)))
  return fc.oneof(
    { weight: 2, arbitrary: release },
    fc.record({ kind: fc.constant("rename" as const), from: oneOf(...userIds), to: oneOf(...userIds) }),
    fc.record({ kind: fc.constant("identify" as const), guest: oneOf(0, 1), proven }),
    fc.record({ kind: fc.constant("undo" as const), join: oneOf(0, 1) }),
  )
}

/** An item, a release or a rename. */
export const request = (choices: Choices): fc.Arbitrary<Step> =>
  fc.oneof<fc.Arbitrary<Step>[]>(
    said(choices),
    said(choices),
    change(choices.identifiers ?? identifiers).filter(({ kind }) => kind === "release" || kind === "rename"),
  )

export const wait = oneOf(0, 1, 1, 2)

/** Choices of dense worlds: identifiers meet in most items, and dates are before releases. */
export const dense: Choices = {
  identifiers: ["userId u", "userId v", "projectUserId p x", "email e", "phoneNumber g"],
  projects: ["p"],
  types: [types[0]],
  ago: [undefined, 1, 2, 4],
}

/** A world of items and changes. */
export const world = (choices: Choices = {}, maxLength = 12): fc.Arbitrary<World> =>
  fc.array(
    fc.tuple(
      wait,
      fc.oneof<fc.Arbitrary<Step>[]>(
        said(choices),
        said(choices),
        said(choices),
        change(choices.identifiers ?? identifiers),
      ),
    ),
    {
      minLength: 2,
      maxLength,
      size: "max",
    },
  )

/** Items in any order, each with at most one account. Contact points that name another are left out. */
export const items: fc.Arbitrary<World> = fc.array(
  fc.tuple(
    wait,
    said({ concordIds: false, ago: [undefined], types: [types[0]] })
      .filter(({ identifiers: given }) => given.filter(Model.isAccount).length <= 1)
      .map((step): Step => ({ ...step, sharedContacts: "leave-out" })),
  ),
  { minLength: 2, maxLength: 7, size: "max" },
)

/** What a step did: the part of the log that it wrote, and what an item was answered. */
export interface Played {
  readonly step: Step
  readonly at: Instant
  readonly from: number
  readonly to: number
  readonly item?: Model.Item
  readonly outcome?: Model.Recorded | Resolving.Refused
}

/** A world that was played, and the joins of each guest, the last one last. */
export interface Trace {
  readonly model: Model.Model
  readonly played: ReadonlyArray<Played>
}

export const start = 100

/** The person that a step is about; `undefined` if an identifier names no one. */
export const personOf = (model: Model.Model, by: Exclude<Said["concordId"], undefined>): string | undefined =>
  "guest" in by ? guests[by.guest]! : Model.named(model, by.of)

/** The item of a step, with the person that its `concordId` is now; `undefined` if there is none. */
export const itemOf = (model: Model.Model, step: Said, now: Instant): Model.Item | undefined => {
  const { ago, concordId, consentState, externalId, identifiers: given, project, type } = step
  const person = concordId === undefined ? undefined : personOf(model, concordId)
  if (person === undefined && given.length === 0) return undefined
  return {
    project,
    identifiers: given,
    type,
    consentState,
    ...(person !== undefined && { concordId: person }),
    ...(ago !== undefined && { consentDate: now - ago }),
    ...(externalId !== undefined && { externalId }),
  }
}

/** Plays a world on a model. */
export const play = (world: World, without: ReadonlyArray<Model.Clause> = []): Trace => {
  const model = Model.make(without)
  for (const _ of guests) Model.newPerson(model)
  const played: Array<Played> = []
  const joins = new Map<number, Model.Joined>()
  const gone = new Set<string>()
  let now = start
  for (const [wait, step] of world) {
    now += wait
    const from = model.log.length
    const item = step.kind === "item" ? itemOf(model, step, now) : undefined
    let outcome: Played["outcome"]
    if (step.kind === "item" && item !== undefined)
      outcome = Resolving.record(model, item, { clock: now, recordedAt: now }, step.sharedContacts)
    if (step.kind === "release") Changing.release(model, step.identifier, now)
    if (step.kind === "rename") Changing.rename(model, step.from, step.to, now)
    // The sessions of an erased person are gone.
    if (step.kind === "identify" && !gone.has(guests[step.guest]!)) {
      const { join } = Changing.identify(model, guests[step.guest]!, step.proven, now)
      if (join !== undefined) joins.set(step.guest, join)
    }
    if (step.kind === "undo") {
      const join = joins.get(step.join)
      if (join !== undefined) Changing.undo(model, join, now)
      joins.delete(step.join)
    }
    if (step.kind === "erase") {
      const person = personOf(model, step.person)
      const people = person === undefined ? [] : Changing.erase(model, person, now)
      for (const [guest, join] of joins) if (join.people.some((each) => people.includes(each))) joins.delete(guest)
      for (const each of people) gone.add(each)
    }
    const more = { ...(item !== undefined && { item }), ...(outcome !== undefined && { outcome }) }
    played.push({ step, at: now, from, to: model.log.length, ...more })
  }
  return { model, played }
}

export const isRecorded = (outcome: Played["outcome"]): outcome is Model.Recorded =>
  outcome !== undefined && "events" in outcome
