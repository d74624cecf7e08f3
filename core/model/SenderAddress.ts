/**
 * The addresses that an organization's mails come from, besides that of the server. One sends only once a code that was
 * mailed to it was given back.
 */
import type { Verification } from "../compliance/IdentityVerification.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Catalog, Organization, Project } from "./Catalog.ts"

/** Every status of a sender. */
export const senderStatuses = ["pending", "verified"] as const

/** The code that was mailed last. Only its keyed hash is kept. */
export interface SenderCode extends Verification {
  /** Hexadecimal. */
  readonly codeHash: string
}

/** An address that mails come from. */
export interface SenderAddress {
  readonly id: string
  readonly organization: string
  readonly dateCreated: Instant
  readonly dateUpdated: Instant
  /** Shown with the address. */
  readonly name: string
  /** In the form of `MailAddress.parse`. */
  readonly email: string
  readonly status: (typeof senderStatuses)[number]
  /** Left out once it is verified. */
  readonly code?: SenderCode
  /** When the codes of the last day were mailed. */
  readonly sentAt: ReadonlyArray<Instant>
  /** It was deleted: it is not listed, and sends nothing. */
  readonly isRemoved?: true
}

/** The most senders of an organization, and the most characters of the name of one. */
export const maxSenders = 100
export const maxNameLength = 256

/** The id of the sender of the server, which is not kept. */
export const defaultId = "default"

/** Those that an organization has added, in the order in which they were created. */
export const of = (
  { senders }: Pick<Catalog, "senders">,
  { id }: Pick<Organization, "id">,
): ReadonlyArray<SenderAddress> => senders.get(id) ?? []

/** Where the mails of a project come from, if that is another address than that of the server. */
export const fromOf = (
  catalog: Pick<Catalog, "senders">,
  { organization, sendFromEmailId }: Pick<Project, "organization" | "sendFromEmailId">,
): { readonly address: string; readonly name: string } | undefined => {
  const sender = of(catalog, { id: organization }).find(({ id }) => id === sendFromEmailId)
  return sender?.status === "verified" ? { address: sender.email, name: sender.name } : undefined
}
