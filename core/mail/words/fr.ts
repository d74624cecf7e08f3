/**
 * The words of mails in French.
 */
import type { MailWords } from "../MailWords.ts"

export const words: MailWords = {
  language: "fr",
  direction: "ltr",
  requests: {
    view: "accès à vos données personnelles",
    change: "rectification de vos données personnelles",
    delete: "effacement de vos données personnelles",
    do_not_sell: "ni vente ni partage de vos données personnelles",
  },
  staffRequests: {
    view: "accès",
    change: "rectification",
    delete: "effacement",
    do_not_sell: "ni vente ni partage",
  },
  outcomes: {
    completed: "Nous avons fait ce que vous avez demandé.",
    partially_completed: "Nous avons fait une partie de ce que vous avez demandé.",
    no_records_found: "Nous n’avons trouvé aucune donnée personnelle vous concernant.",
  },
  grounds: {
    identity_not_shown: "il n’a pas été établi que la demande vient de la personne concernée",
    no_match: "nous n’avons aucune donnée qui corresponde aux informations fournies",
    unfounded_or_excessive: "la demande est manifestement infondée ou excessive",
    exempt: "la loi exclut ces données de la demande",
    others_rights: "cela porterait atteinte aux droits d’autres personnes",
    not_covered: "la loi ne prévoit pas ce droit dans votre cas",
    duplicate: "nous traitons déjà la même demande de votre part",
    other: "voir ci-dessous",
  },
  complaint:
    "Si vous n’êtes pas d’accord, vous pouvez nous écrire. Vous pouvez aussi introduire une réclamation auprès d’une " +
    "autorité de contrôle de la protection des données, ou former un recours juridictionnel.",
  templates: {
    verification: {
      subject: "{organization} : veuillez confirmer votre demande",
      paragraphs: [
        "Bonjour,",
        "{organization} a reçu une demande faite avec cette adresse e-mail : {request}.",
        "Si elle vient de vous, saisissez ce code sur la page où vous avez fait la demande :",
        "{code}",
        "Ou confirmez-la sur cette page :\n{link}",
        "C’est possible jusqu’au {expires}.",
        "Si elle ne vient pas de vous, ne communiquez ce code à personne. Sans lui, rien n’est fait de vos données.",
      ],
    },
    received: {
      subject: "{organization} : nous avons reçu votre demande",
      paragraphs: [
        "Bonjour,",
        "{organization} a reçu votre demande : {request}.",
        "Vous aurez une réponse au plus tard le {dueDate}.",
        "Vous pouvez suivre votre demande ici :\n{link}",
      ],
    },
    opted_out: {
      subject: "{organization} : votre opposition est enregistrée",
      paragraphs: [
        "Bonjour,",
        "{organization} a enregistré votre opposition : {request}. Vous n’avez rien d’autre à faire.",
        "Vous pouvez suivre votre demande ici :\n{link}",
      ],
    },
    clarification: {
      subject: "{organization} : nous avons une question sur votre demande",
      paragraphs: [
        "Bonjour,",
        "{organization} a besoin de précisions pour répondre à votre demande : {request}.",
        "{reason}",
        "Veuillez répondre ici :\n{link}",
      ],
    },
    extended: {
      subject: "{organization} : il nous faut plus de temps pour votre demande",
      paragraphs: [
        "Bonjour,",
        "{organization} a besoin de plus de temps pour votre demande : {request}.",
        "Motif : {reason}",
        "Vous aurez une réponse au plus tard le {dueDate}.",
        "Vous pouvez suivre votre demande ici :\n{link}",
        "{complaint}",
      ],
    },
    package_ready: {
      subject: "{organization} : vos données sont prêtes",
      paragraphs: [
        "Bonjour,",
        "{organization} a réuni les données personnelles qui vous concernent.",
        "Vous pouvez les télécharger ici :\n{link}",
        "C’est possible jusqu’au {expires}.",
        "Toute personne qui a ce courriel peut télécharger vos données. Merci de ne pas le transférer.",
      ],
    },
    resolved: {
      subject: "{organization} : la réponse à votre demande",
      paragraphs: [
        "Bonjour,",
        "{organization} a terminé le traitement de votre demande : {request}.",
        "{outcome}",
        "{resolution}",
        "Vous trouverez tous les détails ici :\n{link}",
        "{complaint}",
      ],
    },
    denied: {
      subject: "{organization} : la réponse à votre demande",
      paragraphs: [
        "Bonjour,",
        "{organization} ne donne pas suite à votre demande : {request}.",
        "Motif : {reason}",
        "{resolution}",
        "Vous trouverez tous les détails ici :\n{link}",
        "{complaint}",
      ],
    },
    withdrawn: {
      subject: "{organization} : votre demande est retirée",
      paragraphs: [
        "Bonjour,",
        "Votre demande est retirée : {request}. {organization} n’y donne aucune suite.",
        "Si vous changez d’avis, vous pouvez faire une nouvelle demande à tout moment.",
      ],
    },
    reopened: {
      subject: "{organization} : nous traitons à nouveau votre demande",
      paragraphs: [
        "Bonjour,",
        "{organization} traite à nouveau votre demande : {request}.",
        "Vous aurez une réponse au plus tard le {dueDate}.",
        "Vous pouvez suivre votre demande ici :\n{link}",
      ],
    },
    sender_check: {
      subject: "{organization} : veuillez confirmer cette adresse d’expéditeur",
      paragraphs: [
        "Bonjour,",
        "{organization} souhaite envoyer depuis cette adresse ses courriels sur les demandes relatives aux données personnelles.",
        "Si c’est exact, donnez ce code à la personne qui a ajouté l’adresse :",
        "{code}",
        "C’est possible jusqu’au {expires}.",
        "Si vous n’en savez rien, ignorez ce courriel. Sans le code, rien n’est envoyé depuis votre adresse.",
      ],
    },
    staff_new: {
      subject: "{project} : nouvelle demande d’exercice de droits",
      paragraphs: [
        "Une demande d’exercice de droits a été adressée à {organization}.",
        "Projet : {project}",
        "Objet : {request}",
        "Identifiant : {requestId}",
        "Réponse due le : {dueDate}",
      ],
    },
    staff_answered: {
      subject: "{project} : réponse à votre question",
      paragraphs: [
        "La personne concernée a répondu à votre question sur une demande d’exercice de droits. La réponse se trouve dans la demande.",
        "Projet : {project}",
        "Objet : {request}",
        "Identifiant : {requestId}",
        "Réponse due le : {dueDate}",
      ],
    },
    staff_due_soon: {
      subject: "{project} : une demande d’exercice de droits arrive à échéance",
      paragraphs: [
        "La réponse à une demande d’exercice de droits est bientôt due, et la demande est encore ouverte.",
        "Projet : {project}",
        "Objet : {request}",
        "Identifiant : {requestId}",
        "Réponse due le : {dueDate}",
      ],
    },
    staff_overdue: {
      subject: "{project} : une demande d’exercice de droits est en retard",
      paragraphs: [
        "La réponse à une demande d’exercice de droits est en retard.",
        "Projet : {project}",
        "Objet : {request}",
        "Identifiant : {requestId}",
        "Réponse était due le : {dueDate}",
      ],
    },
  },
  footer: [
    "Numéro de la demande : {requestId}",
    "Politique de confidentialité de {organization} :\n{privacyPolicyUrl}",
    "Ce courriel a été envoyé automatiquement.",
  ],
  staffFooter: [
    "Ce courriel a été envoyé automatiquement, parce que votre adresse est une adresse de contact du projet.",
  ],
}
