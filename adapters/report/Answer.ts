/**
 * The answer in three numbers: how many people must be asked again, lose a permission, and gain one.
 */
import type { Count, Summary } from "../../core/simulation/Summary.ts"
import type { Html } from "./Html.ts"
import { html } from "./Html.ts"
import * as Words from "./Words.ts"

const people = (value: number): string => Words.counted(value, "person", "people")

const answers = (value: number): string => Words.counted(value, "answer", "answers")

const number = (kind: string, words: string, { people: affected, pairs }: Count, all: Count): Html =>
  html`<li class="${kind}">
    <strong class="number">${Words.count(affected)}</strong>
    <span class="what">${affected === 1 ? "person" : "people"} ${words}</span>
    <span class="detail">${Words.share(affected, all.people)} of all people · ${answers(pairs)}</span>
  </li>`

/** The result of the simulation in one sentence. */
export const sentence = ({ changed, population }: Summary): string =>
  population.people === 0
    ? "Nothing would change: there is no event, so there is nobody with an answer."
    : changed.pairs === 0
      ? `Nothing would change: ${people(population.people)} would have exactly the answers they have under today’s rules.`
      : `Of ${people(population.people)}, ${Words.count(changed.people)} (${Words.share(changed.people, population.people)}) ` +
        `would have a different answer at some time in this window: ${answers(changed.pairs)} of ${Words.count(population.pairs)}.`

/** The sentence and the three numbers. */
export const section = (summary: Summary): Html => {
  const { mustBeAskedAgain, losesPermission, gainsPermission, population } = summary
  return html`<p class="lead">${sentence(summary)}</p>
    <ul class="numbers">
      ${number("ask", "must be asked again", mustBeAskedAgain, population)}
      ${number("loss", "lose a permission", losesPermission, population)}
      ${number("gain", "gain a permission", gainsPermission, population)}
    </ul>`
}
