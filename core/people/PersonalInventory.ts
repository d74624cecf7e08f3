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
 * - `emptied`: set to `null` by the erasure of the person; its row stays, and says nothing about a person without it.
 * - `kept`: stays, for the reason given.
 */
export type Holding =
  | "none"
  | ({ readonly held: "erased" | "emptied" } & Shown)
  | ({ readonly held: "kept"; readonly why: string } & Shown)

/** The holdings of all columns of all tables. */
export type Inventory = {
  readonly [Name in TableName]: { readonly [Column in ColumnName<Name>]: Holding }
}

const none = "none"
const erased = (shown: string): Holding => ({ held: "erased", shown })
const erasedSecret = (secret: string): Holding => ({ held: "erased", secret })
const emptiedSecret = (secret: string): Holding => ({ held: "emptied", secret })
const kept = (shown: string, why: string): Holding => ({ held: "kept", why, shown })
const keptSecret = (secret: string, why: string): Holding => ({ held: "kept", why, secret })

const keyedHash = "a keyed hash of an identifier: shown, it could be compared with hashes elsewhere"
const tokenHash = "the hash of a secret"
const wrappedKey = "a key, or a part of what it encrypts; what it opens is shown"
const randomId = "a random id, which names no one once the identifiers are erased"
const evidence = "shows that a person agreed, or that a refusal was heeded"
const follows = "follows from the events and the rules at an instant, which are shown"
const told = "keeps a reader of the feed from missing or repeating a change"
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
  // How contacts of data systems are reached: staff and companies, which are not the people of the ledger.
  entry_private: {
    lane: none,
    entry: none,
    nonce: none,
    encrypted: keptSecret("about staff, and no person of the ledger", "is removed with its contact"),
  },
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
  // An identity change is a fact or an erasure once more, which are shown.
  people_change: {
    lane: none,
    position: none,
    kind: kept("facts[].kind", identity),
    recorded_at: kept("facts[].dateCreated", identity),
    id: kept("facts[].id", identity),
    member: kept("facts[].member", identity),
    survivor: kept("facts[].survivor", identity),
  },
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
  // A change says how an answer changed without an event. Its body holds random ids, statuses and instants.
  lane_feed: { lane: none, next_number: none, incarnation: none },
  change: {
    lane: none,
    number: none,
    before_position: none,
    recorded_at: keptSecret(follows, told),
    at: keptSecret(follows, told),
    type: keptSecret(follows, told),
    person: keptSecret(follows, told),
    consent_type: keptSecret(follows, told),
    body: keptSecret(follows, told),
  },
  // The place of a scan through people is the random id of the last one.
  due_scan: { lane: none, name: none, state: keptSecret(follows, told) },
  // Webhooks name changes by their places, and people by their random ids. No address, header or body is kept.
  webhook_cursor: { lane: none, webhook: none, name: none, revision: none, state: none },
  parked: {
    lane: none,
    webhook: none,
    person: keptSecret(follows, told),
    item_lane: none,
    position: none,
    number: none,
    tries: none,
    next_at: none,
  },
  dead_letter: {
    lane: none,
    webhook: none,
    item_lane: none,
    position: none,
    number: none,
    person: keptSecret(follows, told),
    buried_at: none,
    tries: none,
    outcome: none,
  },
  delivery: {
    lane: none,
    webhook: none,
    slot: none,
    n: none,
    change_id: keptSecret(follows, told),
    type: none,
    attempt: none,
    tried_at: none,
    millis: none,
    outcome: none,
    is_replay: none,
  },
  // A fact, and the state by it, hold nothing personal, and no id of a person, session or event.
  compliance_head: { lane: none, next_position: none },
  compliance_fact: {
    lane: none,
    position: none,
    request: none,
    ordinal: none,
    fact_id: none,
    kind: none,
    recorded_at: none,
    day: none,
    actor: none,
    body: none,
  },
  compliance_request: {
    lane: none,
    request: none,
    ordinal: none,
    kind: none,
    status: none,
    resolution_status: none,
    regulation: none,
    domain: none,
    country: none,
    request_date: none,
    created_at: none,
    updated_at: none,
    due_on: none,
    is_lapsed: none,
    state: none,
    sweep_on: none,
  },
  // An erasure removes the rows of resolved requests. An open one keeps its own, because it is still to be answered.
  compliance_private: {
    lane: none,
    request: erased("complianceRequests[].id"),
    opener: erased("complianceRequests[].opener"),
    session: erased("complianceRequests[].session"),
    subject: erased("complianceRequests[].subject"),
    email_hash: erasedSecret(keyedHash),
    nonce: erasedSecret(wrappedKey),
    encrypted: erased("complianceRequests[].data"),
  },
  request_key: {
    lane: none,
    request: erased("complianceRequests[].id"),
    epoch: none,
    wrapped: erasedSecret(wrappedKey),
  },
  // A mail is on its way until it was sent, and then only counted. Its request names no person once it was erased.
  consumer: { lane: none, name: none, position: none },
  metric: { lane: none, family: none, day: none, key: none, count: none },
  day_visitors: { lane: none, day: none, registers: none },
  outbox: {
    lane: none,
    mail: none,
    request: none,
    template: none,
    state: none,
    tries: none,
    created_at: none,
    due_at: none,
    ends_at: none,
    recipient_hash: emptiedSecret(keyedHash),
    outcome: none,
    ended_at: none,
    nonce: emptiedSecret(wrappedKey),
    encrypted: emptiedSecret("a mail on its way, which may hold a secret; what it says is shown with the request"),
  },
  request_file: {
    lane: none,
    request: erased("complianceRequests[].id"),
    file: erased("complianceRequests[].data.files[].file"),
    begun_at: none,
    is_attached: none,
  },
  file_chunk: {
    lane: none,
    request: erased("complianceRequests[].id"),
    file: erased("complianceRequests[].data.files[].file"),
    ordinal: none,
    nonce: erasedSecret(wrappedKey),
    encrypted: erased("complianceRequests[].data.files[]"),
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
  held_erasure: {
    lane: none,
    person: kept("erasures[].members", accounted),
    erasure_id: kept("erasures[].id", accounted),
    recorded_at: kept("erasures[].erasedAt", accounted),
    body: kept("erasures[]", accounted),
    destroyed: kept("erasures[].destroyed", accounted),
  },
}
