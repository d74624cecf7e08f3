/**
 * Looking after the outbox by hand: which mails there are, what one says, and what is to become of it.
 *
 * Every end is a fact of the request as well. What a mail says is personal, and is read only by {@link show}.
 */
import { Clock, Effect, Option } from "effect"
import type { Actor } from "../compliance/ComplianceFact.ts"
import * as RequestChanging from "../compliance-requests/RequestChanging.ts"
import * as RequestDeliveries from "../compliance-requests/RequestDeliveries.ts"
import { asStore, type LedgerContext } from "../ledger/LedgerContext.ts"
import * as ComposedMail from "../mail/ComposedMail.ts"
import type { TaskMessage } from "../connectors/TaskMessage.ts"
import * as RenderedMail from "../mail/RenderedMail.ts"
import type { Project } from "../model/Catalog.ts"
import { type ListedMail, type MailEnd, type MailFilter, type StoredMail, taskTemplate } from "../ports/OutboxStore.ts"
import { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as MailEnding from "./MailEnding.ts"
import * as TaskSender from "./TaskSender.ts"

/** A mail with what it says; left out once it was sent or removed, or where its key was destroyed. */
export interface ShownMail extends ListedMail {
  readonly words?: RenderedMail.RenderedMail
  /** Of a task: what its data system is sent. */
  readonly task?: TaskMessage
}

/** Why nothing becomes of a mail. */
export const refusals = {
  mail_not_failed: "the mail did not fail: only one that failed is sent again",
  mail_not_waiting: "the mail was sent already, or is cancelled",
  mail_removed: "what the mail said was removed, so it cannot be sent again",
  mail_is_task: "a task does not come back: cancel it, or say in its request what was done",
  mail_expired: "the code in the mail does not count any more: have a new one sent",
} as const

/** What became of a mail. */
export type MailOutcome =
  | { readonly _tag: "Changed"; readonly mail: ListedMail }
  | { readonly _tag: "NotFound" }
  | { readonly _tag: "MailRefused"; readonly code: keyof typeof refusals }

/** Mails of projects, the newest first, after a mail. */
export const list = (
  projects: ReadonlyArray<Project>,
  filter: MailFilter,
  after: Pick<ListedMail, "createdAt" | "id"> | undefined,
  limit: number,
  { store }: LedgerContext,
): Effect.Effect<ReadonlyArray<ListedMail>, StoreUnavailable> => store.outbox.list(projects, filter, after, limit)

/** Without what is encrypted. */
const listed = (stored: StoredMail): ListedMail => {
  const { key: _, sealed: __, ...mail } = stored
  return mail
}

/** One mail of projects, with what it says. */
export const show = Effect.fnUntraced(function* (
  projects: ReadonlyArray<Project>,
  id: string,
  context: LedgerContext,
): Effect.fn.Return<Option.Option<ShownMail>, StoreUnavailable> {
  const mail = yield* context.store.outbox.mail(projects, id)
  if (mail === undefined) return Option.none()
  const { key, lane, request, sealed } = mail
  if (key === undefined || sealed === undefined) return Option.some(listed(mail))
  if (mail.template === taskTemplate) {
    const task = yield* Effect.mapError(TaskSender.open(mail, context), asStore)
    return Option.some({ ...listed(mail), ...(task !== undefined && { task }) })
  }
  const words = yield* Effect.mapError(RenderedMail.open({ lane, request, mail: id }, sealed, key, context), asStore)
  return Option.some({ ...listed(mail), ...(words !== undefined && { words }) })
})

type Decision<Change> = { readonly change: Change } | Exclude<MailOutcome, { readonly _tag: "NotFound" }>

/** Reads a mail and changes it, again while it is changed meanwhile. */
const change = Effect.fnUntraced(function* <Change>(
  projects: ReadonlyArray<Project>,
  id: string,
  decide: (mail: StoredMail, now: number) => Decision<Change>,
  write: (mail: StoredMail, change: Change) => Effect.Effect<boolean, StoreUnavailable>,
  { store }: LedgerContext,
): Effect.fn.Return<MailOutcome, StoreUnavailable> {
  for (let attempts = 0; attempts < RequestChanging.maxAttempts; attempts++) {
    const mail = yield* store.outbox.mail(projects, id)
    if (mail === undefined) return { _tag: "NotFound" }
    const decided = decide(mail, yield* Clock.currentTimeMillis)
    if ("_tag" in decided) return decided
    if (!(yield* write(mail, decided.change))) continue
    const after = yield* store.outbox.mail(projects, id)
    return { _tag: "Changed", mail: listed(after ?? mail) }
  }
  return yield* new StoreUnavailable({ reason: "too many changes of the same mail" })
})

const refuse = (code: keyof typeof refusals) => ({ _tag: "MailRefused", code }) as const

/** Sends a mail that failed again. A mail with a code is tried only until the code ends. */
export const retry = (projects: ReadonlyArray<Project>, id: string, context: LedgerContext) =>
  change(
    projects,
    id,
    ({ endsAt, sealed, state, template }, now) => {
      if (state !== "failed") return refuse("mail_not_failed")
      if (sealed === undefined) return refuse("mail_removed")
      if (template === "verification" && endsAt <= now) return refuse("mail_expired")
      const triedFor = template === taskTemplate ? RequestDeliveries.triedFor : ComposedMail.triedFor
      return { change: { dueAt: now, endsAt: template === "verification" ? endsAt : now + triedFor } }
    },
    (mail, to) => Effect.map(context.store.outbox.postpone(mail, to), (kept) => kept === "kept"),
    context,
  )

/** Ends a mail with a fact of its request. `false`: it is not as it was read any more. */
const end = Effect.fnUntraced(function* (
  { id, request, state, template, tries, ...mail }: StoredMail,
  { by, outcome, to }: { readonly by: Actor; readonly outcome: "bounced" | "cancelled"; readonly to: MailEnd["to"] },
  context: LedgerContext,
) {
  const scope = MailEnding.scopeOf(yield* context.store.catalog.current, mail)
  if (scope === undefined) return false
  let isChanged = false
  const plan = Effect.fnUntraced(function* (held: RequestChanging.Held) {
    const now = yield* context.store.outbox.mail([scope.project], id)
    isChanged = now?.state !== state || now.tries !== tries
    if (isChanged) return { steps: [] }
    const at = yield* Clock.currentTimeMillis
    const steps = yield* MailEnding.stepsOf(scope, held, { id, template }, { by, outcome }, context)
    return { steps, mails: { end: [{ id, state, tries, to, outcome, at }] } }
  })
  const changed = yield* RequestChanging.carryOut({ scope, id: request, plan, isPrivateNeeded: false }, context)
  return changed._tag === "Changed" && !isChanged
})

/** Cancels a mail that waits or failed. */
export const cancel = (projects: ReadonlyArray<Project>, id: string, by: Actor, context: LedgerContext) =>
  change(
    projects,
    id,
    ({ state }) => (state === "sent" || state === "cancelled" ? refuse("mail_not_waiting") : { change: by }),
    (mail, actor) => end(mail, { by: actor, outcome: "cancelled", to: "cancelled" }, context),
    context,
  )

/** Notes that a mail came back. Of one that failed or was cancelled already, nothing changes. */
export const bounced = (projects: ReadonlyArray<Project>, id: string, by: Actor, context: LedgerContext) =>
  change(
    projects,
    id,
    (mail) =>
      mail.template === taskTemplate
        ? refuse("mail_is_task")
        : mail.state === "failed" || mail.state === "cancelled"
          ? { _tag: "Changed", mail: listed(mail) }
          : { change: by },
    (mail, actor) => end(mail, { by: actor, outcome: "bounced", to: "failed" }, context),
    context,
  )
