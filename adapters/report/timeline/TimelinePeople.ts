/**
 * The people of a timeline: with which others the person was joined, what happened to its identifiers, and its erasure.
 */
import type { PersonTimeline } from "../../../core/people/PersonTimeline.ts"
import type { Html } from "../../../core/formats/Html.ts"
import { html } from "../../../core/formats/Html.ts"
import * as Table from "../Table.ts"
import * as Words from "../Words.ts"
import * as TimelineWords from "./TimelineWords.ts"

const membersMax = 50
const factsMax = 200

const members = (timeline: PersonTimeline): Html | undefined => {
  const others = timeline.members.filter((member) => member !== timeline.concordId)
  if (others.length === 0) return undefined
  const { left, shown } = Table.first(others, membersMax)
  return html`<p>
      As known then, ${Words.counted(others.length, "other person is", "other people are")} joined with this one, so
      that what each of them said counts here. Every event says which of them it came with.
    </p>
    <ul class="members">
      ${shown.map((member) => html`<li><code>${member}</code></li>`)}
    </ul>
    ${Table.more(left, left === 1 ? "person" : "people")}`
}

const facts = (timeline: PersonTimeline): Html | undefined => {
  const all = timeline.facts
  if (all.length === 0) return undefined
  const { left, shown } = Table.first(all, factsMax)
  return html`<div class="stacked">
      ${Table.table({
        caption: "What was recorded about the identity of this person, as known then",
        columns: [{ heading: "Recorded" }, { heading: "What" }, { heading: "By" }],
        rows: shown.map((fact) => [
          Words.briefDate(fact.dateCreated),
          `${TimelineWords.factInWords(fact, all)}.`,
          TimelineWords.submitterOf(fact.submitter, timeline),
        ]),
      })}
    </div>
    ${Table.more(left, left === 1 ? "fact" : "facts")}`
}

/** The section's content; `undefined` if the person is joined with no one and nothing was recorded about it. */
export const section = (timeline: PersonTimeline): Html | undefined => {
  const parts = [members(timeline), facts(timeline)].filter((part) => part !== undefined)
  return parts.length === 0 ? undefined : html`${parts}`
}
