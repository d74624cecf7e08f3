/**
 * What a server holds in memory while it sends to one webhook.
 */
import type { Instant } from "../engine/Instant.ts"
import type { Seen } from "../ledger/FeedWaiting.ts"
import type { LaneEnd } from "../ports/FeedStore.ts"
import type { DeadLetter } from "../ports/WebhookStore.ts"
import type { Backlog, Waiting } from "./Backlog.ts"
import type { Made, WebhookReceiver } from "./Delivery.ts"
import type { Head, ParkedPeople } from "./ParkedPeople.ts"
import type * as WebhookState from "./WebhookState.ts"

/** A change that is being sent. */
export type Sent =
  | { readonly _tag: "Live"; readonly waiting: Waiting }
  | { readonly _tag: "Parked"; readonly head: Head }
  | { readonly _tag: "Replayed"; readonly waiting: Waiting }
  | { readonly _tag: "Dead"; readonly letter: DeadLetter }

/** A try that is over: made, or given up before it was made because the store or the change was not there. */
export interface Arrival {
  readonly sent: Sent
  /** It was made to find out whether the receiver is there again. */
  readonly isProbe: boolean
  readonly outcome:
    | { readonly _tag: "Made"; readonly made: Made; readonly change: string; readonly type: string }
    | { readonly _tag: "Unavailable" }
    | { readonly _tag: "Gone" }
}

/** A replay that is under way. */
export type ReplayProgress = { readonly name: string; revision: number } & (
  | { readonly kind: "part"; readonly state: WebhookState.ReplayState & { kind: "part" }; readonly backlog: Backlog }
  | {
      readonly kind: "dead"
      after: (WebhookState.ReplayState & { kind: "dead" })["after"]
      /** The next dead letter; `end` after the last. */
      next: DeadLetter | "end" | "sent" | undefined
      tries: number
      notBefore: Instant
    }
)

/** A webhook that this server sends to. */
export interface OpenWebhook {
  readonly receiver: WebhookReceiver
  /** The number of the start that the state is of. */
  readonly start: number
  /** The revision of the cursor `live`. */
  revision: number
  health: WebhookState.Health
  nextTry: number
  readonly backlog: Backlog
  readonly parked: ParkedPeople
  replay: ReplayProgress | undefined
  /** Changes that were read while their person is parked, to be parked with the next step. */
  behind: Array<Waiting>
  /** Tries that are under way, or whose outcome is not written yet. */
  inFlight: number
  readonly arrived: Array<Arrival>
  /** The ends of the lanes that were read last, and whether all before them is read. */
  seen: Seen | undefined
  isCurrent: boolean
  /** Nothing is sent before, because the store was not there. */
  pausedUntil: Instant
  writtenAt: Instant
  /** Whether places moved since they were written. */
  hasMoved: boolean
  /** The version of the catalog by which the webhook was found to be the same. */
  catalogVersion: number
  isStopping: boolean
  /** Whether there may be a replay that is not begun. */
  mayReplay: boolean
  /** The days without a success that were logged last. */
  loggedDays?: number
  wake: (() => void) | undefined
}

/** The number of items in the lanes that are neither taken nor parked; those that a filter leaves out count. */
export const lagOf = ({ backlog }: OpenWebhook, ends: ReadonlyArray<LaneEnd>): number =>
  backlog.progress().reduce((sum, { changes, events, lane, number, position }) => {
    const end = ends[lane]!
    return sum + end.position - position + end.number - number - events.length - changes.length
  }, 0)
