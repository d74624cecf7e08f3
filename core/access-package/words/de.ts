/** The words of the page of an access package, in German. */
import type { PackageWords } from "../PackageWords.ts"

/** German. */
export const words: PackageWords = {
  language: "de",
  eyebrow: "Auskunft",
  title: (organization) => `Was ${organization} über Sie speichert`,
  lead: (organization) =>
    `Dies ist eine Kopie von allem, was das Einwilligungsregister von ${organization} über Sie enthält: Ihre Antworten, wie sie zustande kamen und was mit ihnen aufbewahrt wird.`,
  labels: {
    request: "Anfrage",
    received: "Eingegangen",
    prepared: "Erstellt",
    what: "Worum es geht",
    answer: "Ihre Antwort",
    since: "Seit",
    until: "Bis",
    date: "Datum",
    recorded: "Erfasst",
    where: "Wo und wie",
    kind: "Art",
    website: "Website",
    region: "Region",
    address: "Netzwerkadresse",
    browser: "Browser",
    ends: "Endet",
    status: "Stand",
    outcome: "Ergebnis",
    file: "Datei",
    size: "Größe",
    content: "Inhalt",
  },
  nothing: {
    heading: "Über Sie ist nichts gespeichert",
    about:
      "Die Kontaktdaten, die Sie als Ihre nachgewiesen haben, gehören zu keiner Person in diesem Register. Es enthält nur Ihre Anfrage; sie steht unten.",
  },
  sections: {
    answers: { heading: "Ihre Antworten heute", about: "Wonach Sie gefragt wurden und wie Ihre Antwort heute gilt." },
    history: { heading: "Was erfasst wurde", about: "Jede Antwort, wie sie erfasst wurde, die neueste zuerst." },
    identifiers: {
      heading: "Woran Sie erkannt werden",
      about:
        "Das Register bewahrt weder Ihre E-Mail-Adresse noch Ihre Telefon- oder Kontonummer auf, sondern einen Code, der daraus mit einem geheimen Schlüssel berechnet wird. Deshalb stehen hier die Arten und keine Werte. Was mit einer Anfrage von Ihnen eingegeben wurde, wird bei dieser Anfrage aufbewahrt: Es steht in compliance-requests.json.",
    },
    profile: { heading: "Ihr Profil", about: "Was gespeichert wurde, um es Ihnen anzuzeigen." },
    sessions: {
      heading: "Ihre Besuche",
      about: "Besuche, die noch gespeichert sind. Die Netzwerkadresse wurde vor dem Speichern gekürzt.",
    },
    requests: { heading: "Ihre Anfragen", about: "Was Sie nach dem Datenschutzrecht verlangt haben." },
    files: {
      heading: "Dokumente für Sie",
      about: "Dokumente, die der Antwort beigefügt wurden. Sie liegen im Ordner files.",
    },
  },
  empty: "Hier ist nichts gespeichert.",
  partOf: (shown, all, file) => `${shown} von ${all} stehen auf dieser Seite. Alle stehen in ${file}.`,
  joined: (people) =>
    `${people} zufällige Kennungen werden als Sie gezählt, weil Sie in mehreren Browsern oder Konten erkannt wurden. Diese Auskunft umfasst alle.`,
  erased: "Daten von Ihnen wurden früher gelöscht. Was davon blieb und welche Löschung es war, steht in erasures.json.",
  statuses: {
    given: "Sie haben zugestimmt",
    implied: "Gilt als Zustimmung",
    requested: "Ihnen gezeigt, nicht beantwortet",
    refused: "Sie haben abgelehnt",
    withdrawn: "Sie haben Ihre Zustimmung widerrufen",
    expired: "Ihre Zustimmung ist abgelaufen",
    invalidated: "Gilt nicht mehr, weil sich der Text geändert hat",
    unknown: "Keine Antwort",
  },
  states: { accepted: "Zugestimmt", declined: "Abgelehnt", implied: "Gilt als Zustimmung", viewed: "Gezeigt" },
  actions: { user_click: "durch einen Klick", implied: "ohne Klick", import: "aus einem anderen System übernommen" },
  identifiers: {
    userId: "Kontonummer",
    projectUserId: "Kontonummer einer Website",
    email: "E-Mail-Adresse",
    phoneNumber: "Telefonnummer",
    contextId: "Browser",
    unknown: "Kennung",
  },
  requests: {
    view: "Auskunft über Ihre Daten",
    change: "Berichtigung Ihrer Daten",
    delete: "Löschung Ihrer Daten",
    do_not_sell: "Kein Verkauf Ihrer Daten",
  },
  requestStatuses: {
    pending_verification: "Wartet auf den Nachweis, wer Sie sind",
    submitted: "Eingegangen",
    acknowledged: "In Bearbeitung",
    resolved: "Beantwortet",
  },
  outcomes: {
    completed: "Erledigt",
    partially_completed: "Teilweise erledigt",
    no_records_found: "Nichts gefunden",
    denied: "Abgelehnt",
    withdrawn: "Zurückgezogen",
  },
  contents: {
    heading: "Die Dateien dieser Auskunft",
    about:
      "Die übrigen Dateien enthalten dasselbe und mehr in einer Form, die Programme lesen (JSON). manifest.json enthält von jeder eine Prüfsumme.",
  },
  entries: {
    "events.ndjson": "Jede erfasste Antwort, eine je Zeile",
    "decisions.json": "Wie jede Antwort jetzt gilt und warum",
    "consent-types.json": "Die Texte, die Ihnen gezeigt wurden",
    "identifiers.json": "Die Arten Ihrer Kennungen und seit wann sie bekannt sind",
    "profile.json": "Ihr Profil",
    "personal-data.json": "Alles über Sie, was verschlüsselt gespeichert ist",
    "sessions.json": "Ihre Besuche",
    "joins.json": "Die zufälligen Kennungen, die als Sie gezählt werden, und warum",
    "compliance-requests.json": "Ihre Anfragen und was mit ihnen geschah",
    "erasures.json": "Löschungen Ihrer Daten",
    "systems.json": "Wo und wofür Ihre Daten verarbeitet werden, wer sie erhält und wie lange sie aufbewahrt werden",
    "files/": "Dokumente für Sie",
    "index.html": "Diese Seite",
    "manifest.json": "Woraus die Auskunft besteht, mit Prüfsummen",
  },
  absent: {
    heading: "Was nicht darin steht",
    about: (organization) =>
      `Diese Auskunft umfasst nur das Einwilligungsregister. ${organization} kann in anderen Systemen weitere Daten über Sie speichern; davon spricht die Antwort auf Ihre Anfrage.`,
    policy: "Datenschutzerklärung",
  },
  rights: {
    heading: "Ihre Rechte",
    about:
      "Sie können die Berichtigung oder Löschung Ihrer Daten verlangen und eine Zustimmung jederzeit widerrufen. Wenn Sie meinen, dass Ihre Daten nicht richtig behandelt werden, können Sie sich bei einer Datenschutzbehörde beschweren.",
  },
}
