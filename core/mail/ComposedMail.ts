/**
 * Composes a mail of a compliance request for the outbox: renders it, encrypts it, and hashes its recipient.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import * as HashHex from "../ledger/HashHex.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { HeldRequestKey } from "../ledger/RequestPrivateData.ts"
import type { Organization, ProjectScope } from "../model/Catalog.ts"
import * as EmailAddress from "../model/EmailAddress.ts"
import * as LanguageLookup from "../model/LanguageLookup.ts"
import * as OwnMailText from "../model/OwnMailText.ts"
import * as SenderAddress from "../model/SenderAddress.ts"
import { laneOf } from "../ports/ComplianceStore.ts"
import type { NewMail } from "../ports/OutboxStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as ChosenWords from "./ChosenWords.ts"
import * as MailAddress from "./MailAddress.ts"
import * as MailTemplate from "./MailTemplate.ts"
import type { MailTemplate as TemplateName } from "./MailWords.ts"
import * as RenderedMail from "./RenderedMail.ts"

/** A mail to compose. What it says of organization, project and request is filled in. */
export interface MailToCompose {
  /** Left out: a new one. The same id twice is one mail. */
  readonly id?: string
  /** The id of the compliance request. */
  readonly request: string
  readonly template: TemplateName
  /** An address as it was typed. */
  readonly to: string
  /** BCP 47. */
  readonly language: string
  readonly values: Omit<
    MailTemplate.MailValues,
    "organization" | "project" | "requestId" | "timeZone" | "privacyPolicyUrl"
  >
  readonly now: Instant
  /** Not tried at this instant or after it. Left out: {@link triedFor} after `now`. */
  readonly endsAt?: Instant
}

/** How long a mail is tried, in milliseconds: 3 days. */
export const triedFor = 3 * 24 * 60 * 60 * 1000

/** A tag of the part before the `@` (RFC 5233): most mail servers put it into the mailbox that is named before it. */
const tag = /(?<=[^@+])\+[^@]*(?=@)/

/** The keyed hash of a recipient: the same for all spellings of one mailbox. */
export const recipientHash = Effect.fnUntraced(function* (
  organization: Organization,
  address: string,
  { hasherOf }: Pick<LedgerContext, "hasherOf">,
) {
  const hasher = yield* hasherOf(organization)
  return HashHex.encode(
    yield* hasher.sign("mail recipient", (EmailAddress.normalize(address) ?? address).replace(tag, "")),
  )
})

/** A mail for the outbox; `undefined` if no mail can be sent to the address. */
export const make = Effect.fnUntraced(function* (
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  asked: MailToCompose,
  key: Pick<HeldRequestKey, "key">,
  context: Pick<LedgerContext, "aead" | "hasherOf" | "mailSettings" | "random" | "store">,
): Effect.fn.Return<NewMail | undefined, StoreUnavailable> {
  const to = MailAddress.ofTyped(asked.to)
  if (to === undefined) return undefined
  const { endsAt = asked.now + triedFor, language, now, request, template } = asked
  const { name, privacyPolicyUrl, timeZone } = organization
  const catalog = yield* context.store.catalog.current
  const own = OwnMailText.of(catalog, organization)
  const chosen = ChosenWords.choose(template, LanguageLookup.ofProject(project, language), own)
  const text = MailTemplate.write(template, chosen, {
    ...asked.values,
    organization: name,
    project: project.name,
    requestId: request,
    privacyPolicyUrl,
    ...(timeZone !== undefined && { timeZone }),
  })
  const id = asked.id ?? (yield* context.random.uuidV7())
  const from = SenderAddress.fromOf(catalog, project) ?? context.mailSettings.from
  const mail = { ...text, to, ...(from !== undefined && { from }) }
  const place = { lane: laneOf(project, request), request, mail: id }
  return {
    id,
    template,
    createdAt: now,
    dueAt: now,
    endsAt,
    recipientHash: yield* recipientHash(organization, to, context),
    sealed: yield* RenderedMail.seal(place, mail, key, context),
  }
})
