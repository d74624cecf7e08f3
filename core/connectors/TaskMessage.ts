/**
 * What a data system is sent of a task: the body of one POST, which is the same at every try.
 *
 * The profile `opendsr` is the request of OpenDSR 2.0, which knows access and erasure. The profile `assent` has every
 * kind of request, and names its clock pack and due date.
 */
import { Effect } from "effect"
import { Base64Url, Hex } from "effect/encoding"
import type { RequestKind } from "../compliance/ClockPack.ts"
import type * as ComplianceState from "../compliance/ComplianceState.ts"
import type { Connector, DataSystem } from "../data-systems/DataSystem.ts"
import * as Instant from "../engine/Instant.ts"
import type { Hasher } from "../ledger/Identifiers.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { RequestUser } from "../ledger/RequestPrivateData.ts"
import * as Sha256 from "../ledger/Sha256.ts"
import * as EmailAddress from "../model/EmailAddress.ts"
import * as PhoneNumber from "../model/PhoneNumber.ts"

/** A task as it is sent. */
export interface TaskMessage {
  /** The id of the data system. Its URL is read when the task is sent, so that a wrong one can be mended. */
  readonly dataSystem: string
  /** JSON. */
  readonly body: string
}

/** One identity of the person that a request is about. */
export interface TaskIdentity {
  readonly type: "email" | "phone"
  readonly format: "raw" | "sha256"
  readonly value: string
}

/** What OpenDSR calls each kind of request that it knows. */
const openDsrTypes: { readonly [Kind in RequestKind]?: string } = { view: "access", delete: "erasure" }

/** Whether a connector takes a kind of request. */
export const takes = ({ isActive, profile }: Connector, request: RequestKind): boolean =>
  isActive && (profile === "assent" || openDsrTypes[request] !== undefined)

/**
 * What was shown to be the requester's. Refusals of sale are passed on for everything that was typed, because they only
 * refuse; everything else is done to data of the person alone. A code shows the e-mail address, and staff and servers
 * vouch for what they typed.
 */
export const shownOf = (
  { request, verifiedBy }: Pick<ComplianceState.ComplianceState, "request" | "verifiedBy">,
  { email, phoneNumber }: RequestUser,
): Pick<RequestUser, "email" | "phoneNumber"> => {
  if (verifiedBy === "token" && request !== "do_not_sell") return {}
  const isAll = request === "do_not_sell" || verifiedBy === "staff" || verifiedBy === "preverified"
  return {
    ...(email !== undefined && { email }),
    ...(isAll && phoneNumber !== undefined && { phoneNumber }),
  }
}

/** The identities that a connector asks for, in its order, without those that are not known. */
export const identitiesOf = Effect.fnUntraced(function* (
  { identities }: Pick<Connector, "identities">,
  shown: Pick<RequestUser, "email" | "phoneNumber">,
  { digest }: Pick<LedgerContext, "digest">,
) {
  const values = {
    email: shown.email === undefined ? undefined : EmailAddress.normalize(shown.email),
    phone: shown.phoneNumber === undefined ? undefined : PhoneNumber.normalize(shown.phoneNumber),
  }
  const found: Array<TaskIdentity> = []
  for (const { format, type } of identities) {
    const value = values[type]
    if (value === undefined) continue
    found.push({ type, format, value: format === "raw" ? value : yield* Sha256.hex(digest, value) })
  }
  return found as ReadonlyArray<TaskIdentity>
})

/** What a body is made of. */
export interface TaskOfRequest {
  readonly id: string
  readonly state: ComplianceState.ComplianceState
  readonly dueDate?: string
  /** An id of its own: a UUID of version 4. */
  readonly subjectRequestId: string
  readonly identities: ReadonlyArray<TaskIdentity>
  /** Left out: the server does not know its own address. */
  readonly callbackUrl?: string
}

const openDsrBody = ({ callbackUrl, identities, state, subjectRequestId }: TaskOfRequest) => ({
  regulation: state.clock.startsWith("clock:ccpa@") ? "ccpa" : "gdpr",
  subject_request_id: subjectRequestId,
  subject_request_type: openDsrTypes[state.request],
  submitted_time: Instant.format(state.instants.received),
  subject_identities: identities.map(({ format, type, value }) => ({
    identity_type: type,
    identity_value: value,
    identity_format: format,
  })),
  api_version: "2.0",
  ...(callbackUrl !== undefined && { status_callback_urls: [callbackUrl] }),
})

const assentBody = (dataSystem: string, task: TaskOfRequest) => ({
  type: "compliance_request.task",
  id: task.subjectRequestId,
  complianceRequestId: task.id,
  dataSystem,
  request: task.state.request,
  regulation: task.state.clock,
  requestDate: Instant.format(task.state.instants.received),
  ...(task.dueDate !== undefined && { dueDate: task.dueDate }),
  identities: task.identities,
  ...(task.callbackUrl !== undefined && { callbackUrl: task.callbackUrl }),
})

/** What a data system with a connector is sent of a task. */
export const make = ({ id }: Pick<DataSystem, "id">, { profile }: Connector, task: TaskOfRequest): TaskMessage => ({
  dataSystem: id,
  body: JSON.stringify(profile === "opendsr" ? openDsrBody(task) : assentBody(id, task)),
})

/** Where a callback belongs, and the secret that shows it. */
export interface CallbackPlace {
  readonly project: string
  readonly request: string
  /** 64 lower-case hexadecimal digits. */
  readonly secret: string
}

const secretBytes = 32

const uuidOf = (hex: string): string =>
  [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")

const bytesOf = (hex: string): Uint8Array => {
  const decoded = Hex.decode(hex)
  return decoded._tag === "Success" ? decoded.success : new Uint8Array()
}

/** A token for a callback: base64url of 64 bytes. */
export const callbackToken = ({ project, request, secret }: CallbackPlace): string =>
  Base64Url.encode(bytesOf(`${project}${request}`.replaceAll("-", "") + secret))

/** Reads a token; `undefined` for a text that is not one. */
export const readCallbackToken = (token: string): CallbackPlace | undefined => {
  const decoded = token.length === 86 ? Base64Url.decode(token) : undefined
  if (decoded?._tag !== "Success" || decoded.success.length !== 32 + secretBytes) return undefined
  // The last character has bits that say nothing: of its spellings one alone is a token.
  if (Base64Url.encode(decoded.success) !== token) return undefined
  const hex = Hex.encode(decoded.success)
  return { project: uuidOf(hex.slice(0, 32)), request: uuidOf(hex.slice(32, 64)), secret: hex.slice(64) }
}

/** A new secret of a callback. */
export const newSecret = ({ random }: Pick<LedgerContext, "random">) =>
  Effect.map(random.randomBytes(secretBytes), Hex.encode)

/** The keyed hash by which the secret of a callback is kept. */
export const secretHashOf = (request: string, secret: string, { sign }: Pick<Hasher, "sign">) =>
  sign("connector callback", `${request}\0${secret}`)
