/* oxlint-disable no-explicit-any -- docs/http.md has the members of each change */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"

const { LEDGER = "http://127.0.0.1:4000", ORG, PROJECT, API_KEY = "", NEWSLETTER, STATE = "./mail.json" } = process.env
const changes = `${LEDGER}/privacy-v1/organizations/${ORG}/projects/${PROJECT}/changes`

// What it knows, and how far it has read: in one file, which is replaced at once.
const known = existsSync(STATE) ? JSON.parse(readFileSync(STATE, "utf8")) : { mark: "start", joined: {}, permitted: {} }
let knowsUntil = 0

// The person that an id counts as: joined people have one answer.
const personOf = (id: string): string => (known.joined[id] === undefined ? id : personOf(known.joined[id]))

const obey = ({ concordId, consentType, decision, member, members, survivor, type }: any) => {
  const before = personOf(member)
  if (type === "person.joined") known.joined[member] = survivor
  if (type === "person.undone") delete known.joined[member]
  if (type === "person.undone") known.permitted[member] = known.permitted[before]
  if (type === "person.erased") for (const id of members) delete known.permitted[id]
  if (consentType === NEWSLETTER && decision) known.permitted[personOf(concordId)] = decision.permitted
}

const read = async () => {
  const query = new URLSearchParams({ after: known.mark, wait: "20", include: "decision" })
  const options = { headers: { "x-api-key": API_KEY }, signal: AbortSignal.timeout(30_000) }
  const answer = await fetch(`${changes}?${query}`, options)
  if (!answer.ok) throw new Error(`the changes were answered ${answer.status}: ${await answer.text()}`)
  const { isCurrent, items, mark }: any = await answer.json()
  items.forEach(obey)
  writeFileSync(`${STATE}.new`, JSON.stringify(Object.assign(known, { mark })), { flush: true })
  renameSync(`${STATE}.new`, STATE)
  if (isCurrent) knowsUntil = Date.now() + 30_000
}

// Asked before each mail: 200 if the person may get it, 403 if not, 503 while the last changes are not known.
const status = (id: string) => (Date.now() > knowsUntil ? 503 : known.permitted[personOf(id)] === true ? 200 : 403)
const server = createServer(({ url = "/" }, answer) => answer.writeHead(status(url.slice(1))).end())
server.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => console.log(JSON.stringify(server.address())))
for (;;) await read().catch((error) => (console.error(error.message), new Promise((again) => setTimeout(again, 1000))))
