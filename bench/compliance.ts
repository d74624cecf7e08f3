/**
 * Measures compliance requests on a SQLite file: `npm run bench -- compliance [requests …]`, by default with 1,000 and
 * 100,000 requests.
 *
 * Opening and verifying are compared with the recording of an event, pages with the first page, an idle poll of the
 * outbox with one of an empty outbox, and sending with the mail transport alone.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Clock, Context, Effect, Layer, Option } from "effect"
import * as SmtpServer from "../adapters/mail/SmtpServer.ts"
import * as SmtpTransport from "../adapters/mail/SmtpTransport.ts"
import * as SqliteStore from "../adapters/sqlite/SqliteStore.ts"
import * as Crypto from "../apps/Crypto.ts"
import type { RequestQuery } from "../core/compliance-requests/ComplianceReading.ts"
import * as LedgerContext from "../core/ledger/LedgerContext.ts"
import * as MailSettings from "../core/ledger/MailSettings.ts"
import * as Ledger from "../core/Ledger.ts"
import * as RenderedMail from "../core/mail/RenderedMail.ts"
import { LedgerStore } from "../core/ports/LedgerStore.ts"
import { MailTransport } from "../core/ports/MailTransport.ts"
import type { Session } from "../core/ports/SessionStore.ts"
import * as TestKeys from "../test/support/keys.ts"
import * as MailReceiver from "./mailReceiver.ts"
import * as Measure from "./measure.ts"

const clients = 32

/** Fewer than the codes that a project may send in an hour. */
const verified = 500
const mails = 1000

const sender = { from: { address: "privacy@example.com" } }

/** Opens a ledger with the demonstration's project. */
const open = (path: string) =>
  Effect.gen(function* () {
    const services = Layer.mergeAll(SqliteStore.layer(path), Crypto.layer, TestKeys.layer)
    const opened = yield* Layer.build(Layer.provideMerge(Ledger.layer, services))
    const ledger = Context.get(opened, Ledger.Ledger)
    yield* ledger.found
    const [id] = (yield* ledger.catalog).projects.keys()
    const scope = Option.getOrThrow(yield* ledger.projectScope(id!))
    const context = yield* Effect.provide(LedgerContext.make, opened)
    return { ledger, scope, store: Context.get(opened, LedgerStore), context }
  }).pipe(Effect.provideService(MailSettings.Current, sender))

type Opened = Effect.Success<ReturnType<typeof open>>

const openedBy = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" } as const

let last = 0

/** Opens requests with a key, in one write. */
const fill = ({ ledger, scope }: Opened, count: number) =>
  ledger.compliance.open(scope, {
    opener: openedBy,
    items: Array.from({ length: count }, () => ({
      request: "view" as const,
      user: { email: `person-${++last}@example.com`, firstName: "Ada" },
      requestDetails: `please show me everything, ${last}`,
    })),
  })

const record = ({ ledger, scope }: Opened) => {
  const [consentType] = scope.types.all
  const item = {
    person: { userId: `user-${++last}` },
    consentType: consentType!.id,
    consentState: "declined" as const,
    consentAction: "user_click" as const,
  }
  return ledger.record({ ...scope, submitter: "bench", items: [item] })
}

/** A request of a visitor that was mailed a code. */
interface Pending {
  readonly id: string
  readonly session: Session
  readonly code: string
}

/** Opens requests of visitors, and reads the codes of their mails. */
const openPending = Effect.fnUntraced(function* ({ context, ledger, scope, store }: Opened, count: number) {
  const sessions = new Map<string, Session>()
  for (let n = 0; n < count; n++) {
    const visitor = yield* ledger.openSession({ ...scope, ipAddress: "", domain: "localhost" })
    if (visitor._tag !== "Opened") return yield* Effect.die(new Error(visitor._tag))
    const items = [{ request: "view" as const, user: { email: `visitor-${++last}@example.com` } }]
    const outcome = yield* ledger.compliance.open(scope, {
      opener: { _tag: "Visitor", session: visitor.session },
      items,
    })
    if (outcome._tag !== "Opened") return yield* Effect.die(new Error(outcome._tag))
    sessions.set(outcome.requests[0]!.id, visitor.session)
  }
  const all = yield* store.outbox.list([scope.project], { state: "waiting" }, undefined, 4 * count)
  const codes = all.filter(({ request, template }) => template === "verification" && sessions.has(request))
  return yield* Effect.forEach(codes, ({ id, request }) =>
    Effect.gen(function* () {
      const { key, lane, sealed } = (yield* store.outbox.mail([scope.project], id))!
      const mail = yield* RenderedMail.open({ lane, request, mail: id }, sealed!, key!, context)
      const pending: Pending = { id: request, session: sessions.get(request)!, code: /\b\d{8}\b/.exec(mail!.text)![0] }
      return pending
    }),
  )
})

const verifyAll = ({ ledger, scope }: Opened, pending: ReadonlyArray<Pending>) =>
  Effect.forEach(
    pending,
    Effect.fnUntraced(function* ({ code, id, session }) {
      const { _tag } = yield* ledger.compliance.verifyByCode(scope, id, session, code, undefined)
      if (_tag !== "Verified") return yield* Effect.die(new Error(_tag))
    }),
    { concurrency: clients },
  )

const opening = (path: string) =>
  Effect.gen(function* () {
    const opened = yield* open(path)
    const rates = yield* Measure.compareEffects({
      "events recorded, one each, by 32 clients": Measure.concurrently(clients, Effect.as(record(opened), 1)),
      "requests opened, one each": Measure.concurrently(clients, Effect.as(fill(opened, 1), 1)),
      "requests opened, 100 each": Measure.concurrently(4, Effect.as(fill(opened, 100), 100)),
    })
    const pending = yield* openPending(opened, verified)
    const started = performance.now()
    yield* verifyAll(opened, pending)
    const perSecond = (pending.length * 1000) / (performance.now() - started)
    return [...rates, { name: "requests verified by a code", perSecond }]
  }).pipe(Effect.scoped)

/** The best of several durations, in milliseconds. */
const millis = Effect.fnUntraced(function* <A, E>(effect: Effect.Effect<A, E>) {
  let best = Infinity
  for (let round = 0; round < 5; round++) {
    const started = performance.now()
    yield* effect
    best = Math.min(best, performance.now() - started)
  }
  return best
})

const printMillis = (name: string, figure: number, limit: number, aim: string) =>
  console.log(
    `  ${name.padEnd(44)}${figure.toFixed(2).padStart(12)} ms ${(figure / limit).toFixed(1).padStart(7)} × (aim: ${aim})`,
  )

/** Pages of a list, and polls of the outbox, of which no mail is due. */
const lists = (path: string, count: number) =>
  Effect.gen(function* () {
    const opened = yield* open(path)
    const { ledger, scope, store } = opened
    const poll = store.outbox.claim("mail", 0, 1, 10)
    const empty = yield* millis(poll)
    for (let done = 0; done < count; done += 100) yield* fill(opened, Math.min(100, count - done))
    const { waiting } = yield* store.outbox.counts("mail")
    const page = Effect.fnUntraced(function* (query: RequestQuery) {
      const listed = yield* ledger.compliance.list(scope.organization, [scope.project], "bench", query)
      return listed._tag === "Listed" ? listed : yield* Effect.die(new Error(listed._tag))
    })
    let cursor: string | undefined
    let deepest: string | undefined
    do {
      deepest = cursor
      cursor = (yield* page({ limit: 1000, ...(cursor !== undefined && { cursor }) })).nextCursor
    } while (cursor !== undefined)
    const small = { limit: 100, sort: "requestDate" as const }
    const first = yield* millis(page({ limit: 1000 }))
    console.log(`\n${count.toLocaleString("en")} requests, ${waiting.toLocaleString("en")} mails that wait`)
    printMillis("first page of 1,000: the limit", first, first, "-")
    if (deepest !== undefined)
      printMillis(
        "deepest page by cursor, of at most 1,000",
        yield* millis(page({ limit: 1000, cursor: deepest })),
        first,
        "2 ×",
      )
    printMillis("first page of 100", yield* millis(page(small)), first, "1 ×")
    const rare = `person-${last}@`
    printMillis("pages whose address contains a text", yield* millis(page({ ...small, userEmail: rare })), first, "-")
    printMillis("idle poll of the outbox, of an empty one", yield* millis(poll), empty, "3 ×")
    printMillis("mails counted for the metrics", yield* millis(store.outbox.counts("mail")), empty, "-")
  }).pipe(Effect.scoped)

/** Mails a second, of the transport alone and of the outbox. */
const sending = (path: string, receiver: MailReceiver.Receiver) =>
  Effect.gen(function* () {
    const opened = yield* open(path)
    const built = yield* Layer.build(SmtpTransport.layer(SmtpServer.parse(receiver.url)!))
    const transport = Context.get(built, MailTransport)
    const mail = {
      from: sender.from,
      to: "person@example.com",
      subject: "Your request",
      text: "We have received your request.",
      html: "<p>We have received your request.</p>",
      language: "en",
      date: new Date(yield* Clock.currentTimeMillis),
    }
    const rateOf = Effect.fnUntraced(function* <R>(name: string, send: Effect.Effect<unknown, unknown, R>) {
      const before = receiver.received()
      const started = performance.now()
      yield* send
      yield* Effect.promise(() => receiver.until(before + mails))
      return { name, perSecond: (mails * 1000) / (performance.now() - started) }
    })
    const alone = yield* rateOf(
      "the mail transport alone, 10 at a time",
      Effect.forEach(
        Array.from({ length: mails }, (_, n) => n),
        (n) => transport.send({ ...mail, messageId: `${n}@example.com` }),
        { concurrency: 10 },
      ),
    )
    for (let done = 0; done < mails; done += 100) yield* fill(opened, 100)
    return [alone, yield* rateOf("the outbox", Effect.forkScoped(opened.ledger.mails.run({ transport })))]
  }).pipe(Effect.scoped)

/** Runs and prints the measurements. */
export const run = async (sizes: ReadonlyArray<number>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "assent-bench-"))
  const path = (name: string) => join(folder, `${name}.db`)
  const receiver = await MailReceiver.start()
  try {
    const aims = { "requests opened, one each": 25, "requests verified by a code": 15 }
    Measure.print("Compliance requests", await Effect.runPromise(opening(path("opening"))), aims)
    for (const count of sizes.length > 0 ? sizes : [1_000, 100_000]) {
      await Effect.runPromise(lists(path(`lists-${count}`), count))
    }
    const rates = await Effect.runPromise(sending(path("sending"), receiver))
    Measure.print("Mails to a mail server on this machine", rates, { "the outbox": 50 })
  } finally {
    receiver.stop()
    rmSync(folder, { recursive: true })
  }
}
