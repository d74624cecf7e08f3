/**
 * The refusals of a `do_not_sell` that wait for identity, in projects with the setting `optOutNeedsVerification`: those
 * for the people that the typed e-mail address and phone number name. They are recorded in the transaction that writes
 * that identity was shown, and are dated by it. Those for the person of the session never wait.
 */
import { Data, Effect } from "effect"
import * as ComplianceState from "../compliance/ComplianceState.ts"
import type { Batch } from "../ledger/Batch.ts"
import type * as Idempotency from "../ledger/Idempotency.ts"
import { keptBefore } from "../ledger/Idempotency.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Recording from "../ledger/Recording.ts"
import type { RequestPrivateData } from "../ledger/RequestPrivateData.ts"
import type { Append } from "../ports/LedgerStore.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as OptOut from "./OptOut.ts"
import type { Step } from "./RequestSteps.ts"

/** A request as it was read. */
interface Waiting {
  readonly id: string
  readonly state: ComplianceState.ComplianceState
  readonly data: RequestPrivateData | undefined
}

/** What is recorded of an opt-out once identity is shown. */
export interface LateRefusals {
  readonly types: number
  readonly events: ReadonlyArray<Recording.EventReference>
  /** The person that the typed address names, or the typed number where no address was typed. */
  readonly subject: string | undefined
}

const isShowing = ({ command: { kind } }: Step): boolean => kind === "verify" || kind === "verify_by_staff"

/** Whether refusals are recorded with these steps: they show the identity that an opt-out waits for. */
export const isDue = ({ state }: Waiting, steps: ReadonlyArray<Step>): boolean =>
  state.request === "do_not_sell" && ComplianceState.statusOf(state) === "pending_verification" && steps.some(isShowing)

/** The steps with the opt-out, right after the one that shows identity: what follows may need its task done. */
export const withRefusals = <Of extends Step>(
  steps: ReadonlyArray<Of>,
  { events, types }: Pick<LateRefusals, "events" | "types">,
): ReadonlyArray<Of> =>
  steps.flatMap((step) => {
    const optOut = { ...step, by: "engine", command: { kind: "opt_out", types, events: events.length } } as Of
    return isShowing(step) ? [step, optOut] : [step]
  })

/** What is personal of a request after its refusals. */
export const dataAfter = (data: RequestPrivateData, { events }: Pick<LateRefusals, "events">): RequestPrivateData =>
  events.length === 0
    ? data
    : { ...data, optOutEvents: [...(data.optOutEvents ?? []), ...events.map((event) => event.id)] }

/** The request was changed by another call in the meantime. */
class ChangedMeanwhile extends Data.TaggedError("ChangedMeanwhile") {}

const batchOf = Effect.fnUntraced(function* (
  scope: ProjectScope,
  { data, id }: Waiting,
  steps: ReadonlyArray<Step>,
  context: LedgerContext,
) {
  const { email, phoneNumber } = data?.user ?? {}
  const typed = { ...(email !== undefined && { email }), ...(phoneNumber !== undefined && { phoneNumber }) }
  const items = yield* OptOut.itemsOf(scope, id, OptOut.peopleOf({ known: {}, typed }), undefined, context)
  const by = steps.find(isShowing)!.by
  const submitter = by.startsWith("key:") ? by.slice("key:".length) : scope.organization.id
  return { ...scope, submitter, items } satisfies Batch as Batch
})

/** Records the refusals of a request, with the change that `changeOf` makes of them, in one transaction. */
export const record = Effect.fnUntraced(function* (
  scope: ProjectScope,
  waiting: Waiting,
  steps: ReadonlyArray<Step>,
  changeOf: (
    refusals: LateRefusals,
  ) => Effect.Effect<Pick<Append, "compliance" | "idempotencyRecord">, StoreUnavailable>,
  context: LedgerContext,
): Effect.fn.Return<"kept" | "stale" | "repeated", StoreUnavailable> {
  const { id, state } = waiting
  const batch = yield* batchOf(scope, waiting, steps, context)
  const chooseOptions: Recording.ChooseOptions<ChangedMeanwhile | StoreUnavailable> = Effect.fnUntraced(
    function* (_recorded, answer) {
      const now = yield* context.store.compliance.request(scope.project, id)
      if (now?.ordinal !== state.ordinal) return yield* new ChangedMeanwhile()
      const { alsoRecordedFor, events: own } = answer()
      const events = own.flatMap((event, item) => [event, ...(alsoRecordedFor.get(item) ?? [])])
      const types = new Set(batch.items.map(({ consentType }) => consentType)).size
      return yield* changeOf({ types, events, subject: own.at(-1)?.concordId })
    },
  )
  const recording = Recording.recordWith(batch, chooseOptions, context)
  const outcome: Effect.Success<typeof recording> | Idempotency.KeptBefore | "stale" = yield* Effect.catchTag(
    recording,
    "ChangedMeanwhile",
    () => Effect.succeed("stale" as const),
  )
  if (outcome === "stale") return outcome
  if (outcome._tag === keptBefore._tag) return "repeated"
  // A refusal of a type that exists, with identifiers that can be read, is always recorded.
  if (outcome._tag === "Refused") return yield* Effect.die(new Error(`refused: ${outcome.violations[0]?.code}`))
  return "kept"
})
