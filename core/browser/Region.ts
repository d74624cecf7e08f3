/**
 * Regions: where a visitor is decides what a page shows and under which rules answers count.
 *
 * A region is a match on a geography and a set of rules over the project's own types. The page and the server fold the
 * same events under the same rules.
 */

/** How consent is asked for: nothing counts without a click, or passive states count as well. */
export type ConsentMode = "express" | "implied"

/**
 * How a page keeps trackers from loading: `disabled` and `discovery` hold marked-up elements alone, `permissive` also
 * known trackers that are not permitted, `strict` also unknown ones of other sites, `sealed` also by a content security
 * policy.
 */
export type BlockingMode = "disabled" | "discovery" | "permissive" | "strict" | "sealed"

/** How Google's scripts are treated: no consent mode, held until permitted, or loaded with everything denied. */
export type GoogleConsentMode = "disabled" | "basic" | "advanced"

/** What happens in a page in which a script of a withdrawn type ran. */
export type AfterWithdrawal = "reload" | "ask" | "none"

/** The looks of a region. Colours are `#rrggbb`. A member that is left out: ours. */
export interface Branding {
  /** Fills the actions, under the theme `brand`; `secondaryColor`, or else white, writes on it. */
  readonly primaryColor?: string
  readonly secondaryColor?: string
  /** A CSS font family, without `url()`. */
  readonly font?: string
  /** An https address. */
  readonly logoUrl?: string
  /** In CSS pixels. */
  readonly buttonRadius?: number
  readonly cardRadius?: number
}

/** The banner of a region. */
export interface BannerSettings {
  /** false: the page shows nothing by itself. */
  readonly enabled: boolean
  readonly layout: "bar" | "box" | "inline"
  readonly position: "bottom" | "top" | "bottom-left" | "bottom-right" | "center"
  readonly theme: "brand" | "light" | "dark" | "auto"
  /** What closing does: there is no such button, nothing is recorded, or everything is declined, as its label says. */
  readonly closeButton: "none" | "close" | "decline"
  /** Never false in a region of `express`. */
  readonly denyButton: boolean
  readonly customizeButton: boolean
}

/** How a page treats the visitors of a region. */
export interface RegionSettings {
  readonly consentMode: ConsentMode
  readonly blockingMode: BlockingMode
  /** In months. */
  readonly consentDuration: number
  /** Seconds of visible time after which a passive answer counts: only for `implied`. */
  readonly impliedConsentDelay: number
  /** Whether the Global Privacy Control of the browser is recorded as a refusal. */
  readonly gpc: boolean
  /** The subcategories that the signal declines besides `do_not_sell` and `global_privacy_control`. */
  readonly gpcCovers: ReadonlyArray<string>
  readonly doNotSell: boolean
  readonly limitPii: boolean
  readonly gcm: GoogleConsentMode
  /** Consent types of Google by the subcategories that permit them; left out: ours. */
  readonly gcmMap?: Readonly<Record<string, ReadonlyArray<string>>>
  readonly urlPassthrough: boolean
  readonly microsoftUET: boolean
  readonly afterWithdrawal: AfterWithdrawal
  readonly floatingButton: boolean
  readonly consentHistory: boolean
  readonly banner: BannerSettings
  readonly branding: Branding
}

/** A region as it is published. */
export interface Region {
  readonly id: string
  readonly name: string
  /** ISO 3166-1 or 3166-2 codes in upper case; `default`: every visitor that no other region matches. */
  readonly regions: "default" | ReadonlyArray<string>
  readonly settings: RegionSettings
  /** The project's own texts by their language, a canonical tag of BCP 47; one that is left out is ours. */
  readonly texts: Readonly<Record<string, OwnTexts>>
  /** The tag of the language that is shown where none of the visitor's is there. */
  readonly defaultLanguage: string
}

/** Texts of a project in place of ours, all plain, with `[label](https://…)` for links. */
export interface OwnTexts {
  readonly consentBanner?: Partial<BannerTexts>
  readonly privacyCenter?: Partial<PreferenceTexts>
}

/** The texts of the banner. */
export interface BannerTexts {
  readonly title: string
  /** At most 300 characters. */
  readonly text: string
  /** A link to the site's policy, as `[label](https://…)`; empty: none. */
  readonly link: string
  readonly acceptButton: string
  readonly denyButton: string
  readonly customizeButton: string
  readonly closeButton: string
  /** The label of a close button that declines. */
  readonly closeAndDeclineButton: string
}

/** The texts of the preference centre and of the history. */
export interface PreferenceTexts {
  readonly title: string
  readonly text: string
  readonly saveButton: string
  readonly acceptAllButton: string
  readonly declineAllButton: string
  readonly closeButton: string
  /** The label of the button on every page that opens the preference centre. */
  readonly settingsButton: string
  readonly doNotSellLink: string
  readonly limitUseLink: string
  /** Said of a type that is required. */
  readonly required: string
  readonly historyTitle: string
  readonly historyEmpty: string
  /** Said where the choices cannot be read, because there is no network or no answer. */
  readonly historyFailed: string
  readonly historyDownload: string
  readonly undoButton: string
  /** Said of a choice that the server does not have yet. */
  readonly pending: string
  /** The badge that tells that the browser's signal is honoured. */
  readonly signalHonoured: string
  /** Asked before an acceptance that the browser's signal contradicts. */
  readonly signalConflict: string
  readonly acceptAnywayButton: string
  readonly reloadQuestion: string
  readonly reloadButton: string
  readonly notNowButton: string
  /** Introduces what changed in a text that is asked again; `{name}` is the name of the type. */
  readonly changed: string
}

/**
 * What is said of a type, by what is in force: `{since}` and `{until}` are dates. `…Until` is said where the answer has
 * an end.
 */
export interface StatusTexts {
  readonly given: string
  readonly givenUntil: string
  readonly implied: string
  readonly impliedUntil: string
  readonly requested: string
  readonly refused: string
  readonly refusedUntil: string
  readonly withdrawn: string
  readonly expired: string
  /** Its text changed. */
  readonly invalidated: string
  readonly unknown: string
}

/** The texts of a held frame. */
export interface PlaceholderTexts {
  /** `{host}` is where the content comes from, `{name}` the consent type that it needs. */
  readonly text: string
  readonly loadOnceButton: string
  readonly alwaysAllowButton: string
}

/** All texts in one language. */
export interface PageTexts {
  /** A canonical tag of BCP 47. */
  readonly language: string
  readonly dir: "ltr" | "rtl"
  readonly consentBanner: BannerTexts
  readonly privacyCenter: PreferenceTexts
  readonly placeholders: PlaceholderTexts
  readonly statuses: StatusTexts
}
