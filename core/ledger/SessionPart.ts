/**
 * The address and the browser of a session, encrypted. They are kept in the session, and go with it; the first event
 * that is recorded in it brings the same bytes into the personal data that are kept apart, for the answers of its
 * events.
 */
import { Clock, Effect, Result } from "effect"
import { Base64Url, Hex } from "effect/encoding"
import type { Owner } from "../model/Lane.ts"
import type { KeysUnavailable } from "../ports/Keys.ts"
import type { PersonalPart, PersonalWrites, Session, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as PersonalData from "./PersonalData.ts"
import * as PersonKeys from "./PersonKeys.ts"

/** What a session holds of its part, and what its write keeps apart. */
export interface Divided {
  readonly ofSession: Pick<Session, "personal">
  readonly apart: { readonly personal?: PersonalWrites }
}

/** What a session holds of its part. */
export const write = ({ encrypted, nonce }: Pick<PersonalPart, "encrypted" | "nonce">) => ({
  nonce: Base64Url.encode(nonce),
  encrypted: Base64Url.encode(encrypted),
})

/** Takes the part of a session that is opened out of the personal data of its write. The keys stay. */
export const divide = (personal: PersonalWrites | undefined): Divided => {
  const part = personal?.parts.find(({ kind }) => kind === "session")
  if (personal === undefined || part === undefined) return { ofSession: {}, apart: personal ? { personal } : {} }
  const rest = { ...personal, parts: personal.parts.filter((each) => each !== part) }
  const isEmpty = rest.keys.length + rest.parts.length + (rest.used ?? []).length === 0
  return { ofSession: { personal: write(part) }, apart: isEmpty ? {} : { personal: rest } }
}

/** The part of a session, as it is kept apart; `undefined` if the session holds none that can be read. */
export const of = ({
  commitment,
  concordId,
  personal,
}: Pick<Session, "commitment" | "concordId" | "personal">): PersonalPart | undefined => {
  if (personal === undefined) return undefined
  const bytes = Result.all([commitment, personal.nonce, personal.encrypted].map((text) => Base64Url.decode(text)))
  if (Result.isFailure(bytes)) return undefined
  const [id, nonce, encrypted] = bytes.success
  return { concordId, kind: "session", id: Hex.encode(id!), nonce: nonce!, encrypted: encrypted! }
}

/** The personal data of a write that also brings the part of a session. */
export const added = (
  personal: PersonalWrites | undefined,
  part: PersonalWrites | undefined,
): PersonalWrites | undefined => {
  if (personal === undefined || part === undefined) return personal ?? part
  const { keys, parts, used = [] } = personal
  return { keys, used: [...used, ...(part.used ?? [])], parts: [...parts, ...part.parts] }
}

/**
 * The part of a session with the key that it is encrypted under, both as they are kept now: a write of the part was
 * refused, and its person may have been erased, with the session, while its identifiers were kept. `undefined` if the
 * session is gone. The session was opened before, so that a key which is read before it is the one of its opening.
 */
export const kept = Effect.fnUntraced(function* (
  organization: Owner,
  { concordId, tokenHash }: Pick<Session, "concordId" | "tokenHash">,
  { store }: Pick<LedgerContext, "store">,
): Effect.fn.Return<PersonalWrites | undefined, StoreUnavailable> {
  const [key] = yield* store.personal.keys(organization, [concordId])
  const session = yield* store.sessions.byToken(tokenHash)
  const part = key && session && of(session)
  return part && { keys: [], used: [key], parts: [part] }
})

/**
 * The address and the browser that a session holds, as JSON; `undefined` if they cannot be opened any more. Reads the
 * key of the person if it is not held, and nothing where they were opened a moment ago.
 */
export const open = Effect.fnUntraced(function* (
  organization: Owner,
  session: Session,
  context: LedgerContext,
): Effect.fn.Return<string | undefined, KeysUnavailable | StoreUnavailable> {
  const part = of(session)
  if (part === undefined) return undefined
  const { commitment, concordId } = session
  const now = yield* Clock.currentTimeMillis
  const known = context.openedTexts.get(commitment, now)
  if (known !== undefined) return known
  const key = yield* PersonKeys.keptOf(organization, concordId, context)
  const json = key && (yield* PersonalData.openUnder(organization, part, key, context))
  if (json !== undefined) context.openedTexts.put(commitment, concordId, json, now)
  return json
})
