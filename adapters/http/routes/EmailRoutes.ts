/**
 * The handlers of the senders of mails, and of the words of mails.
 */
import { Effect, Option } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import type { CatalogOutcome } from "../../../core/catalog/CatalogChange.ts"
import * as MailTexts from "../../../core/mail-setup/MailTexts.ts"
import * as SenderAddresses from "../../../core/mail-setup/SenderAddresses.ts"
import type { TriedSender } from "../../../core/mail-setup/SenderChecks.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as MailPlaceholders from "../../../core/mail/MailPlaceholders.ts"
import * as LanguageTag from "../../../core/model/LanguageTag.ts"
import * as Role from "../../../core/model/Role.ts"
import type { SenderAddress } from "../../../core/model/SenderAddress.ts"
import { MailTransport } from "../../../core/ports/MailTransport.ts"
import { StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
import { Api } from "../api/Api.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as EmailWire from "../api/EmailWire.ts"
import * as Answer from "../server/Answer.ts"
import * as CatalogChanges from "./CatalogChanges.ts"
import * as ComplianceOutcome from "./ComplianceOutcome.ts"
import * as Pages from "./Pages.ts"

type HttpRequest = HttpServerRequest.HttpServerRequest

const decodeNew = Exchange.decoder(EmailWire.NewEmail)
const decodeChange = Exchange.decoder(EmailWire.EmailChange)
const decodeCode = Exchange.decoder(EmailWire.EmailCode)
const decodeText = Exchange.decoder(EmailWire.NewMailText)

const sendsNothing = new StoreUnavailable({
  reason: "this server sends no mails: add senders at one that has ASSENT_SMTP_URL",
  isLasting: true,
})

const noSender = new Answer.HttpProblem({ status: 404, detail: "there is no such sender" })

/** What hands mails over. A server without a mail server has none. */
const transport = Effect.flatMap(Effect.serviceOption(MailTransport), (found) =>
  Option.isSome(found) ? Effect.succeed(found.value) : Effect.fail(sendsNothing),
)

/** Writes senders as the key of the request may see them. */
const writer = Effect.gen(function* () {
  const { key } = yield* CurrentKey
  const catalog = yield* (yield* Ledger).catalog
  return (sender: SenderAddress): string => {
    const { dateCreated, email, id, name, organization: organizationId, status } = sender
    const projects = SenderAddresses.projectsOf(catalog, sender)
      .filter((project) => Role.may(Role.roleIn(key, project.id), "read"))
      .map((project) => ({ id: project.id, name: project.name }))
    return JSON.stringify({
      id,
      name,
      email,
      organizationId,
      projects,
      status,
      dateCreated: Instant.format(dateCreated),
    })
  }
})

const list = Effect.fnUntraced(function* (query: Parameters<Ledger["Service"]["listEntries"]>[3]) {
  yield* Pages.check(query)
  const ledger = yield* Ledger
  const { key, organization } = yield* CurrentKey
  const write = yield* writer
  const all = yield* ledger.senders.all(organization)
  const page = yield* ledger.listEntries(organization, ["senders", key.id], all, query, Pages.bytesOf(write))
  return yield* Pages.answer(page, write)
})

const create = Effect.fnUntraced(function* (request: HttpRequest) {
  const { senders } = yield* Ledger
  const { organization } = yield* CurrentKey
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeNew)
  const write = yield* writer
  const answering = { ...idempotency, answer: write }
  return yield* CatalogChanges.answer(yield* senders.add(organization, fields, yield* transport, answering), write, 201)
})

const rename = Effect.fnUntraced(function* (request: HttpRequest, id: string) {
  const { senders } = yield* Ledger
  const { organization } = yield* CurrentKey
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeChange)
  const write = yield* writer
  const answering = { ...idempotency, answer: write }
  const outcome = yield* senders.rename(organization, id.toLowerCase(), fields.name ?? undefined, answering)
  return yield* CatalogChanges.answer(outcome, write)
})

const remove = Effect.fnUntraced(function* (request: HttpRequest, id: string) {
  const { senders } = yield* Ledger
  const { organization } = yield* CurrentKey
  const write = yield* writer
  const answering = { ...(yield* CatalogChanges.withoutBody(request)), answer: write }
  return yield* CatalogChanges.answer(yield* senders.remove(organization, id.toLowerCase(), answering), write)
})

const sendCode = Effect.fnUntraced(function* (request: HttpRequest, id: string) {
  const { senders } = yield* Ledger
  const { organization } = yield* CurrentKey
  const write = yield* writer
  const answering = { ...(yield* CatalogChanges.withoutBody(request)), answer: write }
  // Told before a server without a mail server refuses.
  if (!(yield* senders.all(organization)).some((sender) => sender.id === id.toLowerCase())) return yield* noSender
  const outcome = yield* senders.sendCode(organization, id.toLowerCase(), yield* transport, answering)
  if (outcome._tag === "MailedTooOften") return yield* ComplianceOutcome.sentTooOften(outcome)
  return yield* CatalogChanges.answer(outcome, write)
})

/** The kept answer of a try that did not verify: the same request again is refused again. */
const notVerified = ""

const codeNotValid = {
  _tag: "Refused",
  faults: [{ field: "code", code: "code_not_valid", detail: "is not the code that was mailed last, or no more" }],
} as const

const verify = Effect.fnUntraced(function* (request: HttpRequest, id: string) {
  const { senders } = yield* Ledger
  const { organization } = yield* CurrentKey
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeCode)
  const write = yield* writer
  const answer = ({ isVerified, sender }: TriedSender): string => (isVerified ? write(sender) : notVerified)
  const answering = { ...idempotency, answer }
  const outcome = yield* senders.verify(organization, id.toLowerCase(), fields.code, answering)
  const isRefused = outcome._tag === "Repeated" && outcome.answer === notVerified
  return yield* CatalogChanges.answer<TriedSender>(isRefused ? codeNotValid : outcome, answer)
})

const withPlaceholders = <Text extends MailTexts.MailTextName>({ name, ...text }: Text) => ({
  name,
  ...text,
  placeholders: MailPlaceholders.all(name),
  required: MailPlaceholders.of(name).required,
})

const writeText = (text: MailTexts.ShownMailText): string => JSON.stringify(withPlaceholders(text))

const listTexts = Effect.gen(function* () {
  const { organization } = yield* CurrentKey
  const all = MailTexts.all(yield* (yield* Ledger).catalog, organization)
  return Answer.json(JSON.stringify({ items: all.map(withPlaceholders) }))
})

const noMail = new Answer.HttpProblem({ status: 404, detail: "there is no mail with this name" })
const notLanguage = new Answer.HttpProblem({
  status: 422,
  detail: "the language of the path is not valid",
  errors: [{ parameter: "language", code: "language_not_valid", detail: LanguageTag.expected }],
})

/** What the path of the words of a mail names. */
const nameOf = Effect.fnUntraced(function* (params: { readonly name: string; readonly language: string }) {
  const name = MailTexts.nameOf(params.name)
  if (name === undefined) return yield* noMail
  const language = LanguageTag.canonical(params.language)
  return language === undefined ? yield* notLanguage : { name, language }
})

const setText = Effect.fnUntraced(function* (
  request: HttpRequest,
  params: Parameters<typeof nameOf>[0],
  isPreview: boolean,
) {
  const { mailTexts } = yield* Ledger
  const { organization } = yield* CurrentKey
  const name = yield* nameOf(params)
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeText)
  if (isPreview) {
    const outcome = yield* mailTexts.preview(organization, name, fields)
    if (outcome._tag !== "Preview") return yield* CatalogChanges.answer<never>(outcome, String)
    const { html, subject, text } = outcome.mail
    return Answer.json(JSON.stringify(withPlaceholders({ ...name, isOwn: true, subject, text, html })))
  }
  const answering = { ...idempotency, answer: writeText }
  return yield* CatalogChanges.answer(yield* mailTexts.set(organization, name, fields, answering), writeText)
})

const removeText = Effect.fnUntraced(function* (request: HttpRequest, params: Parameters<typeof nameOf>[0]) {
  const { mailTexts } = yield* Ledger
  const { organization } = yield* CurrentKey
  const name = yield* nameOf(params)
  const answering = { ...(yield* CatalogChanges.withoutBody(request)), answer: writeText }
  const outcome: CatalogOutcome<MailTexts.ShownMailText> = yield* mailTexts.remove(organization, name, answering)
  return yield* CatalogChanges.answer(outcome, writeText)
})

/** The handlers of the group `emails`. */
export const layer = HttpApiBuilder.group(Api, "emails", (handlers) =>
  handlers
    .handle("listEmails", ({ query }) => Answer.respond(list(query)))
    .handleRaw("createEmail", ({ request }) => Answer.respond(create(request)))
    .handleRaw("updateEmail", ({ params, request }) => Answer.respond(rename(request, params.id)))
    .handle("deleteEmail", ({ params, request }) => Answer.respond(remove(request, params.id)))
    .handle("sendEmailCode", ({ params, request }) => Answer.respond(sendCode(request, params.id)))
    .handleRaw("verifyEmail", ({ params, request }) => Answer.respond(verify(request, params.id)))
    .handle("listMailTexts", () => Answer.respond(listTexts))
    .handleRaw("setMailText", ({ params, query, request }) =>
      Answer.respond(setText(request, params, query.preview === "true")),
    )
    .handle("deleteMailText", ({ params, request }) => Answer.respond(removeText(request, params))),
)
