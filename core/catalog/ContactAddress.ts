/**
 * How a contact of data systems is reached. It is kept apart from the catalog, whose earlier states stay, so that it is
 * gone once it is replaced or its contact is deleted. It is encrypted under a key that follows from the key of the
 * organization and the id of the contact.
 */
import { Effect } from "effect"
import { Aead } from "effect/crypto"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Organization } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import type { Sealed } from "../ports/Sealed.ts"

/** How a contact is reached. */
export interface ContactAddress {
  readonly email: string
  readonly phoneNumber?: string
}

const nonceBytes = 12
const encoder = new TextEncoder()
const decoder = new TextDecoder()

const keyOf = Effect.fnUntraced(function* (
  organization: Organization,
  contact: string,
  { hasherOf }: Pick<LedgerContext, "hasherOf">,
) {
  const hasher = yield* hasherOf(organization)
  return yield* Effect.orDie(Aead.key(Aead.aes256Gcm, yield* hasher.sign("contact address", contact)))
})

/** Organization and contact are authenticated with the text, so that a row in the place of another does not decrypt. */
const placeOf = ({ id }: Organization, contact: string): Uint8Array =>
  encoder.encode(["contact address", id, contact].join("\0"))

/** Encrypts the address of a contact. */
export const seal = Effect.fnUntraced(function* (
  organization: Organization,
  contact: string,
  address: ContactAddress,
  context: Pick<LedgerContext, "aead" | "hasherOf" | "random">,
): Effect.fn.Return<Sealed, StoreUnavailable> {
  const key = yield* keyOf(organization, contact, context)
  const nonce = yield* context.random.randomBytes(nonceBytes)
  const options = { nonce, aad: placeOf(organization, contact) }
  const encrypted = yield* Effect.orDie(context.aead.encrypt(key, encoder.encode(JSON.stringify(address)), options))
  return { nonce, encrypted }
})

/** Decrypts the address of a contact; `undefined` if it cannot be. */
const open = Effect.fnUntraced(function* (
  organization: Organization,
  contact: string,
  { encrypted, nonce }: Sealed,
  context: Pick<LedgerContext, "aead" | "hasherOf">,
) {
  const key = yield* keyOf(organization, contact, context)
  const options = { nonce, aad: placeOf(organization, contact) }
  const text = yield* Effect.orElseSucceed(context.aead.decrypt(key, encrypted, options), () => undefined)
  return text && (JSON.parse(decoder.decode(text)) as ContactAddress)
})

/** The addresses of contacts, by their ids. A contact whose address is not kept or cannot be decrypted is left out. */
export const ofContacts = Effect.fnUntraced(function* (
  organization: Organization,
  contacts: ReadonlyArray<string>,
  context: Pick<LedgerContext, "aead" | "hasherOf" | "store">,
): Effect.fn.Return<ReadonlyMap<string, ContactAddress>, StoreUnavailable> {
  const sealed = yield* context.store.catalog.privatesOf(organization, contacts)
  const found = new Map<string, ContactAddress>()
  for (const [index, contact] of contacts.entries()) {
    const each = sealed[index]
    const address = each && (yield* open(organization, contact, each, context))
    if (address !== undefined) found.set(contact, address)
  }
  return found
})
