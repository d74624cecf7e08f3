/**
 * The places of the scheduler in a project: how far it has come in each source of changes.
 *
 * They are read once and kept in memory, because there are many for each project and they are needed every second. The
 * store compares each place that a step moves with the one that it has: a step that was prepared with an earlier place
 * writes nothing, and the places are read again.
 */
import { Effect } from "effect"
import type { Owner } from "../model/Lane.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { FeedStep } from "../ports/FeedStore.ts"

/** The places of one project, by {@link keyOf}. */
export type FeedPlaces = Map<string, string>

type Context = Pick<LedgerContext, "feedSignal" | "store">

/** Of each ledger, by its signal: the places of projects that were read, by the number of the project. */
const places = new WeakMap<LedgerContext["feedSignal"], Map<number, FeedPlaces>>()

const knownTo = ({ feedSignal }: Context): Map<number, FeedPlaces> => {
  const known = places.get(feedSignal) ?? new Map<number, FeedPlaces>()
  places.set(feedSignal, known)
  return known
}

/** The key of a place. `lane` is from 0 in the project. */
export const keyOf = (lane: number, name: string): string => `${lane} ${name}`

/** The lane and the name of a place. */
export const parse = (key: string): readonly [lane: number, name: string] => {
  const end = key.indexOf(" ")
  return [Number(key.slice(0, end)), key.slice(end + 1)]
}

/** The places of a project, as they were last read or written here. */
export const of = Effect.fnUntraced(function* (project: Owner, context: Context) {
  const all = knownTo(context)
  const known = all.get(project.number)
  if (known !== undefined) return known
  const read = yield* context.store.feed.places(project)
  const places: FeedPlaces = new Map(read.map(({ lane, name, state }) => [keyOf(lane, name), state]))
  all.set(project.number, places)
  return places
})

/** Reads the places of a project again when they are needed next: another server may have moved them. */
export const forget = (project: Owner, context: Context): void => {
  knownTo(context).delete(project.number)
}

/** Writes a step, and keeps the places that it moved. After a step that was stale they are read again. */
export const write = Effect.fnUntraced(function* (step: FeedStep, context: Context) {
  const { project } = step
  const written = yield* context.store.feed
    .write(step)
    .pipe(Effect.tapError(() => Effect.sync(() => forget(project, context))))
  const places = knownTo(context).get(project.number)
  if (written._tag === "Stale") forget(project, context)
  else if (places !== undefined) {
    for (const { after, lane, name } of step.places) {
      if (after === undefined) places.delete(keyOf(lane, name))
      else places.set(keyOf(lane, name), after)
    }
  }
  return written
})
