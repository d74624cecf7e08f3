/**
 * Clock packs: by when a law wants a compliance request to be answered, as data.
 *
 * A pack never changes once it is published: a correction is a new version. No pack is legal advice.
 */

/** What people may ask a company for. */
export const requestKinds = ["view", "change", "delete", "do_not_sell"] as const

/** A kind of compliance request: access, correction, erasure, or an objection to the sale of personal data. */
export type RequestKind = (typeof requestKinds)[number]

/** A length of time as a law states it: exactly one member, a whole number of at least 1. */
export type Span =
  | { readonly months: number }
  | { readonly days: number }
  /** Saturdays, Sundays and the holidays of the organization do not count. */
  | { readonly workingDays: number }

/** The clock of one kind of request. */
export interface Clock {
  /** By when an answer is due, counted from the day of receipt, which is day 0. Left out: no law sets a time. */
  readonly answer?: Span
  /** What is added once, if the requester hears of it in time, with reasons. Left out: it cannot be extended. */
  readonly extension?: Span
  /** By when the receipt is to be confirmed. Left out: it need not be. */
  readonly confirm?: Span
  /** What happens to a due date that is no working day. */
  readonly roll: "none" | "next-working-day"
  /**
   * What the clock does while the requester's identity is not shown: it runs on; it pauses from the day on which the
   * mail that asks for it was handed over; or it starts only on the day on which identity is shown.
   */
  readonly whileUnverified: "runs" | "pauses" | "starts-later"
  /** What it does while the requester is asked to clarify, from the day on which that mail was handed over. */
  readonly clarification: "runs" | "pauses"
  /** Whether the requester's identity must be shown. */
  readonly identity: "needed" | "not_needed"
}

/** The clocks of one law, in one version. */
export interface ClockPack {
  /** Lower case, without `@`. */
  readonly id: string
  readonly version: string
  readonly title: string
  /** The first day on which the text applies. */
  readonly appliesFrom: string
  /** The official addresses of the text. */
  readonly source: ReadonlyArray<string>
  /** How the text is read, and what is left out. */
  readonly notes: ReadonlyArray<string>
  /** The statement that the pack is not legal advice. */
  readonly warning: string
  readonly clocks: { readonly [Kind in RequestKind]: Clock }
}

/** The name of a pack: `clock:gdpr@2018-05`. */
export const reference = ({ id, version }: Pick<ClockPack, "id" | "version">): string => `clock:${id}@${version}`
