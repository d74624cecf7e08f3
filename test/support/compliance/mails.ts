/** Mails of compliance requests for tests: put into the outbox by a change of their request, as the server does. */
import { Clock, Effect, Option } from "effect"
import * as RequestChanging from "../../../core/compliance-requests/RequestChanging.ts"
import type { LedgerContext } from "../../../core/ledger/LedgerContext.ts"
import * as RequestPrivateData from "../../../core/ledger/RequestPrivateData.ts"
import * as ComposedMail from "../../../core/mail/ComposedMail.ts"
import type { MailTemplate } from "../../../core/mail/MailWords.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import type { NewMail } from "../../../core/ports/OutboxStore.ts"

/** A mail to put into the outbox of a request. */
export interface Posted {
  readonly request: string
  readonly template: MailTemplate
  readonly to?: string
  readonly id?: string
  /** How long it is tried, in milliseconds. */
  readonly triedFor?: number
  /** Whether the change that it comes with is refused, so that nothing of it is kept. */
  readonly isRefused?: boolean
}

const composed = Effect.fnUntraced(function* (
  scope: ProjectScope,
  { id, request, template, to = "jo@example.org", triedFor = ComposedMail.triedFor }: Posted,
  held: RequestChanging.Held,
  context: LedgerContext,
) {
  const key = (yield* Effect.orDie(RequestPrivateData.keyOf(held.row?.key, context)))!
  const now = yield* Clock.currentTimeMillis
  const mail = yield* ComposedMail.make(
    scope,
    {
      ...(id !== undefined && { id }),
      request,
      template,
      to,
      language: "en",
      values: { request: held.state.request, code: "12345678", link: "https://privacy.example.com/page" },
      now,
      endsAt: now + triedFor,
    },
    key,
    context,
  )
  return Option.getOrThrow(Option.fromUndefinedOr(mail))
})

/** Puts a mail into the outbox, with a note on its request. Returns it, whether or not it was kept. */
export const post = Effect.fnUntraced(function* (scope: ProjectScope, posted: Posted, context: LedgerContext) {
  let mail: NewMail | undefined
  const plan = Effect.fnUntraced(function* (held: RequestChanging.Held) {
    mail = yield* composed(scope, posted, held, context)
    const note = { command: { kind: "note" }, by: "key:k" } as const
    // Nothing removes a file that is not there.
    const refused = { command: { kind: "remove_file", file: "none" }, by: "key:k" } as const
    return { steps: posted.isRefused === true ? [note, refused] : [note], mails: { add: [mail] } }
  })
  yield* RequestChanging.carryOut({ scope, id: posted.request, plan, isPrivateNeeded: true }, context)
  return mail!
})
