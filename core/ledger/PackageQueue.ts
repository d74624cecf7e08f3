/**
 * The access packages that this server is to build, in the order in which they were asked for. They are built after the
 * answer, one at a time, because each reads everything that is held about a person.
 *
 * It is in memory: what waits when the server stops is asked for again.
 */
import { Effect } from "effect"

/** The request whose package is to be built. */
export interface PackageAsked {
  /** The id of its project. */
  readonly project: string
  readonly request: string
}

/** The packages of one ledger that wait. */
export interface PackageQueue {
  /** Lets a package wait, unless one of the same request waits already. One that is being built does not count. */
  readonly offer: (asked: PackageAsked) => void
  /** The next package, once there is one. */
  readonly take: Effect.Effect<PackageAsked>
}

/** A queue in which nothing waits. */
export const make = (): PackageQueue => {
  const waiting = new Map<string, PackageAsked>()
  const takers = new Set<() => void>()

  /** Takes the first, if there is one. */
  const next = (): PackageAsked | undefined => {
    const first = waiting.entries().next().value
    if (first === undefined) return undefined
    waiting.delete(first[0])
    return first[1]
  }

  const take = Effect.callback<PackageAsked>((resume) => {
    const attempt = (): void => {
      const asked = next()
      if (asked === undefined) return
      takers.delete(attempt)
      resume(Effect.succeed(asked))
    }
    takers.add(attempt)
    attempt()
    return Effect.sync(() => takers.delete(attempt))
  })

  return {
    offer: (asked) => {
      const name = `${asked.project} ${asked.request}`
      if (!waiting.has(name)) waiting.set(name, asked)
      for (const attempt of takers) attempt()
    },
    take,
  }
}
