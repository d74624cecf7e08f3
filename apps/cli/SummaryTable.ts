/**
 * Writes the summary of a simulation as tables for a terminal.
 */
import * as Instant from "../../core/engine/Instant.ts"
import type { Count, Summary } from "../../core/simulation/Summary.ts"
import * as Table from "./Table.ts"

const { count } = Table
type Row = Table.Row

const share = (part: number, whole: number): string =>
  whole === 0 ? "0 %" : `${((100 * part) / whole).toLocaleString("en-US", { maximumFractionDigits: 2 })} %`

const days = (summary: Summary): ReadonlyArray<Row> => {
  const { days } = summary
  const last = days.length - 1
  const picked = [...new Set([0, 1, 2, 3, 4].map((part) => Math.round((part * last) / 4)))]
  return picked.flatMap((index) => {
    const day = days[index]
    return day === undefined
      ? []
      : [[Instant.format(day.at).slice(0, 10), count(day.permittedBefore), count(day.permittedAfter)]]
  })
}

const mostAsked = (summary: Summary): ReadonlyArray<Row> =>
  summary.days
    .filter(({ mustAskAfter, mayAskAfter }) => mustAskAfter + mayAskAfter > 0)
    .toSorted((a, b) => b.mustAskAfter - a.mustAskAfter || b.mayAskAfter - a.mayAskAfter || a.at - b.at)
    .slice(0, 5)
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, mustAskBefore, mustAskAfter, mayAskBefore, mayAskAfter }) => [
      Instant.format(at).slice(0, 10),
      ...[mustAskBefore, mustAskAfter, mayAskBefore, mayAskAfter].map(count),
    ])

const asking = [
  "must: an answer has ended, and nothing is permitted without a new one",
  "may:  a no has lapsed; it still permits nothing, and nothing requires asking",
].join("\n")

/** What the rule packs say about themselves, in lines that fit a terminal. */
const packs = ({ packs }: Summary): ReadonlyArray<string> =>
  packs.map(({ side, reference, title, summary, source, notes, warning }) =>
    [
      `${side} ${reference}: ${title}`,
      ...(source === undefined ? [] : [`  source ${source}`]),
      ...[summary, ...notes, warning]
        .filter((text) => text !== undefined)
        .flatMap((text) => Table.wrap(text, 98).map((line, index) => `${index === 0 ? "- " : "  "}${line}`)),
    ].join("\n"),
  )

/** Writes the tables, with a line feed at the end. */
export const write = (summary: Summary): string => {
  const { population, transitions } = summary
  const change = (name: string, { people, pairs }: Count): Row => [
    name,
    count(people),
    share(people, population.people),
    count(pairs),
    share(pairs, population.pairs),
  ]
  const names = new Map(summary.consentTypes.map(({ id, name }) => [id, name]))
  const parts = [
    `From ${Instant.format(summary.from)} until ${Instant.format(summary.until)}: ` +
      `${count(summary.events)} events, ${count(population.people)} people, ${count(population.pairs)} answers`,
    Table.write(
      ["what changes", "people", "", "answers", ""],
      [
        change("anything", summary.changed),
        change("loses permission", summary.losesPermission),
        change("gains permission", summary.gainsPermission),
        change("must be asked again", summary.mustBeAskedAgain),
        change("may be asked again", summary.mayBeAskedAgain),
      ],
    ),
    ...(summary.mustBeAskedAgain.pairs + summary.mayBeAskedAgain.pairs === 0 ? [] : [asking]),
    Table.write(["permitted on", "before", "after"], days(summary)),
    ...(mostAsked(summary).length === 0
      ? []
      : [Table.write(["asking begins on", "must: before", "after", "may: before", "after"], mostAsked(summary))]),

    ...(transitions.length === 0
      ? []
      : [
          Table.write(
            ["consent type", "before", "after", "answers"],
            transitions.map(({ consentType, before, after, pairs }) => [
              names.get(consentType) ?? consentType,
              before,
              after,
              count(pairs),
            ]),
          ),
          Table.write(
            ["why", "answers"],
            summary.reasons.slice(0, 10).map(({ reason, pairs }) => [reason, count(pairs)]),
          ),
        ]),
  ]
  return `${[...parts, ...packs(summary)].join("\n\n")}\n`
}
