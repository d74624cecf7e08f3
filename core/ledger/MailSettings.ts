/**
 * What mails of one installation have in common: their sender, and the address under which requesters reach it.
 */
import { Context } from "effect"

/** An address that mails come from. */
export interface MailSender {
  /** In the form of `MailAddress.parse`. */
  readonly address: string
  /** Shown with it; no control characters. */
  readonly name?: string
}

/** The settings of mails. */
export interface MailSettings {
  /** Left out: mails are kept without a sender, and get the one of the server that sends them. */
  readonly from?: MailSender
  /** The address that bounces go to. Left out: that of `from`. */
  readonly returnPath?: string
  /** The address of the server as requesters see it, without a slash at its end. Left out: mails have no links. */
  readonly publicUrl?: string
}

/** The public address of a server without a slash at its end; `undefined` for any other text. */
export const parsePublicUrl = (text: string): string | undefined => {
  if (!/^https?:/i.test(text) || !URL.canParse(text)) return undefined
  const { hash, href, password, search, username } = new URL(text)
  if (`${hash}${password}${search}${username}` !== "") return undefined
  return href.replace(/\/+$/, "")
}

/** The settings of a ledger; none if nothing provides them. */
export const Current = Context.Reference<MailSettings>("assent/ledger/MailSettings", { defaultValue: () => ({}) })
