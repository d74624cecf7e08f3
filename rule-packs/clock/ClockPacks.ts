/**
 * The clock packs that come with Assent: by when a law wants a compliance request to be answered, as versioned data
 * that never changes. `SHA256SUMS` holds the digest of every file ever published. No pack is legal advice.
 */
import type { Clock, ClockPack, RequestKind } from "../../core/compliance/ClockPack.ts"
import * as Pack from "../../core/compliance/ClockPack.ts"
import ccpa from "./ccpa@2023-03.json" with { type: "json" }
import gdpr from "./gdpr@2018-05.json" with { type: "json" }
import none from "./none@1.json" with { type: "json" }
import ukGdpr from "./uk-gdpr@2026-02.json" with { type: "json" }

/** The members of a pack's file. TypeScript reads texts of JSON as `string`: the tests compare them with the type. */
type PackFile = Omit<ClockPack, "clocks"> & { readonly clocks: Readonly<Record<RequestKind, object>> }

const clockOf = (clock: object): Clock => clock as Clock

const packOf = ({ clocks, ...pack }: PackFile): ClockPack => ({
  ...pack,
  clocks: {
    view: clockOf(clocks.view),
    change: clockOf(clocks.change),
    delete: clockOf(clocks.delete),
    do_not_sell: clockOf(clocks.do_not_sell),
  },
})

/** Every pack, sorted by reference. */
export const all: ReadonlyArray<ClockPack> = [ccpa, gdpr, none, ukGdpr].map(packOf)

/** The pack of a request for which none is chosen. */
export const defaultReference = Pack.reference(gdpr)

/** The pack with exactly this reference. It never guesses a version. */
export const find = (reference: string): ClockPack | undefined => all.find((pack) => Pack.reference(pack) === reference)
