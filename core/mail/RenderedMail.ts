/**
 * A mail as it was written.
 */
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { MailSender } from "../ledger/MailSettings.ts"
import * as OutboxSeal from "../ledger/OutboxSeal.ts"
import type { HeldRequestKey } from "../ledger/RequestPrivateData.ts"
import type { RequestKey } from "../ports/ComplianceStore.ts"
import type { Sealed } from "../ports/Sealed.ts"
import type { MailText } from "./MailTemplate.ts"

/** Sender, recipient and words of a mail. */
export interface RenderedMail extends MailText {
  /** In the form of `MailAddress.parse`. */
  readonly to: string
  /** Left out: that of the server that sends it. */
  readonly from?: MailSender
}

/** Encrypts a mail. */
export const seal = (
  place: OutboxSeal.OutboxPlace,
  mail: RenderedMail,
  key: Pick<HeldRequestKey, "key">,
  context: Pick<LedgerContext, "aead" | "random">,
) => OutboxSeal.seal(place, mail, key, context)

/** Decrypts a mail. */
export const open = (
  place: OutboxSeal.OutboxPlace,
  sealed: Sealed,
  kept: RequestKey,
  context: Pick<LedgerContext, "aead" | "keys">,
) => OutboxSeal.open<RenderedMail>(place, sealed, kept, context)
