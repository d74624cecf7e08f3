/**
 * The identity changes of the store in memory that a feed tells of.
 */
import * as Lane from "../../core/model/Lane.ts"
import type { Fact } from "../../core/model/People.ts"
import type { Erasure } from "../../core/ports/LedgerStore.ts"
import type { NotedIdentityChange } from "../../core/ports/FeedStore.ts"

/** The identity changes that a feed tells of, with the writes of identity changes and erasures. */
export interface NotedChanges {
  /** Notes the facts of a change. `endOf`: the number that the change gets in a lane. */
  readonly noteFacts: (organization: Lane.Owner, facts: ReadonlyArray<Fact>, endOf: (lane: number) => number) => void
  /** Notes an erasure. */
  readonly noteErasure: (organization: Lane.Owner, erasure: Erasure, endOf: (lane: number) => number) => void
  /** Those of a lane, from a position on, in order. Those of one position are never parted. */
  readonly read: (
    organization: Lane.Owner,
    lane: number,
    from: number,
    limit: number,
  ) => ReadonlyArray<NotedIdentityChange>
}

const byPlace = (a: NotedIdentityChange, b: NotedIdentityChange): number =>
  a.position - b.position || (a.id < b.id ? -1 : 1)

/** Nothing noted yet. */
export const make = (): NotedChanges => {
  const lanes = new Map<number, Array<NotedIdentityChange>>()

  const note = (lane: number, changes: ReadonlyArray<NotedIdentityChange>): void => {
    lanes.set(lane, [...(lanes.get(lane) ?? []), ...changes.toSorted(byPlace)])
  }

  return {
    noteFacts: (organization, facts, endOf) => {
      for (const [lane, ofLane] of Map.groupBy(facts, ({ survivor }) => Lane.of(organization, survivor))) {
        const noted = ofLane.flatMap(({ dateCreated, id, kind, member, survivor }) =>
          kind === "joined" || kind === "undone" || kind === "identified" || kind === "region"
            ? [
                {
                  lane: lane % Lane.maxCount,
                  position: endOf(lane),
                  kind,
                  recordedAt: dateCreated,
                  id,
                  member,
                  survivor,
                },
              ]
            : [],
        )
        note(lane, noted)
      }
    },
    noteErasure: (organization, { id, members, recordedAt }, endOf) => {
      const member = members[0]!
      const lane = Lane.of(organization, member)
      const place = { lane: lane % Lane.maxCount, position: endOf(lane) }
      note(lane, [{ ...place, kind: "erased", recordedAt, id, member, survivor: member }])
    },
    read: (organization, lane, from, limit) => {
      const changes = (lanes.get(Lane.range(organization)[0] + lane) ?? []).filter(({ position }) => position >= from)
      const last = changes[limit - 1]?.position
      return last === undefined ? changes : changes.filter(({ position }) => position <= last)
    },
  }
}
