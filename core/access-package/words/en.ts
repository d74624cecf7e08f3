/** The words of the page of an access package, in English. */
import type { PackageWords } from "../PackageWords.ts"

/** English. */
export const words: PackageWords = {
  language: "en",
  eyebrow: "Access package",
  title: (organization) => `What ${organization} holds about you`,
  lead: (organization) =>
    `This is a copy of everything that the consent ledger of ${organization} holds about you: your answers, how they came about, and what is kept with them.`,
  labels: {
    request: "Request",
    received: "Received",
    prepared: "Prepared",
    what: "What it is about",
    answer: "Your answer",
    since: "Since",
    until: "Until",
    date: "Date",
    recorded: "Recorded",
    where: "Where and how",
    kind: "Kind",
    website: "Website",
    region: "Region",
    address: "Network address",
    browser: "Browser",
    ends: "Ends",
    status: "Status",
    outcome: "Outcome",
    file: "File",
    size: "Size",
    content: "What it contains",
  },
  nothing: {
    heading: "Nothing is held about you",
    about:
      "The contact details that you have shown to be yours name no person in this ledger. It holds your request alone, which is below.",
  },
  sections: {
    answers: { heading: "Your answers now", about: "What you were asked, and how your answer counts today." },
    history: { heading: "What was recorded", about: "Each answer as it was recorded, the latest first." },
    identifiers: {
      heading: "How you are recognized",
      about:
        "The ledger does not keep your e-mail address, phone number or account number. It keeps a code that is computed from each with a secret key, so their kinds are listed here and not their values. What was typed with a request of yours is kept with that request: it is in compliance-requests.json.",
    },
    profile: { heading: "Your profile", about: "What was stored for you to be shown." },
    sessions: {
      heading: "Your visits",
      about: "Visits that are still kept. The network address was shortened before it was stored.",
    },
    requests: { heading: "Your requests", about: "What you have asked for under data protection law." },
    files: {
      heading: "Documents for you",
      about: "Documents that were added to the answer. They are in the folder files.",
    },
  },
  empty: "Nothing is kept here.",
  partOf: (shown, all, file) => `${shown} of ${all} are on this page. All of them are in ${file}.`,
  joined: (people) =>
    `${people} random ids are counted as you, because you were recognized in several browsers or accounts. This package covers all of them.`,
  erased: "Data of yours were erased before. What is left, and which erasure it was, is in erasures.json.",
  statuses: {
    given: "You agreed",
    implied: "Treated as agreed",
    requested: "Shown to you, not answered",
    refused: "You refused",
    withdrawn: "You withdrew your agreement",
    expired: "Your agreement has expired",
    invalidated: "No longer counts, because the text has changed",
    unknown: "No answer",
  },
  states: { accepted: "Agreed", declined: "Refused", implied: "Treated as agreed", viewed: "Shown" },
  actions: { user_click: "by a click", implied: "without a click", import: "taken over from another system" },
  identifiers: {
    userId: "Account number",
    projectUserId: "Account number of one website",
    email: "E-mail address",
    phoneNumber: "Phone number",
    contextId: "Browser",
    unknown: "Identifier",
  },
  requests: {
    view: "Access to your data",
    change: "Correction of your data",
    delete: "Erasure of your data",
    do_not_sell: "No sale of your data",
  },
  requestStatuses: {
    pending_verification: "Waits until you show your identity",
    submitted: "Received",
    acknowledged: "In progress",
    resolved: "Answered",
  },
  outcomes: {
    completed: "Done",
    partially_completed: "Done in part",
    no_records_found: "Nothing found",
    denied: "Denied",
    withdrawn: "Withdrawn",
  },
  contents: {
    heading: "The files of this package",
    about:
      "The other files hold the same and more in a form that programs read (JSON). manifest.json has a checksum of each.",
  },
  entries: {
    "events.ndjson": "Every recorded answer, one a line",
    "decisions.json": "How each answer counts now, and why",
    "consent-types.json": "The texts that you were shown",
    "identifiers.json": "The kinds of your identifiers, and since when they are known",
    "profile.json": "Your profile",
    "personal-data.json": "Everything about you that is stored encrypted",
    "sessions.json": "Your visits",
    "joins.json": "The random ids that are counted as you, and why",
    "compliance-requests.json": "Your requests and what happened to them",
    "erasures.json": "Erasures of your data",
    "systems.json": "Where and why your data is processed, who receives it, and how long it is kept",
    "files/": "Documents for you",
    "index.html": "This page",
    "manifest.json": "What the package consists of, with checksums",
  },
  absent: {
    heading: "What is not in it",
    about: (organization) =>
      `This package covers the consent ledger alone. ${organization} may hold data about you in other systems; the answer to your request speaks of them.`,
    policy: "Privacy policy",
  },
  rights: {
    heading: "Your rights",
    about:
      "You can ask for correction or erasure of your data, and withdraw an agreement at any time. If you think that your data are handled wrongly, you can complain to a data protection authority.",
  },
}
