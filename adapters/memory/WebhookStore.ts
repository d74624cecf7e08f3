/**
 * The webhooks of the store in memory.
 */
import { Effect } from "effect"
import type { Owner } from "../../core/model/Lane.ts"
import * as Port from "../../core/ports/WebhookStore.ts"

/** All rows of one webhook. */
interface Rows {
  readonly project: number
  readonly cursors: Map<string, Port.WebhookCursor>
  readonly parked: Map<string, Port.ParkedChange>
  readonly dead: Map<string, Port.DeadLetter>
  readonly tries: Map<number, Port.LoggedTry>
}

const textOf = ({ lane, number, position }: Port.ItemKey): string => `${lane} ${position} ${number}`

const byKey = (a: Port.ItemKey, b: Port.ItemKey): number =>
  a.lane - b.lane || a.position - b.position || a.number - b.number

const sorted = <Row extends Port.ItemKey>(rows: Iterable<Row>): ReadonlyArray<Row> => [...rows].toSorted(byKey)
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const writeTo = (rows: Rows, { bury, cursors, park, tries, unbury, unpark, webhook }: Port.WebhookStep) => {
  if (cursors.some(({ before, name }) => (rows.cursors.get(name)?.revision ?? 0) !== before)) return "stale"
  for (const { before, name, state } of cursors) {
    if (state === undefined) rows.cursors.delete(name)
    else rows.cursors.set(name, { webhook, name, revision: before + 1, state })
  }
  for (const key of unpark) rows.parked.delete(textOf(key))
  for (const each of park) rows.parked.set(textOf(each), each)
  for (const key of unbury) rows.dead.delete(textOf(key))
  for (const each of bury) rows.dead.set(textOf(each), each)
  for (const each of tries) rows.tries.set(each.n % Port.triesKept, each)
  return "written"
}

/** The first of each person, of rows in order. */
const firsts = (rows: ReadonlyArray<Port.ParkedChange>): ReadonlyArray<Port.ParkedChange> => {
  const seen = new Set<string>()
  return rows.filter(({ person }) => seen.size < seen.add(person).size)
}

/** No webhooks yet. */
export const make = (): Port.WebhookStore => {
  const all = new Map<string, Rows>()

  const ofWebhook = ({ number }: Owner, webhook: string): Rows => {
    const rows = all.get(webhook)
    if (rows?.project === number) return rows
    return { project: number, cursors: new Map(), parked: new Map(), dead: new Map(), tries: new Map() }
  }

  const ofProject = ({ number }: Owner): ReadonlyArray<readonly [string, Rows]> =>
    [...all].filter(([, { project }]) => project === number).toSorted(([a], [b]) => compare(a, b))

  return {
    cursors: (project, webhook) =>
      Effect.sync(() =>
        ofProject(project)
          .filter(([id]) => webhook === undefined || id === webhook)
          .flatMap(([, { cursors }]) => [...cursors.values()].toSorted((a, b) => compare(a.name, b.name))),
      ),
    write: (step) =>
      Effect.sync(() => {
        const rows = ofWebhook(step.project, step.webhook)
        const outcome = writeTo(rows, step)
        if (outcome === "written") all.set(step.webhook, rows)
        return outcome
      }),
    parkedPeople: (project, webhook) => Effect.sync(() => firsts(sorted(ofWebhook(project, webhook).parked.values()))),
    parkedOf: (project, webhook, person, limit) =>
      Effect.sync(() =>
        sorted(ofWebhook(project, webhook).parked.values())
          .filter((each) => each.person === person)
          .slice(0, limit),
      ),
    deadLetters: (project, webhook, after, limit) =>
      Effect.sync(() =>
        sorted(ofWebhook(project, webhook).dead.values())
          .filter((each) => after === undefined || byKey(each, after) > 0)
          .slice(0, limit),
      ),
    tries: (project, webhook, outcomes, before = Infinity, limit) =>
      Effect.sync(() =>
        [...ofWebhook(project, webhook).tries.values()]
          .filter(({ n, outcome }) => n < before && (outcomes?.includes(outcome) ?? true))
          .toSorted((a, b) => b.n - a.n)
          .slice(0, limit),
      ),
    counts: (project) =>
      Effect.sync(() =>
        ofProject(project)
          .map(([webhook, { dead, parked }]) => ({
            webhook,
            parked: firsts([...parked.values()]).length,
            dead: dead.size,
          }))
          .filter(({ dead, parked }) => parked + dead > 0),
      ),
    remove: (project, webhook) =>
      Effect.sync(() => {
        if (all.get(webhook)?.project === project.number) all.delete(webhook)
      }),
  }
}
