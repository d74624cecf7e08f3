/**
 * Personal data: committed to and encrypted under the key of their person when they are written, and opened again for
 * answers.
 *
 * The encrypted text is the opening of the commitment and the data as JSON, with AES-256-GCM. Lane, person, kind and id
 * are authenticated with it, so that a row that is put in the place of another one does not decrypt.
 */
import { Clock, Effect } from "effect"
import * as PreparedKeys from "./PreparedKeys.ts"
import * as Lane from "../model/Lane.ts"
import type { Owner } from "../model/Lane.ts"
import type { KeysUnavailable } from "../ports/Keys.ts"
import type {
  KeyedPart,
  PersonalKind,
  PersonalPart,
  PersonalPlace,
  PersonalWrites,
  PersonKey,
  StoreUnavailable,
} from "../ports/LedgerStore.ts"
import * as Commitment from "./Commitment.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as PersonKeys from "./PersonKeys.ts"

/** Personal data to keep. */
export interface PersonalDatum {
  readonly concordId: string
  readonly kind: PersonalKind
  readonly json: string
}

/** Personal data that something stored commits to. */
export interface CommittedDatum extends Pick<PersonalPlace, "concordId" | "kind"> {
  readonly commitment: string
}

/** Commitments in the order of the data, and what the write has to keep with them. */
export interface Committed {
  readonly commitments: ReadonlyArray<string>
  /** Left out if nothing is kept: there are no data, or the keys are away. */
  readonly personal?: PersonalWrites
  /** The data that the write keeps, as JSON, by their commitments. */
  readonly kept: ReadonlyMap<string, string>
}

/** The length of a nonce of AES-GCM in bytes. It is random: a person has far fewer than 2^32 texts. */
const nonceBytes = 12

const encoder = new TextEncoder()

const placeText = (organization: Owner, { concordId, id, kind }: PersonalPlace): Uint8Array =>
  encoder.encode([Lane.of(organization, concordId), concordId, kind, id].join("\0"))

/** Encrypts a text. */
export const encrypt = Effect.fnUntraced(function* (
  organization: Owner,
  place: PersonalPlace,
  text: Uint8Array,
  key: Uint8Array,
  { aead, random }: Pick<LedgerContext, "aead" | "random">,
): Effect.fn.Return<PersonalPart> {
  const nonce = yield* random.randomBytes(nonceBytes)
  const options = { nonce, aad: placeText(organization, place) }
  const encrypted = yield* Effect.orDie(aead.encrypt(yield* PreparedKeys.of(key), text, options))
  return { ...place, nonce, encrypted }
})

/** Decrypts a text; `undefined` if it is not the one that was encrypted there, under this key. */
export const decrypt = (
  organization: Owner,
  { encrypted, nonce, ...place }: PersonalPart,
  key: Uint8Array,
  { aead }: Pick<LedgerContext, "aead">,
): Effect.Effect<Uint8Array | undefined> => {
  const options = { nonce, aad: placeText(organization, place) }
  return Effect.orElseSucceed(
    Effect.flatMap(PreparedKeys.of(key), (own) => aead.decrypt(own, encrypted, options)),
    () => undefined,
  )
}

const noData: ReadonlyMap<string, string> = new Map()
const nothing: Committed = { commitments: [], kept: noData }
const noOne: ReadonlySet<string> = new Set()

/**
 * Commits to personal data and encrypts them under the keys of their people. `newPeople` are known to have no key yet.
 *
 * Data of a person whose key is away are left out: their commitment stays, and cannot be opened. One call for each
 * write, because a person without a key gets one in each call. A dry run keeps nothing.
 */
export const commit = Effect.fnUntraced(function* (
  organization: Owner,
  data: ReadonlyArray<PersonalDatum>,
  context: LedgerContext,
  newPeople: ReadonlySet<string> = noOne,
): Effect.fn.Return<Committed, StoreUnavailable> {
  if (data.length === 0) return nothing
  const opened: Array<Commitment.CommitmentWithText> = []
  for (const { json } of data) opened.push(yield* Commitment.make(json, context))
  const commitments = opened.map(({ commitment }) => commitment)
  if (context.isDryRun) return { commitments, kept: noData }
  const people = [...new Set(data.map(({ concordId }) => concordId))]
  const keys = yield* PersonKeys.keysOf(organization, people, context, newPeople)
  const parts: Array<PersonalPart> = []
  const kept = new Map<string, string>()
  for (const [index, { concordId, json, kind }] of data.entries()) {
    const key = keys.get(concordId)?.key
    if (key === undefined) continue
    const { commitment, id, text } = opened[index]!
    const place = { concordId, kind, id: kind === "profile" ? "" : id }
    parts.push(yield* encrypt(organization, place, text, key, context))
    kept.set(commitment, json)
  }
  if (parts.length === 0) return { commitments, kept }
  const used = { keys: [] as Array<PersonKey>, used: [] as Array<PersonKey> }
  for (const { isNew, wrapped } of keys.values()) used[isNew ? "keys" : "used"].push(wrapped)
  return { commitments, personal: { ...used, parts }, kept }
})

/** The personal data of a part, as JSON; `undefined` if they cannot be opened, because the epoch of the key is over. */
export const open = Effect.fnUntraced(function* (
  organization: Owner,
  part: KeyedPart,
  context: LedgerContext,
): Effect.fn.Return<string | undefined, KeysUnavailable> {
  const key = yield* PersonKeys.open(organization, part, context)
  return key && (yield* openUnder(organization, part, key, context))
})

/** The personal data of a part, as JSON; `undefined` if they are not what was encrypted there under this key. */
export const openUnder = Effect.fnUntraced(function* (
  organization: Owner,
  part: PersonalPart,
  key: Uint8Array,
  context: Pick<LedgerContext, "aead" | "digest">,
): Effect.fn.Return<string | undefined> {
  const text = yield* decrypt(organization, part, key, context)
  if (text === undefined) return undefined
  const isOpening = part.kind === "profile" || (yield* Commitment.opens(text, part.id, context))
  return isOpening ? Commitment.jsonOf(text) : undefined
})

/** Personal data by their commitments, as JSON; and whether some could not be opened because the keys are away. */
export interface OpenedData {
  readonly opened: ReadonlyMap<string, string>
  readonly isAway: boolean
}

const nothingOpened: OpenedData = { opened: noData, isAway: false }

/** How many texts are decrypted before other requests may be answered. */
const textsPerTurn = 64

/** Opens personal data. One statement reads all that were not opened a moment ago; none where all were. */
export const openAll = Effect.fnUntraced(function* (
  organization: Owner,
  data: ReadonlyArray<CommittedDatum>,
  context: LedgerContext,
): Effect.fn.Return<OpenedData, StoreUnavailable> {
  if (data.length === 0) return nothingOpened
  const now = yield* Clock.currentTimeMillis
  const { openedTexts, store } = context
  const opened = new Map<string, string>()
  const unread = new Map<string, CommittedDatum>()
  for (const each of data) {
    const known = openedTexts.get(each.commitment, now)
    if (known === undefined) unread.set(each.commitment, each)
    else opened.set(each.commitment, known)
  }
  if (unread.size === 0) return { opened, isAway: false }
  const places = [...unread].map(([commitment, { concordId, kind }]) => ({
    concordId,
    kind,
    id: Commitment.idOf(commitment),
  }))
  const parts = yield* store.personal.parts(organization, places)
  const openParts = Effect.gen(function* () {
    for (const [index, [commitment, { concordId }]] of [...unread].entries()) {
      if (index % textsPerTurn === textsPerTurn - 1) yield* Effect.yieldNow
      const part = parts[index]
      const json = part && (yield* open(organization, part, context))
      if (json === undefined) continue
      opened.set(commitment, json)
      openedTexts.put(commitment, concordId, json, now)
    }
    return false
  })
  const isAway = yield* Effect.catchTag(openParts, "KeysUnavailable", (failure) => {
    const left = [...unread.keys()].filter((commitment, index) => parts[index] !== undefined && !opened.has(commitment))
    return Effect.as(PersonKeys.noteLeftOut(left.length, failure, context.personKeys), true)
  })
  return { opened, isAway }
})
