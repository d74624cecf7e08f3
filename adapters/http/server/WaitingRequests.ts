/**
 * Requests that wait for something else than their own work: they give up their place in `LoadShedding`, and have
 * bounds of their own.
 */
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { GiveUp } from "../../../core/ledger/WorkingPlace.ts"
import { StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
import * as LoadShedding from "./LoadShedding.ts"
import * as Shares from "./Shares.ts"

/** The highest number of requests that wait. */
export const bounds: Shares.Bounds = { each: 64, inAll: 256 }

const tooMany = new StoreUnavailable({ reason: "too many requests of the organization wait already" })

/** Makes the function that gives the place of an organization's request to the ledger. One for each server. */
export const make = () => {
  const take = Shares.make(bounds)
  return (organizationId: string, { source }: HttpServerRequest.HttpServerRequest): GiveUp =>
    Effect.suspend(() => {
      const giveBack = take(organizationId)
      if (giveBack === undefined) return Effect.fail(tooMany)
      const takeAgain = LoadShedding.giveUp(source)
      return Effect.succeed(() => {
        giveBack()
        takeAgain()
      })
    })
}
