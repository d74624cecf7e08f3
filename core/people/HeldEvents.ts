/**
 * The events of people in the projects of their organization, and the decisions about them, for access.
 */
import { Effect, Stream } from "effect"
import * as Exchange from "../formats/Exchange.ts"
import type { Organization, Project } from "../model/Catalog.ts"
import type { PersonPlace, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as ComposedEvents from "../ledger/ComposedEvents.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Reading from "../ledger/Reading.ts"
import * as JsonPages from "./JsonPages.ts"

/** The people asked about, the survivor first. */
export interface People {
  readonly organization: Organization
  readonly survivor: string
  readonly members: ReadonlyArray<string>
  readonly context: LedgerContext
}

/** The most events of a page, and the most people that one statement reads about. */
const pageSize = 128

/** The most people of a page: with fewer events of each, a person with many would take many pages. */
const peopleAtATime = 16

/** The most decisions of a page. */
const decisionsAtATime = 64

/** The projects of an organization. */
const projectsOf = ({ context, organization }: People): Effect.Effect<ReadonlyArray<Project>, StoreUnavailable> =>
  Effect.map(context.store.catalog.current, ({ projects }) =>
    [...projects.values()].filter((project) => project.organization === organization.id),
  )

/** Whether one of the people has an event in a project. */
const hasEvents = Effect.fnUntraced(function* ({ context, members }: People, project: Project) {
  for (let first = 0; first < members.length; first += pageSize) {
    const some = members.slice(first, first + pageSize).map((concordId) => ({ concordId }))
    const pages = yield* context.store.events.ofPeople(project, some, 1)
    if (pages.some((page) => page.length > 0)) return true
    yield* Effect.yieldNow
  }
  return false
})

/** The projects that have events of the people. */
export const projectsWith = (people: People): Stream.Stream<Project, StoreUnavailable> =>
  Stream.flatMap(Stream.fromEffect(projectsOf(people)), Stream.fromIterable).pipe(
    Stream.filterEffect((project) => hasEvents(people, project)),
  )

/** The events of each person, in the order of their `consentDate`, as they are answered everywhere. */
export const eventsOf = ({ context, members, organization }: People, project: Project): JsonPages.Pages => {
  const { events } = context.store
  const first: ReadonlyArray<PersonPlace> = members.map((concordId) => ({ concordId }))
  return JsonPages.from(first, (unread) =>
    Effect.gen(function* () {
      const places = unread.slice(0, peopleAtATime)
      const limit = Math.floor(pageSize / places.length)
      const pages = yield* events.ofPeople(project, places, limit)
      const stored = yield* events.byId(
        project,
        pages.flat().map(({ id }) => id),
      )
      const shown = yield* ComposedEvents.of(
        organization,
        stored.flatMap((event) => event ?? []),
        context,
      )
      const rest = places.flatMap(({ concordId }, index) => {
        const page = pages[index]!
        return page.length < limit ? [] : [{ concordId, after: page.at(-1)! }]
      })
      const next = [...rest, ...unread.slice(peopleAtATime)]
      return { items: shown.map(({ body }) => body), ...(next.length > 0 && { next }) }
    }),
  )
}

/** The decisions about the survivor: one for each consent type of the project, explained as of now. */
export const decisionsOf = ({ context, organization, survivor }: People, project: Project): JsonPages.Pages =>
  JsonPages.from(undefined as string | undefined, (after) => {
    const page = { limit: decisionsAtATime, ...(after !== undefined && { after }) }
    const question = { organization, project, concordId: survivor, consentTypes: page }
    return Effect.map(Reading.decisions(question, context), ({ concordId, items, next }) => ({
      items: items.map(({ decision, region, type }) => Exchange.decisionToText(concordId, type, decision, region)),
      ...(next !== undefined && { next }),
    }))
  })

/** The objects of the projects that have events of the people, with commas between them. */
export const parts = (people: People): Stream.Stream<JsonPages.Part, StoreUnavailable> =>
  Stream.suspend(() => {
    let comma = ""
    const ofProject = (project: Project) => {
      const begin = `${comma}{"project":${JSON.stringify(project.id)}`
      comma = ","
      return Stream.concat(
        Stream.concat(JsonPages.text(begin), JsonPages.member("decisions", decisionsOf(people, project))),
        Stream.concat(JsonPages.member("events", eventsOf(people, project)), JsonPages.text("}")),
      )
    }
    return Stream.flatMap(projectsWith(people), ofProject)
  })
