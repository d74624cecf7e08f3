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
    .filter(({ askedAfter }) => askedAfter > 0)
    .toSorted((a, b) => b.askedAfter - a.askedAfter || a.at - b.at)
    .slice(0, 5)
    .map(({ at, askedBefore, askedAfter }) => [Instant.format(at).slice(0, 10), count(askedBefore), count(askedAfter)])

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
      ],
    ),
    Table.write(["permitted on", "before", "after"], days(summary)),
    ...(mostAsked(summary).length === 0 ? [] : [Table.write(["asked most on", "before", "after"], mostAsked(summary))]),
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
  return `${parts.join("\n\n")}\n`
}
