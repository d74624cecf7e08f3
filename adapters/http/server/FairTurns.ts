/**
 * Turns for work of which only a little is done at a time: organizations take turns, and the work of each is done in
 * the order in which it came. So work that waits is done before the second piece of another organization, however much
 * work that one has.
 */
import { Effect } from "effect"

/** Does a piece of work of an organization when its turn comes. */
export type InTurn = (organizationId: string) => <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** Turns of which `max` are taken at the same time. */
export const make = (max: number): InTurn => {
  let taken = 0
  /** The starts of the work that waits, by organization; the organization whose turn is next comes first. */
  const waiting = new Map<string, Array<() => void>>()

  const startNext = (): void => {
    const [next] = waiting
    if (next === undefined || taken >= max) return
    const [organizationId, [start, ...rest]] = next
    waiting.delete(organizationId)
    if (rest.length > 0) waiting.set(organizationId, rest)
    taken++
    start!()
  }

  const take = (organizationId: string) =>
    Effect.callback<void>((resume) => {
      const start = () => resume(Effect.void)
      const own = waiting.get(organizationId)
      if (own === undefined) waiting.set(organizationId, [start])
      else own.push(start)
      startNext()
    })

  const giveBack = Effect.sync(() => {
    taken--
    startNext()
  })

  return (organizationId) => (work) =>
    Effect.acquireUseRelease(
      take(organizationId),
      () => work,
      () => giveBack,
    )
}
