/** A mail server over real sockets, which takes mails, or refuses them, as a test wants. */
import type { AddressInfo } from "node:net"
import PostalMime, { type Email } from "postal-mime"
import { SMTPServer, type SMTPServerOptions } from "smtp-server"

/** A mail that was taken. */
export interface Mail {
  readonly from: string
  readonly to: ReadonlyArray<string>
  /** The bytes after DATA, as text. */
  readonly raw: string
  readonly parsed: Email
}

/** Refuses with a reply; `undefined`: takes it. */
export type Refusal = number | undefined

/** A running mail server. */
export interface MailServer {
  readonly port: number
  readonly url: string
  /** Every mail that was taken, in order. */
  readonly mails: ReadonlyArray<Mail>
  /** The number of connections that are open now, and the most that were at once. */
  readonly connections: () => { readonly open: number; readonly most: number }
  /** What happens to the steps of mails from now on. */
  readonly behave: (behaviour: {
    readonly from?: () => Refusal
    readonly to?: (address: string) => Refusal
    readonly data?: (mail: Mail) => Refusal | Promise<Refusal>
  }) => void
  /** Waits until a condition holds; it is asked after each mail. */
  readonly until: (isTrue: () => boolean) => Promise<void>
  readonly stop: () => Promise<void>
}

const refusal = (code: Refusal): Error | null =>
  code === undefined ? null : Object.assign(new Error("no, jo@example.com"), { responseCode: code })

const bytesOf = async (stream: AsyncIterable<Buffer>): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Starts a mail server on 127.0.0.1. Without options it offers neither TLS nor AUTH. */
export const startMailServer = async (options: SMTPServerOptions = {}, port = 0): Promise<MailServer> => {
  const mails: Array<Mail> = []
  const waiting = new Set<() => void>()
  let behaviour: Parameters<MailServer["behave"]>[0] = {}
  let open = 0
  let most = 0
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS", "AUTH"],
    disableReverseLookup: true,
    closeTimeout: 20,
    logger: false,
    onConnect: (_session, done) => {
      open++
      most = Math.max(most, open)
      done()
    },
    onClose: () => {
      open--
    },
    onMailFrom: (_address, _session, done) => done(refusal(behaviour.from?.())),
    onRcptTo: ({ address }, _session, done) => done(refusal(behaviour.to?.(address))),
    onData: (stream, { envelope }, done) => {
      const take = async () => {
        const bytes = await bytesOf(stream)
        const mail = {
          from: envelope.mailFrom === false ? "" : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address),
          raw: bytes.toString("latin1"),
          parsed: await PostalMime.parse(bytes),
        }
        const code = await behaviour.data?.(mail)
        if (code === undefined) mails.push(mail)
        done(refusal(code))
        for (const look of waiting) look()
      }
      // A connection that ends before the mail has no mail.
      take().catch(done)
    },
    ...options,
  })
  server.on("error", () => {})
  await new Promise<void>((resolve) => void server.listen(port, "127.0.0.1", resolve))
  const listening = (server.server.address() as AddressInfo).port
  return {
    port: listening,
    url: `smtp://127.0.0.1:${listening}`,
    mails,
    connections: () => ({ open, most }),
    behave: (next) => {
      behaviour = next
    },
    until: (isTrue) =>
      new Promise((resolve) => {
        const look = () => {
          if (!isTrue()) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
