/** What the mails of a compliance request hold for its requester: the code, and the link to its page. */
import type { Mail, MailServer } from "./mailServer.ts"

/** The address under which requesters reach the server, in links of mails. */
export const publicUrl = "https://privacy.example"

/** The mails to an address, in order. */
export const mailsTo = ({ mails }: Pick<MailServer, "mails">, address: string): ReadonlyArray<Mail> =>
  mails.filter(({ to }) => to.includes(address))

/** The code of a mail. */
export const codeIn = ({ parsed }: Mail): string | undefined => /\b\d{8}\b/.exec(parsed.text ?? "")?.[0]

/** The path of the page that a mail links to. */
export const pathIn = ({ parsed }: Mail): string | undefined =>
  /https:\/\/privacy\.example(\/\S+)/.exec(parsed.text ?? "")?.[1]

/** Waits for the next mail to an address that has something, and answers that. */
export const next = async <Found>(
  server: MailServer,
  address: string,
  find: (mail: Mail) => Found | undefined,
  after = 0,
): Promise<Found> => {
  const found = () =>
    mailsTo(server, address)
      .slice(after)
      .flatMap((mail) => find(mail) ?? [])
  await server.until(() => found().length > 0)
  return found().at(-1)!
}
