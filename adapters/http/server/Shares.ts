/**
 * A bounded number of things that organizations hold at a time: a bound for all of them together, and a lower one for
 * each, so that no organization keeps the others from theirs.
 */

/** The highest numbers, for each organization and in all. */
export interface Bounds {
  readonly each: number
  readonly inAll: number
}

/** Takes one for an organization, and returns the function that gives it back; `undefined` if a bound is reached. */
export type TakeShare = (organizationId: string) => (() => void) | undefined

/** Shares of which none is taken. Giving one back twice counts once. */
export const make = ({ each, inAll }: Bounds): TakeShare => {
  const taken = new Map<string, number>()
  let all = 0
  return (organizationId) => {
    const own = taken.get(organizationId) ?? 0
    if (own >= each || all >= inAll) return undefined
    taken.set(organizationId, own + 1)
    all++
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      all--
      const left = taken.get(organizationId)! - 1
      if (left === 0) taken.delete(organizationId)
      else taken.set(organizationId, left)
    }
  }
}
