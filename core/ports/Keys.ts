/**
 * The port of the keys that wrap other keys: the root key, and the keys of epochs. They are kept outside of the store
 * and of its backups, so that a copy of the store alone opens nothing.
 *
 * The root key wraps the key with which an organization hashes identifiers, and is never destroyed. The key of an epoch
 * wraps the keys of people, and is destroyed when the epoch is long over and every living key was wrapped again: then
 * no backup that is older can show personal data. Wrapping is AES-KW with 256 bits (RFC 3394).
 *
 * A request may use keys, so each member answers or fails within a second.
 */
import { Context, Data, type Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"

/** The keys cannot be reached now. */
export class KeysUnavailable extends Data.TaggedError("KeysUnavailable")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

/** What a key is wrapped by: the root key, or the key of the epoch with this number. */
export type Wrapper = "root" | number

/** An epoch. Numbers begin with 1 and have no gap. */
export interface Epoch {
  readonly number: number
  readonly beganAt: Instant
  /** When its key was destroyed; left out while it is there. */
  readonly destroyedAt?: Instant
}

/** Wraps and unwraps keys. */
export class Keys extends Context.Service<
  Keys,
  {
    /** The number of the epoch by whose key keys are wrapped now: the latest that began. */
    readonly epoch: Effect.Effect<number, KeysUnavailable>
    /** Wraps a key of 32 bytes into 40. */
    readonly wrap: (by: Wrapper, key: Uint8Array) => Effect.Effect<Uint8Array, KeysUnavailable>
    /** `undefined`: the key of the epoch was destroyed or never existed, or the wrapped key is not of this wrapper. */
    readonly unwrap: (by: Wrapper, wrapped: Uint8Array) => Effect.Effect<Uint8Array | undefined, KeysUnavailable>
    /** Every epoch, in order. */
    readonly epochs: Effect.Effect<ReadonlyArray<Epoch>, KeysUnavailable>
    /** Begins the next epoch, unless one began at or after `since` already (another process may have begun it). */
    readonly begin: (at: Instant, since: Instant) => Effect.Effect<Epoch, KeysUnavailable>
    /** Destroys the key of an epoch that is not the last. Nothing that it wrapped can be unwrapped any more. */
    readonly destroy: (epoch: number, at: Instant) => Effect.Effect<void, KeysUnavailable>
  }
>()("assent/ports/Keys") {}
