/**
 * What every use case of the ledger works with.
 */
import { Context, type Effect, type Semaphore } from "effect"
import type { Digest, SecureRandom } from "effect/crypto"
import type { Organization } from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import type { LedgerStore } from "../ports/LedgerStore.ts"
import type { AnswerHorizon } from "./AnswerHorizon.ts"
import type { Hasher } from "./Identifiers.ts"
import type { Remembered } from "../people/Sessions.ts"

/** How many lanes an organization or a project gets when it is made: 1 to {@link Lane.newMaxCount}, and the same for ever. */
export const NewLanes = Context.Reference<number>("assent/ledger/NewLanes", { defaultValue: () => Lane.defaultCount })

/** One ledger's means. */
export interface LedgerContext {
  readonly store: LedgerStore["Service"]
  readonly random: SecureRandom.SecureRandom["Service"]
  readonly digest: Digest.Digest["Service"]
  readonly answerHorizon: AnswerHorizon
  readonly newLanes: number
  readonly hasherOf: (organization: Organization) => Effect.Effect<Hasher>
  readonly remembered: Remembered
  /** The hashes of the keyed requests that are being answered. */
  readonly underWay: Set<string>
  /** Held while something that is set up is changed: one change at a time. */
  readonly turn: Semaphore.Semaphore
}

/** How often a change is prepared anew because what it was prepared against has changed. */
export const maxAttempts = 100
