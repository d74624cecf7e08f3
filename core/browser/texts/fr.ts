/** Our texts in French. */
import type { PageTexts } from "../Region.ts"

export const fr: PageTexts = {
  language: "fr",
  dir: "ltr",
  consentBanner: {
    title: "Vos choix de confidentialité",
    text: "Certaines fonctions de ce site enregistrent ou lisent des données sur votre appareil. Vous décidez lesquelles vous autorisez. Vous pouvez modifier votre choix à tout moment, sur chaque page.",
    link: "",
    acceptButton: "Tout accepter",
    denyButton: "Tout refuser",
    customizeButton: "Choisir",
    closeButton: "Fermer",
    closeAndDeclineButton: "Tout refuser et fermer",
  },
  privacyCenter: {
    title: "Paramètres de confidentialité",
    text: "Choisissez ce que vous autorisez. Ce que vous n’autorisez pas reste désactivé.",
    saveButton: "Enregistrer mes choix",
    acceptAllButton: "Tout accepter",
    declineAllButton: "Tout refuser",
    closeButton: "Fermer",
    settingsButton: "Paramètres de confidentialité",
    doNotSellLink: "Ne pas vendre ni partager mes informations personnelles",
    limitUseLink: "Limiter l’utilisation de mes informations personnelles sensibles",
    required: "Toujours actif, car le site ne fonctionne pas sans cela",
    historyTitle: "Vos choix précédents",
    historyEmpty: "Vous n’avez pas encore fait de choix.",
    historyFailed: "Vos choix précédents ne peuvent pas être chargés pour le moment.",
    historyDownload: "Télécharger",
    undoButton: "Retirer",
    pending: "Appliqué sur cet appareil ; pas encore envoyé",
    signalHonoured:
      "Votre navigateur demande la protection de vos données (Global Privacy Control). Ce site en tient compte.",
    signalConflict:
      "Votre navigateur demande aux sites de ne pas vendre ni partager vos données (Global Privacy Control). Si vous acceptez, c’est votre réponse ici qui compte. Accepter quand même ?",
    acceptAnywayButton: "Accepter quand même",
    reloadQuestion:
      "Un élément que vous n’autorisez plus fonctionne encore sur cette page. Recharger la page pour l’arrêter ?",
    reloadButton: "Recharger",
    notNowButton: "Pas maintenant",
    changed: "« {name} » a changé depuis votre dernière réponse. La question vous est donc posée à nouveau.",
  },
  placeholders: {
    text: "Ce contenu provient de {host}. Pendant le chargement, votre navigateur y envoie des données. Votre autorisation pour « {name} » est nécessaire.",
    loadOnceButton: "Charger une fois",
    alwaysAllowButton: "Toujours autoriser",
  },
  statuses: {
    given: "Autorisé le {since}",
    givenUntil: "Autorisé le {since}, jusqu’au {until}",
    implied: "Autorisé depuis le {since}, car vous ne vous y êtes pas opposé",
    impliedUntil: "Autorisé depuis le {since} et jusqu’au {until}, car vous ne vous y êtes pas opposé",
    requested: "Affiché le {since}, sans réponse pour l’instant",
    refused: "Refusé le {since}",
    refusedUntil: "Refusé le {since} ; la question peut vous être posée à nouveau à partir du {until}",
    withdrawn: "Retiré le {since}",
    expired: "Autorisé le {since} ; terminé le {until}",
    invalidated: "Autorisé le {since} ; ne compte plus, car le texte a changé",
    unknown: "Pas encore de réponse",
  },
}
