/**
 * What the row of an erasure holds in its `body`: JSON, the same for each of its members and in every store.
 */
import type { Erasure } from "./PersonalStore.ts"

/** The part of an erasure that is in the body. */
export type Body = Pick<Erasure, "members" | "reason" | "submitter">

/** Writes a body. The members are in ascending order. */
export const write = ({ members, reason, submitter }: Body): string =>
  JSON.stringify({ members: members.toSorted(), submitter, reason })

/** Reads a body that {@link write} has written. */
export const read = (body: string): Body => JSON.parse(body)
