/** The codes and links that are in the outbox of a ledger, as their recipients would read them. */
import { Effect } from "effect"
import { Aead } from "effect/crypto"
import * as RenderedMail from "../../../core/mail/RenderedMail.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import { Keys } from "../../../core/ports/Keys.ts"
import { LedgerStore } from "../../../core/ports/LedgerStore.ts"

/** The address that links begin with. */
export const publicUrl = "https://privacy.example"

/** What a mail of a request says. */
export interface ReadMail {
  readonly template: string
  readonly to: string
  readonly text: string
  readonly createdAt: number
  readonly code: string | undefined
  readonly ticket: string | undefined
}

/** The mails of a request that wait, in the order in which they were written. */
export const of = Effect.fnUntraced(function* ({ project }: Pick<ProjectScope, "project">, request: string) {
  const { outbox } = yield* LedgerStore
  const context = { aead: yield* Aead.Aead, keys: yield* Keys }
  const listed = yield* outbox.list([project], { request }, undefined, 1000)
  const mails: Array<ReadMail> = []
  for (const { id } of listed.toReversed()) {
    const { createdAt, key, lane, sealed, template } = (yield* outbox.mail([project], id))!
    if (sealed === undefined || key === undefined) continue
    const mail = yield* RenderedMail.open({ lane, request, mail: id }, sealed, key, context)
    if (mail === undefined) continue
    const code = /\b\d{8}\b/.exec(mail.text)?.[0]
    const ticket = /\/page\/([\w-]+)/.exec(mail.text)?.[1]
    mails.push({ template, to: mail.to, text: mail.text, createdAt, code, ticket })
  }
  return mails
})
