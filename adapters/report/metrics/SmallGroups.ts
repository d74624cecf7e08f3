/**
 * Events by region or host name, month by month. A number that is not shown is said in words, and so is why.
 */
import type { ConsentAnswer, ConsentMetric } from "../../../core/counting/ConsentMetrics.ts"
import * as MetricsAggregator from "../../../core/metrics/MetricsAggregator.ts"
import * as SmallCells from "../../../core/metrics/SmallCells.ts"
import type { Html } from "../../../core/formats/Html.ts"
import { html } from "../../../core/formats/Html.ts"
import * as Table from "../Table.ts"
import * as Words from "../Words.ts"
import * as MetricsWords from "./MetricsWords.ts"
import * as WideTable from "./WideTable.ts"

const groupsMax = 15
const rowsMax = 2000

/** What the groups are. */
export interface GroupWords {
  /** `region`. */
  readonly one: string
  readonly many: string
  /** Of events that have none. */
  readonly without: string
}

const hidden = "not shown"

const cell = (count: number | undefined): string => (count === undefined ? hidden : Words.count(count))

const shownSum = ({ counts }: ConsentMetric): number =>
  [...counts.values()].reduce<number>((sum, count) => sum + (count ?? 0), 0)

/** The groups of a month with the largest numbers first. */
const sorted = (metrics: ReadonlyArray<ConsentMetric>): ReadonlyArray<ConsentMetric> =>
  metrics.toSorted((a, b) => shownSum(b) - shownSum(a) || (a.group < b.group ? -1 : 1))

const isHidden = ({ counts }: ConsentMetric): boolean => [...counts.values()].includes(undefined)

const columns = (first: string): ReadonlyArray<Table.TableColumn> => [
  { heading: first },
  ...[...Object.values(MetricsWords.states), "Rate"].map((heading) => ({ heading, isFigure: true })),
]

const row = (metric: ConsentMetric, name: string): ReadonlyArray<string> => [
  name,
  ...MetricsAggregator.states.map((state) => cell(metric.counts.get(state))),
  MetricsWords.rate(MetricsWords.rateOf(metric)),
]

const why = (metrics: ReadonlyArray<ConsentMetric>, { many }: GroupWords): Html | undefined =>
  metrics.some(isHidden)
    ? html`<p class="aside">
        Numbers from 1 to ${SmallCells.least - 1} are ${hidden}, because so few events may be about a known person. Nor
        are numbers of other ${many} from which they could be computed. Where no other number could hide one, nothing of
        that column in that month is shown.
      </p>`
    : undefined

const first = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`

const monthTable = (metrics: ReadonlyArray<ConsentMetric>, words: GroupWords): Html => {
  const { left, shown } = Table.first(sorted(metrics), groupsMax)
  return html`${WideTable.write({
    caption: `Events by ${words.one} in ${MetricsWords.month(metrics[0]!.period.from)}`,
    columns: columns(first(words.one)),
    rows: shown.map((metric) => row(metric, metric.group === "" ? words.without : metric.group)),
  })}
  ${Table.more(left, left === 1 ? words.one : words.many)}`
}

const everyMonth = (months: ReadonlyArray<ReadonlyArray<ConsentMetric>>, words: GroupWords): Html | undefined => {
  const { left, shown } = Table.first(months.flatMap(sorted), rowsMax)
  if (months.length < 2 && shown.length <= groupsMax) return undefined
  return html`${Table.behind({
    caption: `Events by ${words.one}, every month`,
    columns: columns(`Month and ${words.one}`),
    rows: shown.map((metric) =>
      row(metric, `${MetricsWords.month(metric.period.from)}, ${metric.group === "" ? words.without : metric.group}`),
    ),
  })}
  ${Table.more(left, left === 1 ? "row" : "rows")}`
}

/** The section's content: the last month, why numbers are left out, and every month as a table. */
export const section = (answer: ConsentAnswer | undefined, words: GroupWords): Html => {
  if (answer === undefined) {
    return html`<p>There are too many counts to read for these days: ask for fewer with --days.</p>`
  }
  const months = [...Map.groupBy(answer.items, ({ period }) => period.from)]
    .toSorted(([a], [b]) => b - a)
    .map(([, metrics]) => metrics)
  const [last] = months
  if (last === undefined) {
    return html`<p>
      Nothing is shown yet: by ${words.one} a month is shown once it is over, if it has numbers that may be shown.
    </p>`
  }
  return html`<p>A month is shown once it is over, the last one here.</p>
    ${monthTable(last, words)} ${why(months.flat(), words)} ${everyMonth(months, words)}`
}
