/**
 * Marks: opaque places in the change feed of a project.
 *
 * A mark is good for every key of its project, and for ever, unless a lane lost what is before it. It has the place of
 * every lane, as variable-length integers, after a truncated HMAC-SHA-256 with the organization's key over the project
 * and all of it: so a mark that was altered, or that is of another project, is not a mark. An instant comes before the
 * places, which tells what is before them from what a restored ledger has there since (`Restored`).
 */
import { Effect, Result } from "effect"
import { Mac } from "effect/crypto"
import { Base64Url } from "effect/encoding"
import type { Instant } from "../engine/Instant.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import type { LanePlace } from "../ports/FeedStore.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"

/** A place in one lane, and the incarnation of the lane that it is of. */
export interface FeedPlace extends LanePlace {
  /** From 1: see `LaneEnd`. */
  readonly incarnation: number
}

/** What a mark says. */
export interface Mark {
  /** Of all lanes of the project, in order. */
  readonly places: ReadonlyArray<FeedPlace>
  /** Nothing before the places was recorded after it. */
  readonly until: Instant
}

type Owners = Pick<ProjectScope, "organization" | "project">
type Context = Pick<LedgerContext, "hasherOf">

/** The bytes of the signature that are kept: 128 bits. */
const macLength = 16

/** The first byte says whether incarnations follow, because almost every lane has the first. */
const allAreFirst = 1
const withIncarnations = 2

const pushNumber = (bytes: Array<number>, number: number): void => {
  let left = number
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) + 128)
  bytes.push(left)
}

const bytesOf = ({ places, until }: Mark): Uint8Array => {
  const form = places.every(({ incarnation }) => incarnation === 1) ? allAreFirst : withIncarnations
  const bytes: Array<number> = [form]
  pushNumber(bytes, Math.max(0, until))
  for (const { incarnation, number, position } of places) {
    if (form === withIncarnations) pushNumber(bytes, incarnation)
    pushNumber(bytes, position)
    pushNumber(bytes, number)
  }
  return Uint8Array.from(bytes)
}

/** The numbers of a text whose signature was right. */
const numbersOf = (bytes: Uint8Array): ReadonlyArray<number> => {
  const numbers: Array<number> = []
  let number = 0
  let worth = 1
  for (const byte of bytes) {
    number += (byte % 128) * worth
    worth *= 128
    if (byte > 127) continue
    numbers.push(number)
    number = 0
    worth = 1
  }
  return numbers
}

const markOf = (bytes: Uint8Array): Mark => {
  const [until, ...numbers] = numbersOf(bytes.subarray(1))
  const each = bytes[0] === withIncarnations ? 3 : 2
  const places = Array.from({ length: numbers.length / each }, (_, lane) => {
    const [incarnation, position, number] =
      each === 3 ? numbers.slice(lane * 3) : [1, numbers[lane * 2], numbers[lane * 2 + 1]]
    return { lane, incarnation: incarnation!, position: position!, number: number! }
  })
  return { places, until: until! }
}

const sealBytes = Effect.fnUntraced(function* (
  { organization, project }: Owners,
  bytes: Uint8Array,
  { hasherOf }: Context,
) {
  const hasher = yield* hasherOf(organization)
  const mac = yield* hasher.sign("mark", JSON.stringify([project.id, Base64Url.encode(bytes)]))
  const sealed = new Uint8Array(macLength + bytes.length)
  sealed.set(mac.subarray(0, macLength))
  sealed.set(bytes, macLength)
  return sealed
})

/** The text of a mark of a project. */
export const seal = Effect.fnUntraced(function* (owners: Owners, mark: Mark, context: Context) {
  return Base64Url.encode(yield* sealBytes(owners, bytesOf(mark), context))
})

/** What a text says that is a mark of a project; `undefined` for any other text. */
export const open = Effect.fnUntraced(function* (owners: Owners, mark: string, context: Context) {
  const given = Result.getOrElse(Base64Url.decode(mark), () => new Uint8Array())
  const bytes = given.subarray(macLength)
  const sealed = yield* sealBytes(owners, bytes, context)
  if (!Mac.timingSafeEqual(sealed.subarray(0, macLength), given.subarray(0, macLength))) return undefined
  // Other texts can decode to the same bytes: only the text that was sealed is the mark.
  return Base64Url.encode(sealed) === mark ? markOf(bytes) : undefined
})
