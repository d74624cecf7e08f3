/**
 * The part of the store behind mails: the outbox, which has every mail that was ever to be sent.
 *
 * A mail is written with the change of a compliance request that calls for it, in one transaction
 * ({@link MailChanges}), and is in the lane of its request. So no mail is lost, and none is sent for a change that was
 * not kept. Recipient and words are encrypted under the key of the request, and removed once the mail was sent.
 */
import type { Effect } from "effect"
import type { MailState } from "../compliance/MailState.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Owner } from "../model/Lane.ts"
import type { Access } from "./Access.ts"
import type { RequestKey } from "./ComplianceStore.ts"
import type { Kept } from "./Kept.ts"
import type { Sealed } from "./Sealed.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/**
 * What takes what is in the outbox: a mail server, or the data system that a task is of. Each is claimed by a sender of
 * its own.
 */
export type OutboxChannel = "mail" | "task"

/** The template of a task that is handed to its data system. Every other template is that of a mail. */
export const taskTemplate = "task"

/** A mail that is put into the outbox, or a task: what is said of a mail here holds for both. */
export interface NewMail {
  /** UUIDv7; a part of its Message-ID. */
  readonly id: string
  /** The name of its template, such as `received`: at most 40 characters. {@link taskTemplate} for a task. */
  readonly template: string
  readonly createdAt: Instant
  /** Not sent before. */
  readonly dueAt: Instant
  /** Not tried at this instant or after it: then it has failed. */
  readonly endsAt: Instant
  /** The keyed hash of the recipient: an address, or the id of a data system. Lower-case hexadecimal of 32 bytes. */
  readonly recipientHash: string
  /** Recipient, subject and words; of a task, what is sent. */
  readonly sealed: Sealed
}

/** Names a mail as it was read: a write is kept only if it has the same state and number of tries still. */
export interface SeenMail {
  readonly id: string
  readonly state: MailState
  readonly tries: number
}

/** The end of a mail, or its return. `outcome`: at most 40 characters, nothing personal, such as `550` or `bounced`. */
export interface MailEnd extends SeenMail {
  readonly to: Exclude<MailState, "waiting">
  readonly outcome: string
  readonly at: Instant
}

/** What happens to mails of a request, in the order `end`, `cancel`, `add`. */
export interface MailChanges {
  /** A mail whose id is there already is left as it is. */
  readonly add?: ReadonlyArray<NewMail>
  /** Where one is not as it was seen, the whole change is `stale`. `sent` and `cancelled` remove what was encrypted. */
  readonly end?: ReadonlyArray<MailEnd>
  /**
   * Cancels the mails of these templates that wait, because a newer one says what is so. They end at `dateUpdated` of
   * the request, and keep the outcome of their last try.
   */
  readonly cancel?: ReadonlyArray<string>
}

/** A mail without its words. */
export interface ListedMail extends Omit<NewMail, "sealed" | "recipientHash"> {
  /** Left out once what is personal of its request was removed. */
  readonly recipientHash?: string
  /** The lane, as it is numbered in the store. */
  readonly lane: number
  readonly request: string
  readonly state: MailState
  /** How often it was claimed. */
  readonly tries: number
  /** The outcome of the last try; left out before one ended. */
  readonly outcome?: string
  /** When it was sent, failed or was cancelled. */
  readonly endedAt?: Instant
}

/** A mail with its words. */
export interface StoredMail extends ListedMail {
  /** Left out once removed. */
  readonly sealed?: Sealed
  /** The key of its request; left out where the request has none any more. */
  readonly key?: RequestKey
}

/** Which mails are listed: those that match every member. A member that is left out matches all of them. */
export interface MailFilter {
  readonly state?: MailState
  readonly request?: string
}

/** How many mails of a channel there are. */
export interface MailCounts {
  /** Those that wait. */
  readonly waiting: number
  /** The least `createdAt` of those that wait; left out where none does. */
  readonly oldestAt?: Instant
  /** Those that failed. */
  readonly failed: number
}

/** Mails. */
export interface OutboxStore {
  /**
   * Claims at most `limit` mails of a channel that wait and are due at `now`, those that are due first in front: each
   * counts a try more and is due again at `until`, so that it is tried again if this server stops. Of two servers that
   * claim at once each mail goes to one. They are returned as they are now: with that try and `until`. A mail that has
   * passed its `endsAt` is claimed too, so that its end is written.
   */
  readonly claim: (
    channel: OutboxChannel,
    now: Instant,
    until: Instant,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<StoredMail>, StoreUnavailable>
  /**
   * Lets a mail wait until an instant: one that was claimed and could not be sent, or one that failed and is to be
   * tried again, as of its `sealed` that is there still. `endsAt` replaces that of the mail. `stale`: it is not as it
   * was seen.
   */
  readonly postpone: (
    mail: SeenMail & Pick<ListedMail, "lane">,
    to: Pick<NewMail, "dueAt" | "endsAt"> & { readonly outcome?: string },
  ) => Effect.Effect<Exclude<Kept, "repeated">, StoreUnavailable>
  /** At most `limit` mails of projects, the newest first, after a mail. */
  readonly list: (
    projects: ReadonlyArray<Owner>,
    filter: MailFilter,
    after: Pick<ListedMail, "createdAt" | "id"> | undefined,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<ListedMail>, StoreUnavailable>
  /** A mail of one of these projects. */
  readonly mail: (projects: ReadonlyArray<Owner>, id: string) => Effect.Effect<StoredMail | undefined, StoreUnavailable>
  /**
   * How many mails of a template were put into the outbox of a project since an instant, in whatever state they are; of
   * one recipient, where `recipientHash` is given.
   */
  readonly countSince: (
    project: Owner,
    of: { readonly template: string; readonly recipientHash?: string },
    since: Instant,
  ) => Effect.Effect<number, StoreUnavailable>
  /** The mails of a channel in the whole store, counted. */
  readonly counts: (channel: OutboxChannel) => Effect.Effect<MailCounts, StoreUnavailable>
}

/** Whether each member reads or writes. */
export const outboxAccess: Access<OutboxStore> = {
  claim: "write",
  postpone: "write",
  list: "read",
  mail: "read",
  countSince: "read",
  counts: "read",
}
