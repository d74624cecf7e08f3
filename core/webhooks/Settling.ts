/**
 * Turns the outcomes of tries into the step that is written: what is parked, given up, logged, and how far the webhook
 * has come.
 */
import type { Instant } from "../engine/Instant.ts"
import type { DisabledBecause } from "../model/Catalog.ts"
import type { DeadLetter, ItemKey, LoggedTry, ParkedChange, WebhookStep } from "../ports/WebhookStore.ts"
import type { Waiting } from "./Backlog.ts"
import type { Head } from "./ParkedPeople.ts"
import * as Retries from "./Retries.ts"
import type { Arrival, ReplayProgress, Sent, OpenWebhook } from "./OpenWebhook.ts"
import * as WebhookState from "./WebhookState.ts"

/** What is to be written. */
export interface SettlingDraft {
  readonly park: Array<ParkedChange>
  readonly unpark: Array<ParkedChange>
  readonly bury: Map<string, DeadLetter>
  readonly unbury: Array<ItemKey>
  readonly tries: Array<LoggedTry>
  /** People whose first parked change is gone: the next one is to be read. */
  readonly freed: Set<string>
  disable?: DisabledBecause
}

/** When it is settled, how long a webhook may fail, and a number from 0 to 1 for each failed try. */
export interface Circumstances {
  readonly now: Instant
  readonly disabledAfterMillis: number
  readonly random: () => number
}

/** Nothing to write. */
export const draft = (): SettlingDraft => ({
  park: [],
  unpark: [],
  bury: new Map(),
  unbury: [],
  tries: [],
  freed: new Set(),
})

const textOf = ({ lane, number, position }: ItemKey): string => `${lane} ${position} ${number}`

const bury = (draft: SettlingDraft, letter: DeadLetter): void => void draft.bury.set(textOf(letter), letter)

const keyOf = ({ lane, number, position }: ItemKey): ItemKey => ({ lane, position, number })

/** Parks a person: its change that failed, and all that were read after it. */
const park = ({ backlog, parked }: OpenWebhook, { person }: Waiting, nextAt: Instant, draft: SettlingDraft): void => {
  const [failed, ...later] = backlog.takePerson(person)
  const first: ParkedChange = { ...failed!.key, person, tries: 1, nextAt }
  parked.set(first)
  draft.park.push(first, ...later.map(({ key }) => ({ ...key, person, tries: 0, nextAt: 0 })))
}

/** How many failed tries a change has had. */
const triesOf = (sent: Sent): number => {
  if (sent._tag === "Parked") return sent.head.tries
  return sent._tag === "Dead" ? sent.letter.tries : sent.waiting.tries
}

/** It is still to be sent, and nothing is counted. */
const putBack = ({ backlog, parked, replay }: OpenWebhook, sent: Sent): void => {
  if (sent._tag === "Live") backlog.putBack(sent.waiting)
  if (sent._tag === "Parked") parked.release(sent.head)
  if (sent._tag === "Replayed" && replay?.kind === "part") replay.backlog.putBack(sent.waiting)
  if (sent._tag === "Dead" && replay?.kind === "dead") replay.next = sent.letter
}

const passDead = (replay: ReplayProgress | undefined, letter: DeadLetter): void => {
  if (replay?.kind !== "dead") return
  Object.assign(replay, { after: keyOf(letter), next: undefined, tries: 0, notBefore: 0 })
}

/** It was taken, or there is nothing to send. */
const finish = (opened: OpenWebhook, sent: Sent, draft: SettlingDraft): void => {
  const { backlog, replay } = opened
  if (sent._tag === "Live") backlog.finish(sent.waiting)
  if (sent._tag === "Replayed" && replay?.kind === "part") replay.backlog.finish(sent.waiting)
  if (sent._tag === "Parked") {
    draft.unpark.push(sent.head)
    draft.freed.add(sent.head.person)
  }
  if (sent._tag === "Dead") {
    draft.unbury.push(keyOf(sent.letter))
    passDead(replay, sent.letter)
  }
}

const parkedAgain = (
  opened: OpenWebhook,
  head: Head,
  outcome: string,
  at: Circumstances,
  draft: SettlingDraft,
): void => {
  const { isBusy: _isBusy, ...before } = head
  const tries = head.tries + 1
  const delay = Retries.changeDelay(tries, at.random())
  if (delay !== undefined) {
    const again = { ...before, tries, nextAt: at.now + delay }
    opened.parked.set(again)
    return void draft.park.push(again)
  }
  draft.unpark.push(before)
  draft.freed.add(head.person)
  bury(draft, { ...keyOf(head), person: head.person, at: at.now, tries, outcome })
}

const replayedAgain = (
  { backlog }: ReplayProgress & { kind: "part" },
  waiting: Waiting,
  outcome: string,
  { now, random }: Circumstances,
  draft: SettlingDraft,
): void => {
  const { key, person } = waiting
  waiting.tries += 1
  const delay = Retries.replayDelay(waiting.tries, random())
  if (delay === undefined) {
    bury(draft, { ...key, person, at: now, tries: waiting.tries, outcome })
    return backlog.finish(waiting)
  }
  waiting.notBefore = now + delay
  backlog.putBack(waiting)
}

const deadAgain = (
  replay: ReplayProgress & { kind: "dead" },
  letter: DeadLetter,
  outcome: string,
  { now, random }: Circumstances,
  draft: SettlingDraft,
): void => {
  const again = { ...letter, at: now, tries: letter.tries + 1, outcome }
  bury(draft, again)
  replay.tries += 1
  const delay = Retries.replayDelay(replay.tries, random())
  if (delay === undefined) return passDead(replay, letter)
  replay.next = again
  replay.notBefore = now + delay
}

/** It failed, while the webhook as such does not. */
const failOne = (opened: OpenWebhook, sent: Sent, outcome: string, at: Circumstances, draft: SettlingDraft): void => {
  const { parked, replay } = opened
  if (sent._tag === "Live") {
    // The lane waits until fewer people are parked.
    if (parked.isFull(sent.waiting.key.lane)) return putBack(opened, sent)
    return park(opened, sent.waiting, at.now + Retries.changeDelay(1, at.random())!, draft)
  }
  if (sent._tag === "Parked") return parkedAgain(opened, sent.head, outcome, at, draft)
  if (sent._tag === "Dead" && replay?.kind === "dead") return deadAgain(replay, sent.letter, outcome, at, draft)
  if (sent._tag === "Replayed" && replay?.kind === "part") replayedAgain(replay, sent.waiting, outcome, at, draft)
}

/** Settles a try that is over. */
export const settle = (
  opened: OpenWebhook,
  { isProbe, outcome, sent }: Arrival,
  at: Circumstances,
  draft: SettlingDraft,
): void => {
  if (outcome._tag === "Unavailable") return putBack(opened, sent)
  if (outcome._tag === "Gone") return finish(opened, sent, draft)
  const { change, made, type } = outcome
  const { answer } = made
  const verdict = Retries.verdictOf(answer)
  const text = Retries.outcomeOf(answer)
  draft.tries.push({
    n: opened.nextTry++,
    change,
    type,
    attempt: triesOf(sent) + 1,
    at: made.at,
    millis: answer.millis,
    outcome: text,
    isReplay: sent._tag === "Replayed" || sent._tag === "Dead",
  })
  if (verdict === "taken") {
    opened.health = Retries.afterTaken(opened.health, at.now)
    return finish(opened, sent, draft)
  }
  opened.health = Retries.afterFailed(opened.health, { verdict, answer, isProbe, now: at.now, random: at.random() })
  const { failingSince, rest } = opened.health
  if (verdict === "gone") draft.disable = "gone"
  else if (at.now - failingSince! >= at.disabledAfterMillis) draft.disable ??= "failing"
  if (rest !== undefined || draft.disable !== undefined) putBack(opened, sent)
  else failOne(opened, sent, text, at, draft)
}

/** Parks the changes that were read while their person is parked. If it is free by now, the first of them is next. */
export const parkBehind = ({ behind }: OpenWebhook, draft: SettlingDraft): void => {
  for (const { key, person } of behind) draft.park.push({ ...key, person, tries: 0, nextAt: 0 })
  behind.length = 0
}

/** Whether a replay has nothing left to send. */
export const isOver = (replay: ReplayProgress): boolean =>
  replay.kind === "dead"
    ? replay.next === "end"
    : replay.backlog.size() === 0 &&
      replay.backlog.places().every((place, lane) => {
        const to = replay.state.to[lane]!
        return place.position >= to.position && place.number >= to.number
      })

const replayState = (replay: ReplayProgress): string =>
  WebhookState.writeReplay(
    replay.kind === "part"
      ? { ...replay.state, lanes: replay.backlog.progress() }
      : { kind: "dead", ...(replay.after !== undefined && { after: replay.after }) },
  )

/** The state of a opened as it is written. */
export const stateOf = ({ backlog, health, nextTry, receiver, start }: OpenWebhook): string =>
  WebhookState.writeLive({
    start,
    lanes: backlog.progress(),
    health,
    nextTry,
    updated: receiver.webhook.dateUpdated,
  })

/** The step of a draft. Every step moves the cursor `live`, so that of two holders of a webhook one learns of it. */
export const stepOf = (opened: OpenWebhook, draft: SettlingDraft): WebhookStep => {
  const { receiver, replay, revision } = opened
  const cursors = [
    { name: WebhookState.live, before: revision, state: stateOf(opened) },
    ...(replay === undefined
      ? []
      : [{ name: replay.name, before: replay.revision, ...(!isOver(replay) && { state: replayState(replay) }) }]),
  ]
  return {
    project: receiver.scope.project,
    webhook: receiver.webhook.id,
    cursors,
    park: draft.park,
    unpark: draft.unpark,
    bury: [...draft.bury.values()],
    unbury: draft.unbury,
    tries: draft.tries,
  }
}
