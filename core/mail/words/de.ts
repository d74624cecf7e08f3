/**
 * The words of mails in German.
 */
import type { MailWords } from "../MailWords.ts"

export const words: MailWords = {
  language: "de",
  direction: "ltr",
  requests: {
    view: "Auskunft über Ihre personenbezogenen Daten",
    change: "Berichtigung Ihrer personenbezogenen Daten",
    delete: "Löschung Ihrer personenbezogenen Daten",
    do_not_sell: "kein Verkauf und keine Weitergabe Ihrer personenbezogenen Daten",
  },
  staffRequests: {
    view: "Auskunft",
    change: "Berichtigung",
    delete: "Löschung",
    do_not_sell: "kein Verkauf und keine Weitergabe",
  },
  outcomes: {
    completed: "Wir haben getan, worum Sie gebeten haben.",
    partially_completed: "Wir haben einen Teil dessen getan, worum Sie gebeten haben.",
    no_records_found: "Wir haben keine personenbezogenen Daten zu Ihnen gefunden.",
  },
  grounds: {
    identity_not_shown: "Es wurde nicht nachgewiesen, dass der Antrag von der betroffenen Person stammt.",
    no_match: "Wir haben keine Daten, die zu den Angaben passen.",
    unfounded_or_excessive: "Der Antrag ist offenkundig unbegründet oder exzessiv.",
    exempt: "Das Gesetz nimmt diese Daten von dem Antrag aus.",
    others_rights: "Die Rechte anderer Personen würden beeinträchtigt.",
    not_covered: "Das Gesetz gibt dieses Recht in Ihrem Fall nicht.",
    duplicate: "Denselben Antrag von Ihnen bearbeiten wir bereits.",
    other: "Siehe unten.",
  },
  complaint:
    "Wenn Sie damit nicht einverstanden sind, können Sie uns schreiben. Sie können sich auch bei einer " +
    "Datenschutzaufsichtsbehörde beschweren oder einen gerichtlichen Rechtsbehelf einlegen.",
  templates: {
    verification: {
      subject: "{organization}: Bitte bestätigen Sie Ihren Antrag",
      paragraphs: [
        "Guten Tag,",
        "{organization} hat einen Antrag mit dieser E-Mail-Adresse erhalten: {request}.",
        "Wenn er von Ihnen ist, geben Sie diesen Code auf der Seite ein, auf der Sie den Antrag gestellt haben:",
        "{code}",
        "Oder bestätigen Sie ihn auf dieser Seite:\n{link}",
        "Das ist möglich bis {expires}.",
        "Wenn er nicht von Ihnen ist, geben Sie den Code nicht weiter. Ohne ihn geschieht nichts mit Ihren Daten.",
      ],
    },
    received: {
      subject: "{organization}: Wir haben Ihren Antrag erhalten",
      paragraphs: [
        "Guten Tag,",
        "{organization} hat Ihren Antrag erhalten: {request}.",
        "Sie bekommen spätestens am {dueDate} eine Antwort.",
        "Hier sehen Sie, wie es um Ihren Antrag steht:\n{link}",
      ],
    },
    opted_out: {
      subject: "{organization}: Ihr Widerspruch ist vermerkt",
      paragraphs: [
        "Guten Tag,",
        "{organization} hat Ihren Widerspruch vermerkt: {request}. Sie müssen nichts weiter tun.",
        "Hier sehen Sie, wie es um Ihren Antrag steht:\n{link}",
      ],
    },
    clarification: {
      subject: "{organization}: Wir haben eine Frage zu Ihrem Antrag",
      paragraphs: [
        "Guten Tag,",
        "{organization} braucht weitere Angaben, um Ihren Antrag zu beantworten: {request}.",
        "{reason}",
        "Bitte antworten Sie hier:\n{link}",
      ],
    },
    extended: {
      subject: "{organization}: Wir brauchen mehr Zeit für Ihren Antrag",
      paragraphs: [
        "Guten Tag,",
        "{organization} braucht mehr Zeit für Ihren Antrag: {request}.",
        "Grund: {reason}",
        "Sie bekommen spätestens am {dueDate} eine Antwort.",
        "Hier sehen Sie, wie es um Ihren Antrag steht:\n{link}",
        "{complaint}",
      ],
    },
    package_ready: {
      subject: "{organization}: Ihre Daten liegen bereit",
      paragraphs: [
        "Guten Tag,",
        "{organization} hat die personenbezogenen Daten zusammengestellt, die zu Ihnen gespeichert sind.",
        "Hier können Sie sie herunterladen:\n{link}",
        "Das ist möglich bis {expires}.",
        "Wer diese Mail hat, kann Ihre Daten herunterladen. Bitte leiten Sie sie nicht weiter.",
      ],
    },
    resolved: {
      subject: "{organization}: Die Antwort auf Ihren Antrag",
      paragraphs: [
        "Guten Tag,",
        "{organization} hat Ihren Antrag abgeschlossen: {request}.",
        "{outcome}",
        "{resolution}",
        "Hier finden Sie alles dazu:\n{link}",
        "{complaint}",
      ],
    },
    denied: {
      subject: "{organization}: Die Antwort auf Ihren Antrag",
      paragraphs: [
        "Guten Tag,",
        "{organization} kommt Ihrem Antrag nicht nach: {request}.",
        "Grund: {reason}",
        "{resolution}",
        "Hier finden Sie alles dazu:\n{link}",
        "{complaint}",
      ],
    },
    withdrawn: {
      subject: "{organization}: Ihr Antrag ist zurückgezogen",
      paragraphs: [
        "Guten Tag,",
        "Ihr Antrag ist zurückgezogen: {request}. {organization} unternimmt nichts weiter.",
        "Wenn Sie es sich anders überlegen, können Sie jederzeit einen neuen Antrag stellen.",
      ],
    },
    reopened: {
      subject: "{organization}: Wir bearbeiten Ihren Antrag wieder",
      paragraphs: [
        "Guten Tag,",
        "{organization} bearbeitet Ihren Antrag wieder: {request}.",
        "Sie bekommen spätestens am {dueDate} eine Antwort.",
        "Hier sehen Sie, wie es um Ihren Antrag steht:\n{link}",
      ],
    },
    sender_check: {
      subject: "{organization}: Bitte bestätigen Sie diese Absenderadresse",
      paragraphs: [
        "Guten Tag,",
        "{organization} möchte Mails zu Datenschutzanträgen von dieser Adresse aus verschicken.",
        "Wenn das richtig ist, geben Sie diesen Code der Person, die die Adresse hinzugefügt hat:",
        "{code}",
        "Das ist möglich bis {expires}.",
        "Wenn Sie davon nichts wissen, beachten Sie diese Mail nicht. Ohne den Code wird nichts von Ihrer Adresse aus verschickt.",
      ],
    },
    staff_new: {
      subject: "{project}: Neuer Betroffenenantrag",
      paragraphs: [
        "Bei {organization} wurde ein Betroffenenantrag gestellt.",
        "Projekt: {project}",
        "Gegenstand: {request}",
        "Id: {requestId}",
        "Antwort fällig: {dueDate}",
      ],
    },
    staff_answered: {
      subject: "{project}: Die betroffene Person hat geantwortet",
      paragraphs: [
        "Auf Ihre Frage zu einem Betroffenenantrag wurde geantwortet. Die Antwort steht beim Antrag.",
        "Projekt: {project}",
        "Gegenstand: {request}",
        "Id: {requestId}",
        "Antwort fällig: {dueDate}",
      ],
    },
    staff_due_soon: {
      subject: "{project}: Ein Betroffenenantrag ist bald fällig",
      paragraphs: [
        "Die Antwort auf einen Betroffenenantrag ist bald fällig, und er ist noch offen.",
        "Projekt: {project}",
        "Gegenstand: {request}",
        "Id: {requestId}",
        "Antwort fällig: {dueDate}",
      ],
    },
    staff_overdue: {
      subject: "{project}: Ein Betroffenenantrag ist überfällig",
      paragraphs: [
        "Die Antwort auf einen Betroffenenantrag ist überfällig.",
        "Projekt: {project}",
        "Gegenstand: {request}",
        "Id: {requestId}",
        "Antwort war fällig: {dueDate}",
      ],
    },
  },
  footer: [
    "Nummer des Antrags: {requestId}",
    "Datenschutzerklärung von {organization}:\n{privacyPolicyUrl}",
    "Diese Mail wurde automatisch verschickt.",
  ],
  staffFooter: ["Diese Mail wurde automatisch verschickt, weil Ihre Adresse eine Kontaktadresse des Projekts ist."],
}
