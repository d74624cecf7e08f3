/**
 * A ledger in files, from which questions are answered in bounded memory.
 *
 * The whole input is read and checked before the first answer is written, so a command that fails on its input writes
 * nothing.
 */
import { Effect, Option } from "effect"
import * as FileCatalog from "../../adapters/files/FileCatalog.ts"
import * as Documents from "../../adapters/files/Documents.ts"
import * as EventLines from "../../adapters/files/EventLines.ts"
import * as EventRow from "../../adapters/files/EventRow.ts"
import * as ExternalSort from "../../adapters/files/ExternalSort.ts"
import * as EventGroups from "../../adapters/files/EventGroups.ts"
import * as Source from "../../adapters/files/Source.ts"
import type * as Instant from "../../core/engine/Instant.ts"
import type * as Flags from "./Flags.ts"
import * as Output from "./Output.ts"
import * as Progress from "./Progress.ts"

/** The question of a command. */
export interface Question {
  readonly flags: Flags.Ledger
  readonly knownAt: Instant.Instant
  /** The earliest instant that the command asks about. */
  readonly from: Instant.Instant
  /** Whether the events keep the lines that they were read from. */
  readonly keepsLines: boolean
  /** The person asked about; every person if left out. */
  readonly concordId?: string
  /** Called with each input that is opened; returns the one that is read. By default the same. */
  readonly opened?: (source: Source.Source) => Source.Source
}

const openedBy =
  ({ opened }: Question) =>
  (source: Source.Source): Source.Source =>
    opened === undefined ? source : opened(source)

/** How many groups are answered, and how many characters written, before other fibers can run. */
const groupsPerTurn = 2_000
const charactersPerTurn = 64 * 1024

/**
 * Writes the answer for every person and consent type of the ledger, in the order of `concordId`, then `consentType`.
 * `answer` returns whole lines, or an empty string. At the end a warning is printed for each rule that matched no
 * consent type.
 */
export const answerEach = Effect.fn("Ledger.answerEach")(function* (
  question: Question,
  answer: (group: EventGroups.EventGroup) => string,
) {
  const catalog = yield* readCatalog(question)
  const rows = yield* ExternalSort.make({ compare: EventRow.compare, weigh: EventRow.weigh })
  const { events } = yield* readEvents(question, rows)
  yield* ExternalSort.mergeRuns(rows)
  const groups = EventGroups.fromRows(rows.rows(), catalog, question.from)
  const progress = yield* Progress.make
  let isDone = false
  let answered = 0
  while (!isDone) {
    const text = yield* ExternalSort.attempt(() => {
      let text = ""
      for (let turn = 0; turn < groupsPerTurn && text.length < charactersPerTurn; turn++) {
        const next = groups.next()
        if (next.done === true) {
          isDone = true
          break
        }
        answered += next.value.events.length
        text += answer(next.value)
      }
      return text
    })
    if (text !== "") yield* Output.write(text)
    yield* progress.show({ what: "events answered", done: answered, share: events === 0 ? 1 : answered / events })
    yield* Effect.yieldNow
  }
  yield* progress.clear
  const rules = Option.match(question.flags.rules, { onNone: () => "rules", onSome: Source.nameOf })
  for (const index of catalog.unmatched()) yield* Output.warn(`${rules}: /${index}/match: matches no consent type`)
}, Effect.scoped)

const readIfGiven = <A, E, R>(
  question: Question,
  path: Option.Option<string>,
  read: (source: Source.Source) => Effect.Effect<ReadonlyArray<A>, E, R>,
) =>
  Option.match(path, {
    onNone: () => Effect.succeed<ReadonlyArray<A>>([]),
    onSome: (path) => Effect.flatMap(Effect.map(Source.open(path), openedBy(question)), read),
  })

const readCatalog = Effect.fnUntraced(function* (question: Question) {
  const { flags, knownAt } = question
  const types = yield* readIfGiven(question, flags.types, Documents.readTypes)
  const rules = yield* readIfGiven(question, flags.rules, Documents.readRules)
  return FileCatalog.make(types, rules, knownAt)
})

const readEvents = Effect.fnUntraced(function* (
  question: Question,
  rows: ExternalSort.ExternalSort<EventRow.EventRow>,
) {
  const source = openedBy(question)(yield* Source.open(question.flags.events))
  const progress = yield* Progress.make
  const extent = yield* EventLines.read(source, {
    event: (event, line) => {
      if (question.concordId !== undefined && event.concordId !== question.concordId) return
      rows.add(EventRow.fromLine(event, question.keepsLines ? line : null))
    },
    attempt: ExternalSort.attempt,
    progress: ({ events, bytes }) =>
      progress.show({
        what: "events read",
        done: events,
        share: source.size === undefined ? undefined : bytes / source.size,
      }),
  })
  yield* progress.clear
  return extent
}, Effect.scoped)
