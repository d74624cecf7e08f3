/**
 * Texts for the tests of the banner.
 */
import type { ShownTexts } from "../../../core/browser/Region.ts"

export const en: ShownTexts = {
  language: "en",
  dir: "ltr",
  consentBanner: {
    title: "Your privacy, your choice",
    text: "With your permission we and our partners store data on your device: to count visits, to remember your settings and to show ads. You can change your answer at any time.",
    link: "[Privacy policy](https://site.example/privacy)",
    acceptButton: "Accept all",
    denyButton: "Refuse all",
    customizeButton: "Choose",
    closeButton: "Close",
    closeAndDeclineButton: "Close and refuse all",
  },
  privacyCenter: {
    title: "Privacy settings",
    text: "Choose what this site may do. Nothing is on unless you switch it on.",
    saveButton: "Save my choices",
    acceptAllButton: "Accept all",
    declineAllButton: "Refuse all",
    closeButton: "Close without saving",
    settingsButton: "Privacy settings",
    doNotSellLink: "Do not sell or share my data",
    limitUseLink: "Limit the use of my sensitive data",
    required: "Always on",
    historyTitle: "Your choices so far",
    historyEmpty: "You have not chosen anything yet.",
    historyDownload: "Download",
    undoButton: "Withdraw",
    pending: "Saved on this device. It counts here already and is sent as soon as there is a connection.",
    signalHonoured: "Your browser asks sites not to sell or share your data (Global Privacy Control). We honour that.",
    signalConflict:
      "Your browser asks us not to share your data. If you accept, we will do it on this site all the same.",
    acceptAnywayButton: "Accept all the same",
    reloadQuestion: "What you no longer allow has stopped. Some of it goes away only once the page loads again.",
    reloadButton: "Load again",
    notNowButton: "Not now",
    changed: "The text of “{name}” has changed, so we ask you again.",
  },
  placeholders: {
    text: "This content comes from {host}. It needs “{name}”.",
    loadOnceButton: "Load once",
    alwaysAllowButton: "Always allow",
  },
  statuses: {
    given: "Allowed on {since}",
    givenUntil: "Allowed on {since}, until {until}",
    implied: "On since {since}, without an answer from you",
    impliedUntil: "On since {since}, without an answer from you, until {until}",
    requested: "You were asked on {since}",
    refused: "Refused on {since}",
    refusedUntil: "Refused on {since}; we may ask again from {until}",
    withdrawn: "Withdrawn on {since}",
    expired: "Your answer of {since} ended on {until}",
    invalidated: "Your answer of {since} no longer counts, because the text has changed",
    unknown: "You have not been asked yet",
  },
}
