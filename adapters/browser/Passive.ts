/**
 * States that a person reaches without a click: implied, where the region counts that, after some visible time; and
 * viewed, once the banner has been visible for a second.
 */
import * as PageTypes from "../../core/browser/PageTypes.ts"
import type { Evidence } from "../../core/browser/VisitAnswer.ts"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import type { Answers } from "./Answers.ts"
import type { Environment } from "./Environment.ts"

/** Records a state about types that have none. */
export type RecordPassive = (
  types: ReadonlyArray<PageTypes.PageType>,
  state: Extract<ConsentState, "implied" | "viewed">,
  evidence: Evidence,
) => void

/** Runs once the page has been visible for some time in all. */
const afterVisible = (env: Environment, millis: number, run: () => void) => {
  let rest = millis
  let since: number | undefined
  let stop = () => {}
  const update = (): void => {
    stop()
    if (since !== undefined) rest -= Math.max(0, env.now() - since)
    since = env.isVisible() ? env.now() : undefined
    if (since !== undefined) stop = env.after(Math.max(0, rest), run)
  }
  update()
  return { update, stop: () => stop() }
}

/** What passive states are recorded by. */
export interface PassiveOptions {
  readonly isKnown: () => boolean
  /** Whether the banner is in the page already. */
  readonly isBannerShown: boolean
  readonly record: RecordPassive
}

/** The passive states of a page. */
export interface Passive {
  /** Begins to wait where there is something to record. */
  readonly update: () => void
}

const viewedMillis = 1000

export const make = (env: Environment, answers: Answers, options: PassiveOptions): Passive => {
  const { isBannerShown, isKnown, record } = options
  let implied: ReturnType<typeof afterVisible> | undefined
  let viewed: ReturnType<typeof afterVisible> | undefined

  /** The types that are asked, have no event at all, and can have the state. */
  const open = (state: ConsentState) =>
    answers
      .types()
      .filter((type) => PageTypes.isAsked(type) || (!type.required && type.visit.category === "privacy_setting"))
      .filter((type) => type.visit.validStates.includes(state) && answers.decide(type)?.status === "unknown")

  env.listen("visibility", () => {
    implied?.update()
    viewed?.update()
  })
  const startViewed = (): void => {
    viewed ??= afterVisible(env, viewedMillis, () => {
      if (isKnown()) record(open("viewed"), "viewed", { surface: "banner" })
    })
  }
  if (isBannerShown) startViewed()
  env.on("shown", ({ surface }) => {
    if (surface === "banner") startViewed()
  })
  return {
    update: () => {
      const region = answers.visit()?.region
      if (region?.consentMode !== "implied" || answers.hasGpc() || implied !== undefined) return
      implied = afterVisible(env, region.impliedConsentDelay * 1000, () => {
        if (!answers.hasGpc()) record(open("implied"), "implied", { surface: "time" })
      })
    },
  }
}
