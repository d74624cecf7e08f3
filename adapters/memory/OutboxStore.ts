/**
 * The outbox of the store in memory.
 */
import { Effect } from "effect"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Owner } from "../../core/model/Lane.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { RequestKey } from "../../core/ports/ComplianceStore.ts"
import * as Port from "../../core/ports/OutboxStore.ts"

/** The mails, with what changes of requests write of them. */
export interface Outbox {
  readonly store: (keyOf: (lane: number, request: string) => RequestKey | undefined) => Port.OutboxStore
  /** Whether a mail of a change is not as it was seen. */
  readonly isStale: (lane: number, request: string, changes: Port.MailChanges | undefined) => boolean
  readonly keep: (lane: number, request: string, changes: Port.MailChanges | undefined, at: Instant) => void
  /** Cancels the mails of a request that wait, and removes what is encrypted and the recipient hash of all. */
  readonly removeOf: (lane: number, request: string, at: Instant) => void
}

type Mail = Omit<Port.StoredMail, "key">

const keyOfMail = ({ id, lane }: Pick<Mail, "id" | "lane">): string => `${lane} ${id}`

const isSeen = (mail: Mail | undefined, seen: Port.SeenMail): mail is Mail =>
  mail !== undefined && mail.state === seen.state && mail.tries === seen.tries

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const newestFirst = (a: Pick<Mail, "createdAt" | "id">, b: Pick<Mail, "createdAt" | "id">): number =>
  b.createdAt - a.createdAt || compareText(b.id, a.id)

const listed = ({ sealed: _sealed, ...mail }: Mail): Port.ListedMail => mail

const cancelled = (mail: Mail, at: Instant): Mail => ({ ...listed(mail), state: "cancelled", endedAt: at })

const ended = (mail: Mail, { at, outcome, to }: Port.MailEnd): Mail => ({
  ...(to === "failed" ? mail : listed(mail)),
  state: to,
  outcome,
  endedAt: at,
})

const isThrough =
  (channel: Port.OutboxChannel) =>
  ({ template }: Mail): boolean =>
    (template === Port.taskTemplate) === (channel === "task")

const isOf = (projects: ReadonlyArray<Owner>) => {
  const ranges = projects.map(Lane.range)
  return ({ lane }: Mail): boolean => ranges.some(([first, last]) => first <= lane && lane <= last)
}

const countsOf = (all: ReadonlyArray<Mail>): Port.MailCounts => {
  const waiting = all.filter(({ state }) => state === "waiting")
  return {
    waiting: waiting.length,
    ...(waiting.length > 0 && { oldestAt: Math.min(...waiting.map(({ createdAt }) => createdAt)) }),
    failed: all.filter(({ state }) => state === "failed").length,
  }
}

/** The mails that changes of requests write. */
const makeChanges = (all: Map<string, Mail>): Omit<Outbox, "store"> => {
  const put = (mail: Mail): void => void all.set(keyOfMail(mail), mail)
  const of = (lane: number, request: string): ReadonlyArray<Mail> =>
    [...all.values()].filter((mail) => mail.lane === lane && mail.request === request)
  const find = (lane: number, request: string, id: string): Mail | undefined => {
    const mail = all.get(keyOfMail({ lane, id }))
    return mail?.request === request ? mail : undefined
  }
  return {
    isStale: (lane, request, changes) =>
      (changes?.end ?? []).some((each) => !isSeen(find(lane, request, each.id), each)),
    keep: (lane, request, { add = [], cancel = [], end = [] } = {}, at) => {
      for (const each of end) put(ended(find(lane, request, each.id)!, each))
      for (const mail of of(lane, request)) {
        if (mail.state === "waiting" && cancel.includes(mail.template)) put(cancelled(mail, at))
      }
      for (const mail of add) {
        if (!all.has(keyOfMail({ lane, id: mail.id }))) put({ ...mail, lane, request, state: "waiting", tries: 0 })
      }
    },
    removeOf: (lane, request, at) => {
      for (const mail of of(lane, request)) {
        const { recipientHash: _, ...rest } = mail.state === "waiting" ? cancelled(mail, at) : listed(mail)
        put(rest)
      }
    },
  }
}

const makeStore = (
  all: Map<string, Mail>,
  keyOf: (lane: number, request: string) => RequestKey | undefined,
): Port.OutboxStore => {
  const withKey = (mail: Mail): Port.StoredMail => {
    const key = keyOf(mail.lane, mail.request)
    return { ...mail, ...(key !== undefined && { key }) }
  }
  const claim = (channel: Port.OutboxChannel, now: Instant, until: Instant, limit: number) =>
    [...all.values()]
      .filter(isThrough(channel))
      .filter(({ dueAt, state }) => state === "waiting" && dueAt <= now)
      .toSorted((a, b) => a.dueAt - b.dueAt || a.lane - b.lane || compareText(a.id, b.id))
      .slice(0, limit)
      .map((mail) => {
        const claimed = { ...mail, dueAt: until, tries: mail.tries + 1 }
        all.set(keyOfMail(mail), claimed)
        return withKey(claimed)
      })
  const postpone: Port.OutboxStore["postpone"] = (seen, { dueAt, endsAt, outcome }) =>
    Effect.sync(() => {
      const mail = all.get(keyOfMail(seen))
      const isOpen = mail?.state === "waiting" || mail?.state === "failed"
      if (!isOpen || mail.sealed === undefined || !isSeen(mail, seen)) return "stale"
      const { endedAt: _, ...rest } = mail
      const waiting: Mail = { ...rest, state: "waiting", dueAt, endsAt, ...(outcome !== undefined && { outcome }) }
      all.set(keyOfMail(mail), waiting)
      return "kept"
    })
  return {
    claim: (channel, now, until, limit) => Effect.sync(() => claim(channel, now, until, limit)),
    postpone,
    list: (projects, filter, after, limit) =>
      Effect.sync(() =>
        [...all.values()]
          .filter(isOf(projects))
          .filter(({ state }) => filter.state === undefined || state === filter.state)
          .filter(({ request }) => filter.request === undefined || request === filter.request)
          .filter((mail) => after === undefined || newestFirst(mail, after) > 0)
          .toSorted(newestFirst)
          .slice(0, limit)
          .map(listed),
      ),
    mail: (projects, id) =>
      Effect.sync(() => {
        const mail = [...all.values()].filter(isOf(projects)).find((each) => each.id === id)
        return mail && withKey(mail)
      }),
    countSince: (project, of, since) =>
      Effect.sync(
        () =>
          [...all.values()]
            .filter(isOf([project]))
            .filter(({ createdAt, template }) => template === of.template && createdAt >= since)
            .filter(({ recipientHash }) => of.recipientHash === undefined || recipientHash === of.recipientHash).length,
      ),
    counts: (channel) => Effect.sync(() => countsOf([...all.values()].filter(isThrough(channel)))),
  }
}

/** No mails yet. */
export const make = (): Outbox => {
  const all = new Map<string, Mail>()
  return { ...makeChanges(all), store: (keyOf) => makeStore(all, keyOf) }
}
