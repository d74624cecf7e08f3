/**
 * Settings to begin with. A region keeps a copy of them, so that a template may change without changing what a
 * project decided.
 */
import type { RegionSettings } from "./Region.ts"

/** The European Union and what is like it: nothing without a click, and everything held until then. */
const gdpr: RegionSettings = {
  consentMode: "express",
  blockingMode: "permissive",
  consentDuration: 6,
  impliedConsentDelay: 0,
  gpc: true,
  gpcCovers: ["marketing"],
  doNotSell: false,
  limitPii: false,
  gcm: "basic",
  urlPassthrough: false,
  microsoftUET: false,
  afterWithdrawal: "reload",
  floatingButton: true,
  consentHistory: true,
  banner: {
    enabled: true,
    layout: "bar",
    position: "bottom",
    theme: "auto",
    closeButton: "none",
    denyButton: true,
    customizeButton: true,
  },
  branding: {},
}

/** A notice, and a way to opt out: passive states count until then. */
const united_states: RegionSettings = {
  ...gdpr,
  consentMode: "implied",
  consentDuration: 12,
  doNotSell: true,
  banner: { ...gdpr.banner, layout: "box", position: "bottom-right", closeButton: "close" },
}

/** As in the United States, with the two links that California asks for. */
const california: RegionSettings = { ...united_states, limitPii: true }

/** Nothing decided but what is strict: to be changed as a whole. */
const custom: RegionSettings = { ...gdpr, gcm: "disabled" }

/** Every template, by its name. */
export const templates = { gdpr, united_states, california, custom } as const

/** The name of a template. */
export type RegionTemplate = keyof typeof templates

/** The names of all templates. */
export const names = Object.keys(templates) as ReadonlyArray<RegionTemplate>
