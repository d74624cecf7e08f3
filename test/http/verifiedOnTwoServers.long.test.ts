/**
 * Law 6 over two real servers on one PostgreSQL: of all tries of a code, its link and an identity token, at both
 * servers at once, at most one shows identity, and none after five failures, which both servers count together.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type MailServer, startMailServer } from "../support/mailServer.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import * as Mails from "../support/requesterMails.ts"
import { type Answer, type Server, start } from "../support/server.ts"
import { asKey, asked, codesOf } from "./complianceRequests.ts"
import { makeSigner, publish, type Signer } from "./identityTokens.ts"
import { asVisitor, startWorldOn, visit, type Visitor } from "./world.ts"

const rounds = 10

let postgres: Postgres
let mail: MailServer
let servers: readonly [Server, Server]
let signer: Signer
beforeAll(async () => {
  postgres = await startPostgres(["-c", "fsync=off", "-c", "full_page_writes=off"])
  mail = await startMailServer()
  const database = await postgres.database()
  const settings = { ASSENT_SMTP_URL: mail.url, ASSENT_MAIL_FROM: "privacy@acme.example" }
  const limits = { ASSENT_RATE_LIMIT_KEY: "off", ASSENT_RATE_LIMIT_SESSION: "off" }
  const env = { ...settings, ...limits, ASSENT_PUBLIC_URL: Mails.publicUrl }
  const first = await startWorldOn(database, env)
  servers = [first, await start({ env: { ...env, ASSENT_STORE: database } })]
  signer = await makeSigner()
  expect((await publish(first, [signer.publicKey])).status).toBe(200)
})
afterAll(async () => {
  await Promise.all(servers?.map((server) => server.stop()) ?? [])
  await mail?.stop()
  await postgres?.stop()
})

/** A request that waits for identity, with what its mail holds. */
interface Begun {
  readonly visitor: Visitor
  readonly id: string
  readonly userEmail: string
  readonly code: string
  readonly path: string
}

let made = 0
const begun = async (): Promise<Begun> => {
  const [opening] = servers
  const userEmail = `two${made++}@example.com`
  const visitor = await visit(opening)
  const { id } = await asked(opening, visitor, { userEmail })
  const code = await Mails.next(mail, userEmail, Mails.codeIn)
  return { visitor, id, userEmail, code, path: await Mails.next(mail, userEmail, Mails.pathIn) }
}

const wrongOf = ({ code }: Begun): string => (code === "00000000" ? "11111111" : "00000000")

type Try = (server: Server, of: Begun) => Promise<Answer>

const verify =
  (bodyOf: (of: Begun) => object): Try =>
  (server, of) =>
    asVisitor(server, of.visitor, "POST", `compliance-requests/${of.id}/verify`, { json: bodyOf(of) })
const byCode = verify(({ code }) => ({ code }))
const byWrongCode = verify((of) => ({ code: wrongOf(of) }))
const byLink: Try = (server, { path }) => {
  const headers = { "content-type": "application/x-www-form-urlencoded" }
  return server.request("POST", path, { headers, body: "action=verify" })
}

/** Sends tries to both servers in turn, all at once. */
const atOnce = (of: Begun, tries: ReadonlyArray<Try>): Promise<ReadonlyArray<Answer>> =>
  Promise.all(tries.map((each, index) => each(servers[index % 2]!, of)))

const times = (count: number, each: Try): ReadonlyArray<Try> => Array.from({ length: count }, () => each)

/** The kinds of the facts about identity, in their order. */
const factsOf = async ({ id }: Begun): Promise<ReadonlyArray<string>> => {
  const query = `complianceRequestId=${id}&order=asc&limit=100&event=verified&event=verification_failed`
  const { json } = await asKey(servers[1], "GET", `compliance-requests-events?${query}`)
  return json.items.map(({ event }: { readonly event: string }) => event)
}

const successes = (answers: ReadonlyArray<Answer>): number => answers.filter(({ status }) => status === 200).length

describe("tries at two servers at once", () => {
  test("of a code: exactly one shows identity", async () => {
    for (let round = 0; round < rounds; round++) {
      const of = await begun()
      const answers = await atOnce(of, times(8, byCode))
      expect(successes(answers)).toBe(1)
      for (const answer of answers) if (answer.status !== 200) expect(codesOf(answer)).toEqual(["code_not_valid"])
      expect(await factsOf(of)).toEqual(["verified"])
    }
  })

  test("of a code, its link and an identity token: exactly one shows identity", async () => {
    for (let round = 0; round < rounds; round++) {
      const of = await begun()

      const token = await signer.token(of.userEmail)
      const byToken = verify(() => ({ token }))
      const answers = await atOnce(of, [byToken, byCode, byCode, byToken, byCode, byToken, byLink, byLink])
      // The link is good to follow the request once its mail has shown identity, so its answers do not count here.
      expect(successes(answers.slice(0, 6))).toBeLessThanOrEqual(1)
      expect((await factsOf(of)).filter((kind) => kind === "verified")).toEqual(["verified"])
    }
  })

  test("of a wrong code: five failures spend it, wherever they are made", async () => {
    for (let round = 0; round < rounds; round++) {
      const of = await begun()
      expect(successes(await atOnce(of, times(5, byWrongCode)))).toBe(0)
      expect(await factsOf(of)).toEqual(Array.from({ length: 5 }, () => "verification_failed"))
      expect(successes(await atOnce(of, times(2, byCode)))).toBe(0)
      expect((await atOnce(of, times(2, byLink))).map(({ status }) => status)).toEqual([404, 404])
    }
  })

  test("of a wrong code: four failures do not spend it", async () => {
    const of = await begun()
    await atOnce(of, times(4, byWrongCode))
    expect(successes(await atOnce(of, times(2, byCode)))).toBe(1)
  })

  test("of right and wrong codes: none shows identity after five failures", async () => {
    for (let round = 0; round < rounds; round++) {
      const of = await begun()
      const mixed = [...times(3, byWrongCode), byCode, ...times(3, byWrongCode), byCode, ...times(3, byWrongCode)]
      const answers = await atOnce(of, mixed)
      expect(successes(answers)).toBeLessThanOrEqual(1)
      const facts = await factsOf(of)
      const before = facts.indexOf("verified")
      expect(facts.filter((kind) => kind === "verified")).toHaveLength(successes(answers))
      expect(before === -1 ? facts.length : 5 - before).toBeGreaterThanOrEqual(1)
      if (before === -1) expect(facts.length).toBeGreaterThanOrEqual(5)
    }
  })
})
