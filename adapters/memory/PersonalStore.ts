/**
 * Personal data of the store in memory, the keys of people, and the erasures of people.
 */
import { Effect } from "effect"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import type {
  Erasure,
  KeyedPart,
  LaneKey,
  PersonalPart,
  PersonalPlace,
  PersonalStore,
  PersonalWrites,
  PersonKey,
} from "../../core/ports/LedgerStore.ts"
import * as UsedKeys from "../../core/ports/UsedKeys.ts"

/** Personal data, with the writes of appends and identity changes. */
export interface PersonalData {
  /** All but what needs the other parts of the store. */
  readonly store: Omit<PersonalStore, "erase">
  /** When a person was erased. */
  readonly erasedAt: (organization: Lane.Owner, concordId: string) => Instant | undefined
  /** Whether an erasure has kept the identifiers of one of the people of a write, and the used key is not there. */
  readonly isKeyGone: (organization: Lane.Owner, personal: PersonalWrites | undefined) => boolean
  /** Whether a person has an erasure of an id that kept its identifiers. */
  readonly isHeld: (organization: Lane.Owner, concordId: string, id: string) => boolean
  /** Whether keys can be kept: none of their people has another one. */
  readonly areFree: (organization: Lane.Owner, personal: PersonalWrites | undefined) => boolean
  readonly keep: (organization: Lane.Owner, personal: PersonalWrites | undefined) => void
  /** Deletes personal data and keys of people, and returns how many there were. */
  readonly destroy: (
    organization: Lane.Owner,
    people: ReadonlyArray<string>,
  ) => { readonly personalData: number; readonly personKeys: number }
  /** Keeps an erasure with each of its members. */
  readonly record: (organization: Lane.Owner, erasure: Erasure) => void
}

const isSame = (a: PersonKey, b: PersonKey): boolean =>
  a.epoch === b.epoch && Buffer.from(a.wrapped).equals(Buffer.from(b.wrapped))

const keyOf = (organization: Lane.Owner, concordId: string): string =>
  `${Lane.of(organization, concordId)} ${concordId}`
const partKey = ({ id, kind }: Pick<PersonalPlace, "id" | "kind">): string => `${kind} ${id}`

/** Orders texts by their bytes: kinds and ids are ASCII. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const byPlace = (a: Pick<PersonalPlace, "id" | "kind">, b: Pick<PersonalPlace, "id" | "kind">): number =>
  compare(a.kind, b.kind) || compare(a.id, b.id)
const byInstant = (a: Pick<Erasure, "id" | "recordedAt">, b: Pick<Erasure, "id" | "recordedAt">): number =>
  a.recordedAt - b.recordedAt || compare(a.id, b.id)
const byLane = (a: Pick<LaneKey, "concordId" | "lane">, b: Pick<LaneKey, "concordId" | "lane">): number =>
  a.lane - b.lane || compare(a.concordId, b.concordId)

const makeKeys = () => {
  const keys = new Map<string, LaneKey>()
  return {
    get: (organization: Lane.Owner, concordId: string): PersonKey | undefined => {
      const found = keys.get(keyOf(organization, concordId))
      return found && { concordId, epoch: found.epoch, wrapped: found.wrapped }
    },
    put: (organization: Lane.Owner, key: PersonKey): void => {
      keys.set(keyOf(organization, key.concordId), { ...key, lane: Lane.of(organization, key.concordId) })
    },
    remove: (organization: Lane.Owner, concordId: string): boolean => keys.delete(keyOf(organization, concordId)),
    page: (after: Pick<LaneKey, "concordId" | "lane"> | undefined, limit: number): ReadonlyArray<LaneKey> =>
      [...keys.values()]
        .filter((key) => after === undefined || byLane(key, after) > 0)
        .toSorted(byLane)
        .slice(0, limit),
    rewrap: (from: LaneKey, to: Pick<PersonKey, "epoch" | "wrapped">): void => {
      const place = `${from.lane} ${from.concordId}`
      const known = keys.get(place)
      if (known !== undefined && isSame(known, from)) keys.set(place, { ...known, ...to })
    },
  }
}

/** No personal data yet. */
export const make = (): PersonalData => {
  const keys = makeKeys()
  /** By the key of the person, and then of the part. */
  const parts = new Map<string, Map<string, PersonalPart>>()
  /** The erasure of each person, by its key. */
  const erasures = new Map<string, Erasure>()
  /** The erasures that kept the identifiers of each person, by its key. */
  const heldErasures = new Map<string, ReadonlyArray<Erasure>>()
  const heldOf = (organization: Lane.Owner, concordId: string) => heldErasures.get(keyOf(organization, concordId)) ?? []

  const part = (organization: Lane.Owner, place: PersonalPlace): KeyedPart | undefined => {
    const key = keys.get(organization, place.concordId)
    const found = parts.get(keyOf(organization, place.concordId))?.get(partKey(place))
    return key && found && { ...found, epoch: key.epoch, wrapped: key.wrapped }
  }

  const keepPart = (organization: Lane.Owner, kept: PersonalPart): void => {
    const place = keyOf(organization, kept.concordId)
    const ofPerson = parts.get(place) ?? new Map<string, PersonalPart>()
    parts.set(place, ofPerson)
    if (kept.kind === "profile" || !ofPerson.has(partKey(kept))) ofPerson.set(partKey(kept), kept)
  }

  const partsOf: PersonalStore["partsOf"] = (organization, concordId, after, limit) =>
    Effect.sync(() =>
      [...(parts.get(keyOf(organization, concordId))?.values() ?? [])]
        .filter((each) => after === undefined || byPlace(each, after) > 0)
        .toSorted(byPlace)
        .flatMap((each) => part(organization, each) ?? [])
        .slice(0, limit),
    )

  const erasuresOf: PersonalStore["erasures"] = ({ number }, after, limit) =>
    Effect.sync(() => {
      const isOwn = ([key]: readonly [string, unknown]): boolean =>
        Math.floor(Number.parseInt(key, 10) / Lane.maxCount) === number
      const whole = [...erasures].filter(isOwn).map(([, erasure]) => erasure)
      const held = [...heldErasures].filter(isOwn).flatMap(([, made]) => made)
      const each = new Map([...whole, ...held].map((erasure) => [erasure.id, erasure]))
      const later = [...each.values()].filter((erasure) => after === undefined || byInstant(erasure, after) > 0)
      return later.toSorted(byInstant).slice(0, limit)
    })

  return {
    store: {
      keys: (organization, people) => Effect.sync(() => people.map((person) => keys.get(organization, person))),
      parts: (organization, places) => Effect.sync(() => places.map((place) => part(organization, place))),
      partsOf,
      allKeys: (after, limit) => Effect.sync(() => keys.page(after, limit)),
      rewrap: (changes) => Effect.sync(() => changes.forEach(({ from, to }) => keys.rewrap(from, to))),
      erasure: (organization, concordId) => Effect.sync(() => erasures.get(keyOf(organization, concordId))),
      heldErasures: (organization, concordId) => Effect.sync(() => heldOf(organization, concordId).toSorted(byInstant)),
      erasures: erasuresOf,
      scrub: Effect.succeed(true),
    },
    erasedAt: (organization, concordId) => erasures.get(keyOf(organization, concordId))?.recordedAt,
    isKeyGone: (organization, personal) =>
      [...UsedKeys.of(personal)].some(([concordId, wrapped]) => {
        const there = keys.get(organization, concordId)?.wrapped
        const isThere = there !== undefined && Buffer.from(there).equals(wrapped)
        return heldOf(organization, concordId).length > 0 && !isThere
      }),
    isHeld: (organization, concordId, id) => heldOf(organization, concordId).some((each) => each.id === id),
    areFree: (organization, personal) =>
      personal?.keys.every((key) => isSame(keys.get(organization, key.concordId) ?? key, key)) ?? true,
    keep: (organization, personal) => {
      for (const key of personal?.keys ?? []) keys.put(organization, key)
      for (const each of personal?.parts ?? []) keepPart(organization, each)
    },
    destroy: (organization, people) => {
      const personalData = people.reduce((sum, person) => sum + (parts.get(keyOf(organization, person))?.size ?? 0), 0)
      for (const person of people) parts.delete(keyOf(organization, person))
      return { personalData, personKeys: people.filter((person) => keys.remove(organization, person)).length }
    },
    record: (organization, erasure) => {
      for (const member of erasure.members) {
        const key = keyOf(organization, member)
        if (erasure.scope === undefined) erasures.set(key, erasure)
        else heldErasures.set(key, [...heldOf(organization, member), erasure])
      }
    },
  }
}
