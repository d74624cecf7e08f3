/** Our texts in Italian. */
import type { PageTexts } from "../Region.ts"

export const it: PageTexts = {
  language: "it",
  dir: "ltr",
  consentBanner: {
    title: "Le tue scelte sulla privacy",
    text: "Alcune funzioni di questo sito salvano o leggono dati sul tuo dispositivo. Decidi tu quali consentire. Puoi cambiare la tua scelta in qualsiasi momento, da ogni pagina.",
    link: "",
    acceptButton: "Accetta tutto",
    denyButton: "Rifiuta tutto",
    customizeButton: "Scegli",
    closeButton: "Chiudi",
    closeAndDeclineButton: "Rifiuta tutto e chiudi",
  },
  privacyCenter: {
    title: "Impostazioni sulla privacy",
    text: "Scegli che cosa consentire. Ciò che non consenti resta disattivato.",
    saveButton: "Salva le scelte",
    acceptAllButton: "Accetta tutto",
    declineAllButton: "Rifiuta tutto",
    closeButton: "Chiudi",
    settingsButton: "Impostazioni sulla privacy",
    doNotSellLink: "Non vendere né condividere le mie informazioni personali",
    limitUseLink: "Limita l’uso delle mie informazioni personali sensibili",
    required: "Sempre attivo, perché senza il sito non funziona",
    historyTitle: "Le tue scelte precedenti",
    historyEmpty: "Non hai ancora fatto una scelta.",
    historyFailed: "Al momento non è possibile caricare le tue scelte precedenti.",
    historyDownload: "Scarica",
    undoButton: "Revoca",
    pending: "Vale su questo dispositivo; non ancora inviato",
    signalHonoured:
      "Il tuo browser chiede il rispetto della privacy (Global Privacy Control). Questo sito ne tiene conto.",
    signalConflict:
      "Il tuo browser chiede ai siti di non vendere né condividere i tuoi dati (Global Privacy Control). Se accetti, vale invece la risposta che dai qui. Accettare comunque?",
    acceptAnywayButton: "Accetta comunque",
    reloadQuestion:
      "In questa pagina è ancora attivo qualcosa che non consenti più. Ricaricare la pagina per fermarlo?",
    reloadButton: "Ricarica",
    notNowButton: "Non ora",
    changed: "«{name}» è cambiato dopo la tua ultima risposta, perciò ti viene chiesto di nuovo.",
  },
  placeholders: {
    text: "Questo contenuto proviene da {host}. Durante il caricamento il tuo browser vi invia dati. Serve il tuo permesso per «{name}».",
    loadOnceButton: "Carica una volta",
    alwaysAllowButton: "Consenti sempre",
  },
  statuses: {
    given: "Consentito in data {since}",
    givenUntil: "Consentito in data {since}, con scadenza {until}",
    implied: "Consentito dalla data {since}, perché non ti sei opposto",
    impliedUntil: "Consentito dalla data {since}, con scadenza {until}, perché non ti sei opposto",
    requested: "Mostrato in data {since}, ancora senza risposta",
    refused: "Rifiutato in data {since}",
    refusedUntil: "Rifiutato in data {since}; potrai ricevere di nuovo la domanda dalla data {until}",
    withdrawn: "Revocato in data {since}",
    expired: "Consentito in data {since}; scaduto in data {until}",
    invalidated: "Consentito in data {since}; non vale più, perché il testo è cambiato",
    unknown: "Ancora senza risposta",
  },
}
