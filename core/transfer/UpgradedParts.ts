/**
 * The personal data of an upgrade: committed to and encrypted for the new ledger, and opened again to compare.
 *
 * The personal data of a session stand in the session, in its events and in the answer that opened it, and those of a
 * fact with both of its people. An upgrade that was killed meets them again. So their openings are not random but
 * derived from the key of the person: equal personal data of the same session or fact have the same commitment, and the
 * openings are destroyed with the key.
 */
import { Effect, Result } from "effect"
import { Mac } from "effect/crypto"
import { Hex } from "effect/encoding"
import * as Commitment from "../ledger/Commitment.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as PersonalData from "../ledger/PersonalData.ts"
import * as SessionPart from "../ledger/SessionPart.ts"
import * as Lane from "../model/Lane.ts"
import type { Keys } from "../ports/Keys.ts"
import { KeysUnavailable } from "../ports/Keys.ts"
import type { Row } from "../ports/LedgerRows.ts"
import type { NewRows, PersonKeyPlace, Upgrade } from "../ports/LedgerUpgrade.ts"
import type { PersonalKind } from "../ports/PersonalStore.ts"
import type { SealedData } from "../ports/SessionStore.ts"
import type { Parted, Taken } from "./UpgradedTexts.ts"

/** What an upgrade needs of its environment. */
export interface UpgradeContext extends Pick<LedgerContext, "aead" | "digest" | "random"> {
  readonly keys: Keys["Service"]
  readonly mac: Mac.Mac["Service"]
}

/** A text with personal data, and the person that they are of. */
export interface PartedOf {
  readonly organization: Lane.Owner
  readonly concordId: string
  readonly parted: Parted
}

/** A commitment in a stored text. */
export interface CommittedText {
  readonly organization: Lane.Owner
  readonly concordId: string
  readonly kind: PersonalKind
  /** Empty for a profile. */
  readonly commitment: string
}

/** How many keys, and how many commitments or texts, are held in memory. */
const maxHeld = 100_000

/** A map that forgets everything when it is full. */
const bounded = <Value>() => {
  const held = new Map<string, Value>()
  const set = (key: string, value: Value): void => {
    if (held.size >= maxHeld) held.clear()
    held.set(key, value)
  }
  return { get: (key: string) => held.get(key), set }
}

const placeOf = ({ organization, concordId }: Pick<PartedOf, "concordId" | "organization">): PersonKeyPlace => ({
  lane: Lane.of(organization, concordId),
  person: concordId,
})

const nameOf = ({ lane, person }: PersonKeyPlace): string => `${lane} ${person}`

const encoder = new TextEncoder()
const fromHex = (text: string): Uint8Array => Result.getOrThrow(Hex.decode(text))

const lost = new KeysUnavailable({
  reason: "these are not the keys that the upgrade was begun with: name those, or go back to a backup of the ledger",
})

/** A session with its personal data in it. */
export interface SealedText extends Omit<CommittedText, "kind"> {
  readonly sealed: SealedData | undefined
}

/** The keys of people: read or made, and held. */
const makeKeys = (upgrade: Upgrade, { keys, random }: UpgradeContext) => {
  const held = bounded<Uint8Array>()
  /** The keys of places, in their order, and the rows of those that were made. */
  return Effect.fnUntraced(function* (places: ReadonlyArray<PersonKeyPlace>) {
    const found = new Map<string, Uint8Array>()
    const others = new Map<string, PersonKeyPlace>()
    for (const place of places) {
      const key = held.get(nameOf(place))
      if (key === undefined) others.set(nameOf(place), place)
      else found.set(nameOf(place), key)
    }
    const made: Array<Row<"person_key">> = []
    const rows = yield* upgrade.personKeys([...others.values()])
    for (const [index, [name, place]] of [...others].entries()) {
      const row = rows[index]
      const key =
        row === undefined ? yield* random.randomBytes(32) : yield* keys.unwrap(row.epoch, fromHex(row.wrapped))
      if (key === undefined) return yield* lost
      if (row === undefined) {
        const epoch = yield* keys.epoch
        made.push({ ...place, epoch, wrapped: Hex.encode(yield* keys.wrap(epoch, key)) })
      }
      held.set(name, key)
      found.set(name, key)
    }
    return { keys: places.map((place) => found.get(nameOf(place))!), made }
  })
}

/** The personal data of one upgrade. */
export const make = (upgrade: Upgrade, context: UpgradeContext) => {
  const { mac, random } = context
  const keysOf = makeKeys(upgrade, context)
  /** Commitments to the personal data of sessions, which come again with each event. */
  const commitments = bounded<string>()
  const texts = bounded<string>()

  const openingOf = Effect.fnUntraced(function* ({ id, json, kind }: Taken, key: Uint8Array) {
    // Those of events and profiles are met once only.
    if (kind === "event" || kind === "profile") return yield* random.randomBytes(32)
    const signing = yield* Effect.orDie(Mac.key(Mac.hmacSha256, key))
    return yield* Effect.orDie(mac.sign(signing, encoder.encode([`opening`, kind, id, json].join("\0"))))
  })

  /** Commits to what was taken out of a text, and encrypts it. */
  const encrypt = Effect.fnUntraced(function* ({ concordId, organization }: PartedOf, taken: Taken, key: Uint8Array) {
    const { commitment, text, ...committed } = yield* Commitment.of(yield* openingOf(taken, key), taken.json, context)
    const id = taken.kind === "profile" ? "" : committed.id
    const place = { concordId, kind: taken.kind, id }
    return { commitment, id, part: yield* PersonalData.encrypt(organization, place, text, key, context) }
  })

  /** Commits to what was taken out of a text, and encrypts it to be kept apart, unless this was done a moment ago. */
  const commit = Effect.fnUntraced(function* (of: PartedOf, taken: Taken, key: Uint8Array) {
    const name = [nameOf(placeOf(of)), taken.kind, taken.id, taken.json].join("\0")
    const known = taken.kind === "session" ? commitments.get(name) : undefined
    if (known !== undefined) return { commitment: known, row: undefined }
    const { commitment, id, part } = yield* encrypt(of, taken, key)
    if (taken.kind === "session") commitments.set(name, commitment)
    const row: Row<"personal_data"> = {
      ...placeOf(of),
      kind: taken.kind,
      id,
      nonce: Hex.encode(part.nonce),
      encrypted: Hex.encode(part.encrypted),
    }
    return { commitment, row }
  })

  /** The stored texts, in their order, and the rows that they need. */
  const part = Effect.fnUntraced(function* (all: ReadonlyArray<PartedOf>) {
    const personal = all.filter(({ parted }) => parted.taken.length > 0)
    const { keys, made } = yield* keysOf(personal.map(placeOf))
    const keyOf = new Map(personal.map((each, index) => [each, keys[index]!]))
    const parts: Array<Row<"personal_data">> = []
    const written: Array<string> = []
    for (const each of all) {
      const own: Array<string> = []
      for (const taken of each.parted.taken) {
        const { commitment, row } = yield* commit(each, taken, keyOf.get(each)!)
        own.push(commitment)
        if (row !== undefined) parts.push(row)
      }
      written.push(each.parted.write(own))
    }
    const rows = { person_key: made, personal_data: parts } satisfies NewRows
    return { texts: written, rows }
  })

  /** The stored texts of sessions, in their order, and what each holds of its personal data: none are kept apart. */
  const partSessions = Effect.fnUntraced(function* (all: ReadonlyArray<PartedOf>) {
    const { keys, made } = yield* keysOf(all.map(placeOf))
    const sessions = yield* Effect.forEach(all, (each, index) =>
      Effect.map(encrypt(each, each.parted.taken[0]!, keys[index]!), ({ commitment, part }) => ({
        text: each.parted.write([commitment]),
        sealed: SessionPart.write(part),
      })),
    )
    return { sessions, rows: { person_key: made } satisfies NewRows }
  })

  /** The personal data that sessions hold, in their order, as JSON; `undefined` for those that do not open. */
  const openSessions = Effect.fnUntraced(function* (all: ReadonlyArray<SealedText>) {
    const { keys } = yield* keysOf(all.map(placeOf))
    return yield* Effect.forEach(all, ({ commitment, concordId, organization, sealed }, index) => {
      const part = sealed && SessionPart.of({ commitment, concordId, personal: sealed })
      const opened = part && PersonalData.openUnder(organization, part, keys[index]!, context)
      return opened ?? Effect.succeed(undefined)
    })
  })

  /** The personal data of commitments, in their order, as JSON; `undefined` for those that do not open. */
  const open = Effect.fnUntraced(function* (all: ReadonlyArray<CommittedText>) {
    const opened = all.map(({ commitment }) => texts.get(commitment))
    const unread = all.filter((_, index) => opened[index] === undefined)
    const places = unread.map((each) => ({
      ...placeOf(each),
      kind: each.kind,
      id: each.commitment === "" ? "" : Commitment.idOf(each.commitment),
    }))
    const { keys } = yield* keysOf(places.map(({ lane, person }) => ({ lane, person })))
    const rows = yield* upgrade.personalData(places)
    const read = new Map<CommittedText, string>()
    for (const [index, each] of unread.entries()) {
      const row = rows[index]
      if (row === undefined) continue
      const { encrypted, id, nonce } = row
      const part = {
        concordId: each.concordId,
        kind: each.kind,
        id,
        nonce: fromHex(nonce),
        encrypted: fromHex(encrypted),
      }
      const text = yield* PersonalData.decrypt(each.organization, part, keys[index]!, context)
      const isOpening = text !== undefined && (id === "" || (yield* Commitment.opens(text, id, context)))
      if (!isOpening) continue
      read.set(each, Commitment.jsonOf(text))
      if (each.kind === "session") texts.set(each.commitment, Commitment.jsonOf(text))
    }
    return all.map((each, index) => opened[index] ?? read.get(each))
  })

  return { part, partSessions, open, openSessions }
}

/** The personal data of one upgrade. */
export type UpgradedParts = ReturnType<typeof make>
