/**
 * The answer in four numbers: how many people must be asked again, may be asked again after a no, lose a permission,
 * and gain one.
 */
import type { Count, Summary } from "../../core/simulation/Summary.ts"
import type { Html } from "../../core/formats/Html.ts"
import { html } from "../../core/formats/Html.ts"
import * as Words from "./Words.ts"

const people = (value: number): string => Words.counted(value, "person", "people")

const answers = (value: number): string => Words.counted(value, "answer", "answers")

const number = (kind: string, words: string, meaning: string, { people: affected, pairs }: Count, all: Count): Html =>
  html`<li class="${kind}">
    <strong class="number">${Words.count(affected)}</strong>
    <span class="what">${affected === 1 ? "person" : "people"} ${words}</span>
    <span class="detail">${Words.share(affected, all.people)} of all people · ${answers(pairs)}</span>
    <span class="detail">${meaning}</span>
  </li>`

const verb = ({ people }: Count, word: "lose" | "gain"): string => `${word}${people === 1 ? "s" : ""} a permission`

/** The result of the simulation in one sentence. */
export const sentence = ({ changed, population }: Summary): string =>
  population.people === 0
    ? "Nothing would change: there is no event, so there is nobody with an answer."
    : changed.pairs === 0
      ? `Nothing would change: ${people(population.people)} would have exactly the answers they have under today’s rules.`
      : `Of ${people(population.people)}, ${Words.count(changed.people)} (${Words.share(changed.people, population.people)}) ` +
        `would have a different answer at some time in this window: ${answers(changed.pairs)} of ${Words.count(population.pairs)}.`

const meanings = {
  must: "An answer has ended, and nothing is permitted without a new one.",
  may: "A no has lapsed. It still permits nothing, and nothing requires asking.",
  loses: "At some time not permitted, although today’s rules permit.",
  gains: "At some time permitted, although today’s rules do not permit.",
} as const

/** The sentence and the four numbers. */
export const section = (summary: Summary): Html => {
  const { mayBeAskedAgain, mustBeAskedAgain, losesPermission, gainsPermission, population } = summary
  return html`<p class="lead">${sentence(summary)}</p>
    <ul class="numbers">
      ${number("ask", "must be asked again", meanings.must, mustBeAskedAgain, population)}
      ${number("may", "may be asked again", meanings.may, mayBeAskedAgain, population)}
      ${number("loss", verb(losesPermission, "lose"), meanings.loses, losesPermission, population)}
      ${number("gain", verb(gainsPermission, "gain"), meanings.gains, gainsPermission, population)}
    </ul>
    <p class="aside">One person can be counted under several of these, with several answers or at different times.</p>`
}
