/**
 * What an answer says about identifiers that conflict: the field, and both kinds (semantics, section 5).
 */
import * as Resolution from "../model/Resolution.ts"
import type { ItemViolation } from "./Batch.ts"

const orLeaveOut = (kind: string, detail: string): string =>
  Resolution.isContactPoint(kind) ? `${detail}, or send sharedContacts "leave-out"` : detail

/** Only a `userId` can be renamed. */
const released = (kind: string): string => (kind === "userId" ? "released or renamed" : "released")

const detailOf = ({ because, kind, with: other = kind }: Resolution.Conflict): string => {
  switch (because) {
    case "person":
      return kind === other
        ? "its earlier spellings name several people: name the person by another identifier"
        : orLeaveOut(kind, `names another person than ${other} does; nothing is merged without proof`)
    case "account":
      return orLeaveOut(other, `is new, and the person that ${other} names has another account: leave ${other} out`)
    case "released":
      return orLeaveOut(kind, `was ${released(kind)} after consentDate, so it named another person then: leave it out`)
  }
}

/** The violations of an item whose identifiers conflict, one for each of them. */
export const violationsOf = (item: number, { conflicts }: Resolution.Conflicting): ReadonlyArray<ItemViolation> =>
  conflicts.map((conflict) => ({
    item,
    code: "identifier_conflict",
    field: conflict.kind,
    detail: detailOf(conflict),
  }))
