/** What a query in PromQL asks for, read by the grammar of Prometheus itself. */
import { parser } from "@prometheus-io/lezer-promql"

/** A name with the labels by which it is chosen. */
export interface Selector {
  readonly name: string
  readonly labels: ReadonlyArray<string>
}

/** What a query asks for. */
export interface Asked {
  readonly selectors: ReadonlyArray<Selector>
  /** The labels by which it groups. */
  readonly groups: ReadonlyArray<string>
}

/** Reads a query; one that is none is an error. */
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
