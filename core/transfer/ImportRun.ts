/**
 * One run of an import: what its blocks have in common, and what they have counted so far.
 */
import { Data, Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { Item } from "../model/Admission.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { AnswerCounts } from "./AnswerChanges.ts"
import * as RowCounts from "./RowCounts.ts"

/** How an import treats rows that harm more than they help. Left out: neither is asked for. */
export interface ImportOptions {
  /** Whether rows after which a refusal would no longer stand are left out. */
  readonly keepRefusals?: boolean
  /** Whether refusals are recorded however many of their dates are replaced. */
  readonly acceptReplacedDates?: boolean
  /** Called in a dry run for each block at which the import would stop, because too many dates are replaced. */
  readonly foresee?: (stop: ReplacedDates) => void
}

/** The refusals among the rows that were read so far, and those of them whose `consentDate` is replaced. */
export interface DateCounts {
  refusals: number
  replaced: number
}

/** One run. */
export interface ImportRun {
  readonly options: Required<ImportOptions>
  /** A UUIDv7: the people and the events that this run makes have later ids, because ids of a process only grow. */
  readonly since: string
  /** In a dry run, the answers that change. */
  readonly answers?: AnswerCounts
  /** The rows that were recorded before: the texts of those in known blocks, and the events of the others. */
  readonly known: RowCounts.RowCounts
  readonly dates: DateCounts
}

/** Whether an item is a refusal whose row has a `consentDate` that it is not recorded with. */
export const isRedated = (
  { consentDate, consentState, leftOut }: Item,
  event: { readonly consentDate: Instant },
): boolean =>
  consentState === "declined" &&
  (consentDate === undefined ? leftOut?.includes("consentDate") === true : consentDate !== event.consentDate)

/** The part of the refusals whose dates may be replaced before an import stops. */
const maxReplaced = 0.01

/** Whether too many dates of refusals are replaced for them to be single mistakes. */
export const hasTooManyReplaced = ({ refusals, replaced }: DateCounts): boolean => replaced > refusals * maxReplaced

/** Too many dates of refusals would be replaced by the date of the import, so it has stopped. */
export class ReplacedDates extends Data.TaggedError("ReplacedDates")<DateCounts> {
  override get message() {
    return (
      `${this.replaced} of ${this.refusals} refusals have a consentDate that cannot be recorded, so they would be dated ` +
      "by the import: correct how their dates are read, or accept replaced dates"
    )
  }
}

/** Whether each block is planned after the one before it is recorded, because answers are looked at. */
export const isInTurn = ({ answers, options }: ImportRun): boolean => options.keepRefusals || answers !== undefined

const maxSeed = 2 ** 32 - 1

/** Begins a run. */
export const make = Effect.fnUntraced(function* (
  { acceptReplacedDates = false, foresee = () => {}, keepRefusals = false }: ImportOptions,
  { isDryRun, random }: Pick<LedgerContext, "isDryRun" | "random">,
): Effect.fn.Return<ImportRun> {
  const [first, second] = [yield* random.intBetween(0, maxSeed), yield* random.intBetween(0, maxSeed)]
  return {
    options: { acceptReplacedDates, foresee, keepRefusals },
    since: yield* random.uuidV7(),
    known: RowCounts.make([first, second]),
    dates: { refusals: 0, replaced: 0 },
    ...(isDryRun && { answers: { changed: 0, overturned: 0, examples: new Map() } }),
  }
})
