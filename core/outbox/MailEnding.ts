/**
 * Writes what became of a mail: its end and the fact `mailed` of its request, in one change; of a task, `task_sent`.
 */
import { Clock, Effect } from "effect"
import * as RequestChanging from "../compliance-requests/RequestChanging.ts"
import * as RequestDeliveries from "../compliance-requests/RequestDeliveries.ts"
import type { Step } from "../compliance-requests/RequestSteps.ts"
import type { Actor } from "../compliance/ComplianceFact.ts"
import type { MailState } from "../compliance/MailState.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Catalog from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import { type ListedMail, taskTemplate } from "../ports/OutboxStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"

/** The end of a mail. `outcome`: nothing personal, such as `250` or `550`. */
export interface SendingEnd {
  readonly to: Extract<MailState, "sent" | "failed">
  readonly outcome: string
}

/** The project of a mail; `undefined` if the catalog has it not yet. */
export const scopeOf = (
  catalog: Catalog.Catalog,
  { lane }: Pick<ListedMail, "lane">,
): Catalog.ProjectScope | undefined => {
  const number = Math.floor(lane / Lane.maxCount)
  const project = [...catalog.projects.values()].find((each) => each.number === number)
  return project && Catalog.scope(catalog, project.id)
}

/** The data system of a task: the one whose row has its id. */
const dataSystemOf = Effect.fnUntraced(function* (
  scope: Catalog.ProjectScope,
  { id, state }: RequestChanging.Held,
  row: string,
  context: LedgerContext,
) {
  for (const { dataSystem } of state.tasks) {
    if ((yield* RequestDeliveries.rowIdOf(scope, id, dataSystem, context)) === row) return dataSystem
  }
  return undefined
})

/** The steps that note the end of a mail or task. */
export const stepsOf = Effect.fnUntraced(function* (
  scope: Catalog.ProjectScope,
  held: RequestChanging.Held,
  { id, template }: Pick<ListedMail, "id" | "template">,
  { by, outcome }: { readonly by: Actor; readonly outcome: "sent" | "failed" | "bounced" | "cancelled" },
  context: LedgerContext,
): Effect.fn.Return<ReadonlyArray<Step>, StoreUnavailable> {
  if (template !== taskTemplate) return [{ command: { kind: "note_mail", mail: id, text: template, outcome }, by }]
  const dataSystem = yield* dataSystemOf(scope, held, id, context)
  if (dataSystem === undefined || outcome === "bounced") return []
  return [{ command: { kind: "note_task", dataSystem, outcome }, by }]
})

/** Another server has sent the mail meanwhile, or it was cancelled. */
interface MailChanged {
  readonly _tag: "MailChanged"
}

/** Whether a mail is still as it was claimed. */
const isAsSeen = Effect.fnUntraced(function* (
  { id, state, tries }: ListedMail,
  { project }: Catalog.ProjectScope,
  { store }: LedgerContext,
) {
  const now = yield* store.outbox.mail([project], id)
  return now?.state === state && now.tries === tries
})

/** Ends a mail as it was claimed. `false`: it is not so any more, and nothing was written. */
export const write = Effect.fnUntraced(function* (
  scope: Catalog.ProjectScope,
  mail: ListedMail,
  { outcome, to }: SendingEnd,
  context: LedgerContext,
): Effect.fn.Return<boolean, StoreUnavailable> {
  const { id, request, state, tries } = mail
  let attempts = 0
  const plan = Effect.fnUntraced(function* (held: RequestChanging.Held) {
    // A change is stale because of its request or of the mail, and the mail is read only then.
    if (attempts++ > 0 && !(yield* isAsSeen(mail, scope, context))) return { _tag: "MailChanged" } satisfies MailChanged
    const at = yield* Clock.currentTimeMillis
    return {
      steps: yield* stepsOf(scope, held, mail, { by: "engine", outcome: to }, context),
      mails: { end: [{ id, state, tries, to, outcome, at }] },
    }
  })
  const asked = { scope, id: request, plan, isPrivateNeeded: false }
  return (yield* RequestChanging.carryOut(asked, context))._tag === "Changed"
})
