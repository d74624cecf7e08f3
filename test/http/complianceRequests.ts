/** Requests about compliance requests of the shop, for tests. */
import { DatabaseSync } from "node:sqlite"
import { expect } from "vitest"
import type { Project } from "../../core/model/Catalog.ts"
import type { Answer, Sent, Server } from "../support/server.ts"
import { asOwner, asVisitor, privacy, shop, type Visitor } from "./world.ts"

/** The data system of the ledger itself. */
export const ledgerTask = "3ef4a9fc-f815-55fb-8679-2ae845ff758e"

/** A page of the shop. */
export const captureUrl = `https://${shop.domains[0]}/privacy`

/** Sends a request with a key; an owner's unless another one is given. */
export const asKey = (
  server: Server,
  method: string,
  path: string,
  { headers, ...sent }: Sent = {},
  of: Project = shop,
): Promise<Answer> => server.request(method, `${privacy(of)}/${path}`, { ...sent, headers: { ...asOwner, ...headers } })

/** Opens requests with a key. */
export const open = (server: Server, items: ReadonlyArray<unknown>, sent: Sent = {}, of: Project = shop) =>
  asKey(server, "POST", "compliance-requests", { ...sent, json: { items } }, of)

/** Opens a request with a key, and answers it. */
export const opened = async (server: Server, item: object = {}, of: Project = shop) => {
  const answer = await open(server, [{ request: "view", user: { email: "jo@example.com" }, ...item }], {}, of)
  expect(answer.status, answer.text).toBe(201)
  return answer.json.items[0]
}

/** Changes a request with a key. */
export const work = (server: Server, id: string, json: object, sent: Sent = {}) =>
  asKey(server, "PATCH", `compliance-requests/${id}`, { ...sent, json })

/** Changes a request, and answers it. */
export const worked = async (server: Server, id: string, json: object) => {
  const answer = await work(server, id, json)
  expect(answer.status, answer.text).toBe(200)
  return answer.json
}

/** Opens a request with a session. */
export const ask = (server: Server, visitor: Pick<Visitor, "session">, json: object = {}, sent: Sent = {}) =>
  asVisitor(server, visitor, "POST", "compliance-requests", {
    ...sent,
    json: { request: "view", captureUrl, userEmail: "jo@example.com", ...json },
  })

/** Opens a request with a session, and answers it. */
export const asked = async (server: Server, visitor: Pick<Visitor, "session">, json: object = {}) => {
  const answer = await ask(server, visitor, json)
  expect(answer.status, answer.text).toBe(201)
  return answer.json
}

/** The id of the first mail of a request, from the outbox of a server on SQLite: no answer names one that waits. */
export const mailOf = ({ file }: Pick<Server, "file">, request: string): string => {
  const db = new DatabaseSync(file, { readOnly: true })
  const select = db.prepare("SELECT lower(hex(mail)) AS mail FROM outbox WHERE lower(hex(request)) = ? ORDER BY mail")
  const row = select.get(request.replaceAll("-", ""))
  db.close()
  return String(row?.["mail"]).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
}

/** The codes of a refusal. */
export const codesOf = ({ json }: Answer): ReadonlyArray<string> =>
  (json.errors ?? []).map(({ code }: { readonly code: string }) => code)

/** An answer without what differs by itself: ids, instants, and the instance of an error. */
export const told = ({ headers, status, text }: Answer): ReadonlyArray<unknown> => [
  status,
  text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID")
    .replaceAll(/"externalId":"[0-9a-f]{64}"/g, "EXTERNAL ID")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "INSTANT")
    .replaceAll(/\b\d{13}\b/g, "MILLIS"),
  Object.keys(headers).toSorted(),
  headers["cache-control"],
]
