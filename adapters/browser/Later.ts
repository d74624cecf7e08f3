/**
 * What the client needs once a person has acted, or may be known: sending, the session, signing in, the history, and
 * states without a click. It is a script file of its own, so that a first view loads less.
 */
import type { VisitItem } from "../../core/browser/VisitAnswer.ts"
import * as History from "./History.ts"
import * as Identifying from "./Identifying.ts"
import * as Passive from "./Passive.ts"
import * as Sending from "./Sending.ts"
import type { Answers } from "./Answers.ts"
import type { Cause, HistoryLine, Identification } from "./ConsentClient.ts"
import type { Environment } from "./Environment.ts"

/** What the client gives to this part. */
export interface LaterOptions extends Sending.SendingOptions, Pick<History.HistorySource, "local"> {
  readonly answers: Answers
  /** Acts on what has changed with the identity, here and in other tabs. */
  readonly changed: () => void
  /** Whether the banner is in the page already. */
  readonly isBannerShown: boolean
  /** Records a state that was reached without a click. */
  readonly recordState: (
    types: ReadonlyArray<{ readonly id: string }>,
    state: Pick<VisitItem, "consentAction" | "consentState">,
    evidence: NonNullable<VisitItem["evidence"]>,
    cause: Cause,
  ) => void
}

/** This part of a client. */
export interface LaterClient extends Pick<Sending.Sender, "all"> {
  /** Records what the signal refuses, and begins to wait for states without a click. */
  readonly update: () => void
  readonly identify: (identification: Identification) => Promise<void>
  readonly history: () => Promise<ReadonlyArray<HistoryLine>>
}

/** The part, as a page gets it. */
export interface Later {
  readonly connect: (env: Environment, options: LaterOptions) => LaterClient
}

const connect = (env: Environment, options: LaterOptions): LaterClient => {
  const { answers, base, changed, isBannerShown, ledger, local, recordState, sync } = options
  const sending = Sending.make(env, options)
  const passive = Passive.make(env, answers, {
    isKnown: ledger.isKnown,
    isBannerShown,
    record: (types, consentState, evidence) =>
      recordState(types, { consentState, consentAction: "implied" }, evidence, "time"),
  })

  /** The ledger needs a refusal where the signal contradicts what it holds. */
  const declineBySignal = (): void => {
    if (!ledger.isKnown()) return
    const types = answers.types().filter(answers.mustDecline)
    const state = { consentState: "declined", consentAction: "implied" } as const
    recordState(types, state, { surface: "signal", signal: "gpc" }, "signal")
  }

  return {
    all: sending.all,
    update: () => {
      declineBySignal()
      passive.update()
    },
    identify: (identification) => Identifying.identify(env, { base, ledger, sending, sync, changed }, identification),
    history: () => History.read(env, { base, answers, ledger, sending, local }),
  }
}

export const later: Later = { connect }
