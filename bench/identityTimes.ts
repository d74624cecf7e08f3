/**
 * Measures what the time of an answer tells of an address: the same requests of visitors, one after the other over one
 * connection, for an address that the ledger knows and for one that it does not, and for requests that are there and
 * that are not. `npm run bench -- identity [requests of each]`, by default 300.
 *
 * Of two sets of times it prints the medians, their ratio, and how far the distributions overlap: 1 less the largest
 * distance of their cumulative shares (Kolmogorov and Smirnov). Two sets of the same distribution overlap by about the
 * share that is printed with them.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type MailServer, startMailServer } from "../test/support/mailServer.ts"
import * as Http from "./http.ts"

/** Two classes whose times are compared. */
type Pair<Value> = readonly [first: Value, second: Value]

const median = (times: ReadonlyArray<number>): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN

/** How far two sets of times overlap, from 0 to 1. */
export const overlap = (first: ReadonlyArray<number>, second: ReadonlyArray<number>): number => {
  const shareBelow = (times: ReadonlyArray<number>, limit: number) =>
    times.filter((time) => time <= limit).length / times.length
  const distances = [...first, ...second].map((time) => Math.abs(shareBelow(first, time) - shareBelow(second, time)))
  return 1 - Math.max(...distances)
}

/** The overlap that 19 of 20 pairs of sets of one distribution exceed. */
const usual = (count: number): number => 1 - 1.36 * Math.sqrt(2 / count)

interface World extends Http.Demo {
  readonly mail: MailServer
}

const json = { "content-type": "application/json", origin: "http://localhost" }

/** Sends a request, and returns its time in milliseconds, with the answer. */
const timed = async (url: string, init: RequestInit, expected: number) => {
  const started = performance.now()
  const answer = await fetch(url, init)
  const text = await answer.text()
  const millis = performance.now() - started
  if (answer.status !== expected) throw new Error(`${url} was answered ${answer.status}: ${text}`)
  return { millis, text }
}

/** Measures both classes in turn, in an order that changes. */
const inTurns = async (count: number, measure: (which: 0 | 1, index: number) => Promise<number>) => {
  const times: Pair<Array<number>> = [[], []]
  for (let index = 0; index < count; index++) {
    const [first, second] = index % 4 === 0 || index % 4 === 3 ? ([0, 1] as const) : ([1, 0] as const)
    for (const which of [first, second]) times[which].push(await measure(which, index))
  }
  return times
}

const print = (name: string, [first, second]: Pair<ReadonlyArray<number>>): void => {
  const [one, other] = [median(first), median(second)]
  const share = overlap(first, second)
  const medians = `${one.toFixed(2)} ms, ${other.toFixed(2)} ms`.padStart(22)
  const ratio = `${(one / other).toFixed(3)} ×`.padStart(10)
  console.log(`  ${name.padEnd(58)}${medians}${ratio}${`${(100 * share).toFixed(0)} % overlap`.padStart(15)}`)
}

/** A request that a visitor has opened. */
interface Opened {
  readonly id: string
  readonly session: string
  readonly email: string
}

const visit = async ({ project, url }: World): Promise<string> => {
  const { text } = await timed(`${url}/site-v1/${project}/session`, { method: "POST", headers: json, body: "{}" }, 201)
  return JSON.parse(text).session
}

const post = ({ project, url }: World, session: string, path: string, body: object, expected: number) => {
  const headers = { ...json, "x-session": session }
  const init = { method: "POST", headers, body: JSON.stringify(body) }
  return timed(`${url}/site-v1/${project}/compliance-requests${path}`, init, expected)
}

/** Records an answer of an address, so that the ledger knows it. */
const makeKnown = ({ apiKey, consentType, organization, project, url }: World, emails: ReadonlyArray<string>) => {
  const said = { consentType, consentState: "viewed", consentAction: "import" }
  const body = JSON.stringify({ items: emails.map((email) => ({ ...said, email })) })
  const path = `${url}/privacy-v1/organizations/${organization}/projects/${project}/consent-events`
  return timed(path, { method: "POST", headers: { ...json, "x-api-key": apiKey }, body }, 201)
}

type EmailOf = (which: 0 | 1, index: number) => string

const emailOf: EmailOf = (which, index) => `${which === 0 ? "known" : "unknown"}-${index}@example.com`

/** Opens requests for both classes. */
const openAll = async (world: World, count: number, emailOf: EmailOf) => {
  const opened: Pair<Array<Opened>> = [[], []]
  const captureUrl = "http://localhost/privacy"
  const times = await inTurns(count, async (which, index) => {
    const [email, session] = [emailOf(which, index), await visit(world)]
    const body = { request: "view", captureUrl, userEmail: email }
    const { millis, text } = await post(world, session, "", body, 201)
    opened[which].push({ email, session, id: JSON.parse(text).id })
    return millis
  })
  return { opened, times }
}

const nobody = "0197afff-ffff-7fff-8fff-ffffffffffff"

const measure = async (world: World, count: number): Promise<void> => {
  await makeKnown(
    world,
    Array.from({ length: count }, (_, index) => emailOf(0, index)),
  )
  // The first requests of a process take longer.
  await openAll(world, 20, (which, index) => `first-${emailOf(which, index)}`)
  const { opened, times } = await openAll(world, count, emailOf)
  console.log(`\nTimes of answers, ${count} of each (${(100 * usual(count)).toFixed(0)} % overlap or more is usual)`)
  print("opening a request: a known address, an unknown one", times)
  const of = (which: 0 | 1, index: number) => opened[which][index]!
  const wrong = { code: "00000000" }
  const verify = (session: string, id: string) => post(world, session, `/${id}/verify`, wrong, 422)
  const byWrong = (which: 0 | 1, index: number) => verify(of(which, index).session, of(which, index).id)
  const millisOf = async (sent: Promise<{ readonly millis: number }>) => (await sent).millis
  print(
    "a wrong code: of a known address, of an unknown one",
    await inTurns(count, (which, index) => millisOf(byWrong(which, index))),
  )
  print(
    "a code of no own request: one that is there, one that is not",
    await inTurns(count, (which, index) =>
      millisOf(verify(of(1, index).session, which === 0 ? of(0, index).id : nobody)),
    ),
  )
  await world.mail.until(() => world.mail.mails.length >= 2 * count)
  // A code is sent once a minute.
  await new Promise((resolve) => setTimeout(resolve, 61_000))
  const send = (session: string, id: string) => millisOf(post(world, session, `/${id}/verification`, {}, 202))
  print(
    "asking for a code: of a known address, of an unknown one",
    await inTurns(count, (which, index) => send(of(which, index).session, of(which, index).id)),
  )
  print(
    "asking for a code of no own request: there, not there",
    await inTurns(count, (which, index) => send(of(1, index).session, which === 0 ? of(0, index).id : nobody)),
  )
}

/** Runs and prints the measurements. */
export const run = async (sizes: ReadonlyArray<number>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "assent-bench-"))
  const mail = await startMailServer()
  const settings = { ASSENT_SMTP_URL: mail.url, ASSENT_MAIL_FROM: "privacy@acme.example" }
  const demo = await Http.start(folder, { ...settings, ASSENT_PUBLIC_URL: "https://privacy.example" })
  try {
    await measure({ ...demo, mail }, sizes[0] ?? 300)
  } catch (error) {
    console.error(demo.log())
    throw error
  } finally {
    await demo.stop()
    await mail.stop()
    rmSync(folder, { recursive: true })
  }
}
