/**
 * The revision of what a page needs: a number that grows with every change of the published configuration and of the
 * consent types of the project, and is the same on every server.
 *
 * It is the instant of the last change. A page that decided under an earlier one may not know a version that makes
 * answers lapse, so the loader does not count its snapshot.
 */
import type { ListedType, ProjectTypes } from "../model/Catalog.ts"
import type { Publication } from "../model/PublishedRegions.ts"

/** The revision of a project's site client. */
export const of = ({ publishedAt }: Publication, { learnt }: ProjectTypes): number => Math.max(publishedAt, learnt)

/** The revision before which answers about a type were given without a change that concerns it. */
export const ofType = ({ publishedAt }: Publication, { dateUpdated, history }: ListedType): number =>
  Math.max(publishedAt, dateUpdated, history?.at(-1)?.knownUntil ?? dateUpdated)
