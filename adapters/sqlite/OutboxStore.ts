/**
 * The outbox of the store: reads on the main thread, claims through the writer. Other writes come with the changes of
 * compliance requests.
 */
import type { DatabaseSync, SQLInputValue } from "node:sqlite"
import { Effect } from "effect"
import type { MailState } from "../../core/compliance/MailState.ts"
import * as Lane from "../../core/model/Lane.ts"
import { laneOf } from "../../core/ports/ComplianceStore.ts"
import type * as Port from "../../core/ports/OutboxStore.ts"
import type { Write } from "./GroupCommit.ts"
import { inSnapshot, prepareArrays, read } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

const listedColumns = `o.lane, o.mail, o.request, o.template, o.state, o.tries, o.created_at, o.due_at, o.ends_at,
  o.recipient_hash, o.outcome, o.ended_at`

type Bytes = Uint8Array | null

type ListedColumns = readonly [
  lane: number,
  mail: Uint8Array,
  request: Uint8Array,
  template: string,
  state: MailState,
  tries: number,
  createdAt: number,
  dueAt: number,
  endsAt: number,
  recipientHash: Bytes,
  outcome: string | null,
  endedAt: number | null,
]

type StoredColumns = readonly [...ListedColumns, nonce: Bytes, encrypted: Bytes, epoch: number | null, wrapped: Bytes]

const toListed = (row: ListedColumns | StoredColumns): Port.ListedMail => {
  const [lane, mail, request, template, state, tries, createdAt, dueAt, endsAt, recipientHash, outcome, endedAt] = row
  return {
    lane,
    id: Uuid.fromBytes(mail),
    request: Uuid.fromBytes(request),
    template,
    state,
    tries,
    createdAt,
    dueAt,
    endsAt,
    ...(recipientHash !== null && { recipientHash: Uuid.toHex(recipientHash) }),
    ...(outcome !== null && { outcome }),
    ...(endedAt !== null && { endedAt }),
  }
}

const toStored = (row: StoredColumns): Port.StoredMail => {
  const [nonce, encrypted, epoch, wrapped] = row.slice(12) as unknown as readonly [Bytes, Bytes, number | null, Bytes]
  return {
    ...toListed(row),
    ...(nonce !== null && encrypted !== null && { sealed: { nonce, encrypted } }),
    ...(epoch !== null && wrapped !== null && { key: { epoch, wrapped } }),
  }
}

const prepareMail = (db: DatabaseSync) => {
  const select = prepareArrays(
    db,
    `SELECT ${listedColumns}, o.nonce, o.encrypted, k.epoch, k.wrapped FROM outbox o
     LEFT JOIN request_key k ON k.lane = o.lane AND k.request = o.request WHERE o.lane = ? AND o.mail = ?`,
  )
  const selectLanes = db.prepare("SELECT lane FROM outbox WHERE mail = ?")
  const at = (lane: number, id: string): Port.StoredMail | undefined => {
    const row: unknown = select.get(lane, Uuid.toBytes(id))
    return row === undefined ? undefined : toStored(row as StoredColumns)
  }
  const of = (projects: ReadonlyArray<Lane.Owner>, id: string): Port.StoredMail | undefined => {
    const ranges = projects.map(Lane.range)
    const lane = selectLanes
      .all(Uuid.toBytes(id))
      .map((row) => Number(row["lane"]))
      .find((each) => ranges.some(([first, last]) => first <= each && each <= last))
    return lane === undefined ? undefined : at(lane, id)
  }
  return { at, of }
}

const newestFirst = (a: Port.ListedMail, b: Port.ListedMail): number =>
  b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)

/** Each lane gives the newest of its mails, in the order of an index. */
const list = (
  db: DatabaseSync,
  projects: ReadonlyArray<Lane.Owner>,
  { request, state }: Port.MailFilter,
  after: Pick<Port.ListedMail, "createdAt" | "id"> | undefined,
  limit: number,
): ReadonlyArray<Port.ListedMail> => {
  const conditions: ReadonlyArray<readonly [string, ...ReadonlyArray<SQLInputValue>]> = [
    // Written out, so that the index of those that failed serves.
    ...(state === undefined ? [] : [[`o.state = '${state}'`] as const]),
    ...(request === undefined ? [] : [["o.request = ?", Uuid.toBytes(request)] as const]),
    ...(after === undefined
      ? []
      : [["(o.created_at, o.mail) < (?, ?)", after.createdAt, Uuid.toBytes(after.id)] as const]),
  ]
  const where = ["o.lane = ?", ...conditions.map(([sql]) => sql)].join(" AND ")
  const statement = prepareArrays(
    db,
    `SELECT ${listedColumns} FROM outbox o WHERE ${where} ORDER BY o.created_at DESC, o.mail DESC LIMIT ?`,
  )
  const values = conditions.flatMap(([, ...given]) => given)
  const lanes = projects.flatMap((each) => (request === undefined ? Lane.all(each) : [laneOf(each, request)]))
  return inSnapshot(db, () =>
    lanes.flatMap((lane) => {
      const rows: ReadonlyArray<unknown> = statement.all(lane, ...values, limit)
      return rows.map((row) => toListed(row as ListedColumns))
    }),
  )
    .toSorted(newestFirst)
    .slice(0, limit)
}

const prepareCounts = (db: DatabaseSync) => {
  const inLanes = "lane IN (SELECT value FROM json_each(?))"
  const ofTemplate = db.prepare(
    `SELECT count(*) AS n FROM outbox WHERE ${inLanes} AND created_at >= ? AND template = ?`,
  )
  const ofRecipient = db.prepare(
    `SELECT count(*) AS n FROM outbox WHERE ${inLanes} AND recipient_hash = ? AND created_at >= ? AND template = ?`,
  )
  const prepareOf = (isOfChannel: string) => ({
    waiting: db.prepare(
      `SELECT count(*) AS n, min(created_at) AS oldest FROM outbox WHERE state = 'waiting' AND ${isOfChannel}`,
    ),
    failed: db.prepare(`SELECT count(*) AS n FROM outbox WHERE state = 'failed' AND ${isOfChannel}`),
  })
  const channels = { mail: prepareOf("template <> 'task'"), task: prepareOf("template = 'task'") }
  return {
    since: (
      project: Lane.Owner,
      { recipientHash, template }: Parameters<Port.OutboxStore["countSince"]>[1],
      at: number,
    ) => {
      const lanes = JSON.stringify(Lane.all(project))
      const row =
        recipientHash === undefined
          ? ofTemplate.get(lanes, at, template)
          : ofRecipient.get(lanes, Uuid.toBytes(recipientHash), at, template)
      return Number(row?.["n"])
    },
    all: (channel: Port.OutboxChannel): Port.MailCounts =>
      inSnapshot(db, () => {
        const { failed, waiting } = channels[channel]
        const { n, oldest } = waiting.get()!
        return {
          waiting: Number(n),
          ...(typeof oldest === "number" && { oldestAt: oldest }),
          failed: Number(failed.get()!["n"]),
        }
      }),
  }
}

/** Prepares the statements. */
export const make = (db: DatabaseSync, write: Write): Port.OutboxStore => {
  const mail = prepareMail(db)
  const counts = prepareCounts(db)
  return {
    claim: (channel, now, until, limit) =>
      Effect.flatMap(write("claimMails", { channel, now, until, limit }), (places) =>
        // One that was cancelled since is not to be sent.
        read(() =>
          places.flatMap(({ id, lane }) => mail.at(lane, id) ?? []).filter(({ state }) => state === "waiting"),
        ),
      ),
    postpone: (seen, to) => write("postponeMail", { mail: seen, to }),
    list: (projects, filter, after, limit) => read(() => list(db, projects, filter, after, limit)),
    mail: (projects, id) => read(() => mail.of(projects, id)),
    countSince: (project, of, since) => read(() => counts.since(project, of, since)),
    counts: (channel) => read(() => counts.all(channel)),
  }
}
