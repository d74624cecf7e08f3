/** The metrics and labels that a query in PromQL asks for, parsed with the grammar of Prometheus. */
import { parser } from "@prometheus-io/lezer-promql"

/** A metric name with the labels by which its series are selected. */
export interface Selector {
  readonly name: string
  readonly labels: ReadonlyArray<string>
}

/** The metrics and labels that a query asks for. */
export interface Asked {
  readonly selectors: ReadonlyArray<Selector>
  /** The labels by which it groups. */
  readonly groups: ReadonlyArray<string>
}

/** Parses a query. Fails if it is not PromQL. */
export const asked = (query: string): Asked => {
  const selectors: Array<{ name: string; labels: Array<string> }> = []
  const groups: Array<string> = []
  let isGrouping = false
  parser.parse(query).iterate({
    enter: ({ from, name, to, type }) => {
      const text = query.slice(from, to)
      if (type.isError) throw new Error(`no PromQL at ${from}: ${query}`)
      if (name === "VectorSelector") selectors.push({ name: /^\w*/.exec(text)![0], labels: [] })
      if (name === "GroupingLabels") isGrouping = true
      if (name !== "LabelName") return
      if (isGrouping) groups.push(text)
      else selectors.at(-1)!.labels.push(text)
    },
    leave: ({ name }) => {
      if (name === "GroupingLabels") isGrouping = false
    },
  })
  return { selectors, groups }
}
