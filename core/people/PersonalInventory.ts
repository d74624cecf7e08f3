/**
 * The inventory of what a ledger holds about people: every column of every table, with what an erasure does to it and
 * where the access to a person's data shows it. A column that is not classified here does not compile.
 *
 * Erasing, access, the documentation and their tests follow from this one list, so that nothing is kept that is never
 * shown, and nothing is erased that could not be seen before.
 */
import type { ColumnName, TableName } from "../ports/LedgerRows.ts"

/** Where a value is shown: a path in the answer of access, such as `sessions[].domain`; or why it is not shown. */
export type Shown = { readonly shown: string } | { readonly secret: string }

/**
 * What a column holds.
 *
 * - `none`: nothing about a person, neither alone nor with the other columns of its row.
 * - `erased`: deleted by the erasure of the person, with its row.
 * - `kept`: stays, for the reason given.
 */
export type Holding =
  | "none"
  | ({ readonly held: "erased" } & Shown)
  | ({ readonly held: "kept"; readonly why: string } & Shown)

/** The holdings of all columns of all tables. */
export type Inventory = {
  readonly [Name in TableName]: { readonly [Column in ColumnName<Name>]: Holding }
}

const none = "none"
const erased = (shown: string): Holding => ({ held: "erased", shown })
const erasedSecret = (secret: string): Holding => ({ held: "erased", secret })
const kept = (shown: string, why: string): Holding => ({ held: "kept", why, shown })

const keyedHash = "a keyed hash of an identifier: shown, it could be compared with hashes elsewhere"
const tokenHash = "the hash of a secret"
const wrappedKey = "a key, or a part of what it encrypts; what it opens is shown"
const randomId = "a random id, which names no one once the identifiers are erased"
const evidence = "shows that a person agreed, or that a refusal was heeded"
const identity = "shows that two random ids were counted as one, so that answers can be explained"
const accounted = "shows that the erasure was carried out, without saying about which person"

const name = kept("people[].concordId", randomId)
const recorded = (member: string): Holding => kept(`projects[].events[].${member}`, evidence)

/** The head of a state repeats columns of its event, which is shown. */
const head = {
  lane: none,
  person: name,
  consent_type: recorded("consentType"),
  consent_state: recorded("consentState"),
  consent_date: recorded("consentDate"),
  recorded_at: recorded("dateCreated"),
  event_id: recorded("id"),
  position: none,
} as const

/** The inventory. */
export const inventory: Inventory = {
  // The catalog holds names and texts that the organization chose; about people it holds nothing.
  catalog_head: { revision: none },
  catalog_entry: { revision: none, ordinal: none, kind: none, body: none },
  document: { consent_type: none, number: none, document: none },
  key_use: { id: none, last_used_at: none },
  alias: {
    lane: none,
    hash: erasedSecret(keyedHash),
    person: erased("identifiers[].concordId"),
    recorded_at: erased("identifiers[].since"),
    kind: erased("identifiers[].kind"),
    project: erased("identifiers[].project"),
    normalization: none,
  },
  former_alias: {
    lane: none,
    hash: erasedSecret(keyedHash),
    recorded_at: erased("identifiers[].since"),
    released_at: erased("identifiers[].until"),
    person: erased("identifiers[].concordId"),
    kind: erased("identifiers[].kind"),
    project: erased("identifiers[].project"),
    is_renamed: erased("identifiers[].isRenamed"),
  },
  person: {
    lane: none,
    person: name,
    revision: none,
    is_identified: kept("people[].isIdentified", "decides which of two joined people is the survivor"),
    survivor: kept("concordId", identity),
    learnt: kept("facts[].dateCreated", identity),
  },
  person_fact: { lane: none, person: name, ordinal: none, body: kept("facts[]", identity) },
  people_head: { lane: none, next_position: none },
  // A session holds its address and browser encrypted, so that they are removed with it.
  session: {
    token_hash: erasedSecret(tokenHash),
    person: erased("sessions[].concordId"),
    expires_at: erased("sessions[].expiresAt"),
    body: erased("sessions[]"),
  },
  used_identity_token: {
    hash: erasedSecret(tokenHash),
    expires_at: erasedSecret("when a secret ends; what it proved is a fact, which is shown with its evidence"),
    person: erased("people[].concordId"),
  },
  // A record is forgotten after 7 days. It holds ids and instants, and commitments in place of personal data.
  idempotency: {
    lane: none,
    hash: none,
    digest: none,
    answer: kept("projects[].events[]", "answers a repeated request"),
    recorded_at: none,
  },
  lane_head: { lane: none, next_position: none, last_recorded_at: none, has_joined: none, has_erased: none },
  event: {
    lane: none,
    position: none,
    person: name,
    event_id: recorded("id"),
    consent_type: recorded("consentType"),
    version: recorded("version"),
    consent_state: recorded("consentState"),
    consent_action: recorded("consentAction"),
    consent_date: recorded("consentDate"),
    recorded_at: recorded("dateCreated"),
    expiration_date: recorded("expirationDate"),
    submitter: recorded("submitter"),
    session: recorded("session.id"),
    domain: recorded("session.domain"),
    geography: recorded("session.geography"),
    body: kept("projects[].events[]", evidence),
    leaf: none,
  },
  head,
  joined_head: head,
  external_id: {
    lane: none,
    hash: erasedSecret(keyedHash),
    event_lane: none,
    position: none,
    person: erased("projects[].events[].concordId"),
  },
  used_type: { lane: none, consent_type: none, version: none },
  personal_data: {
    lane: none,
    person: erased("personalData[].concordId"),
    kind: erased("personalData[].kind"),
    id: erasedSecret("a commitment, which is shown in consent receipts only"),
    nonce: erasedSecret(wrappedKey),
    encrypted: erased("personalData[].data"),
  },
  person_key: { lane: none, person: erased("people[].concordId"), epoch: none, wrapped: erasedSecret(wrappedKey) },
  erasure: {
    lane: none,
    person: kept("erasures[].members", accounted),
    erasure_id: kept("erasures[].id", accounted),
    recorded_at: kept("erasures[].erasedAt", accounted),
    body: kept("erasures[]", accounted),
    destroyed: kept("erasures[].destroyed", accounted),
  },
}
