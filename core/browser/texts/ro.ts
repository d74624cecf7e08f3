/** Our texts in Romanian. */
import type { PageTexts } from "../Region.ts"

export const ro: PageTexts = {
  language: "ro",
  dir: "ltr",
  consentBanner: {
    title: "Opțiunile dumneavoastră de confidențialitate",
    text: "Unele funcții ale acestui site stochează sau citesc date pe dispozitivul dumneavoastră. Dumneavoastră decideți pe care le permiteți. Vă puteți schimba opțiunea oricând, pe orice pagină.",
    link: "",
    acceptButton: "Accept toate",
    denyButton: "Refuz toate",
    customizeButton: "Aleg",
    closeButton: "Închide",
    closeAndDeclineButton: "Refuz toate și închid",
  },
  privacyCenter: {
    title: "Setări de confidențialitate",
    text: "Alegeți ce permiteți. Ceea ce nu permiteți rămâne dezactivat.",
    saveButton: "Salvează opțiunile",
    acceptAllButton: "Accept toate",
    declineAllButton: "Refuz toate",
    closeButton: "Închide",
    settingsButton: "Setări de confidențialitate",
    doNotSellLink: "Nu vindeți și nu distribuiți informațiile mele personale",
    limitUseLink: "Limitați utilizarea informațiilor mele personale sensibile",
    required: "Mereu activ, deoarece site-ul nu funcționează altfel",
    historyTitle: "Opțiunile dumneavoastră anterioare",
    historyEmpty: "Nu ați făcut încă o alegere.",
    historyFailed: "Alegerile dvs. anterioare nu pot fi încărcate în acest moment.",
    historyDownload: "Descarcă",
    undoButton: "Retrage",
    pending: "Valabil pe acest dispozitiv; netrimis încă",
    signalHonoured:
      "Browserul dumneavoastră cere confidențialitate (Global Privacy Control). Acest site respectă acest lucru.",
    signalConflict:
      "Browserul dumneavoastră cere site-urilor să nu vă vândă și să nu vă distribuie datele (Global Privacy Control). Dacă acceptați, contează răspunsul dat aici. Acceptați totuși?",
    acceptAnywayButton: "Accept totuși",
    reloadQuestion:
      "Pe această pagină rulează încă ceva ce nu mai permiteți. Reîncărcați pagina pentru a opri acest lucru?",
    reloadButton: "Reîncarcă",
    notNowButton: "Nu acum",
    changed: "„{name}” s-a schimbat de la ultimul dumneavoastră răspuns, de aceea vă întrebăm din nou.",
  },
  placeholders: {
    text: "Acest conținut provine de la {host}. La încărcare, browserul dumneavoastră trimite date acolo. Este necesară permisiunea dumneavoastră pentru „{name}”.",
    loadOnceButton: "Încarcă o dată",
    alwaysAllowButton: "Permite mereu",
  },
  statuses: {
    given: "Permis la {since}",
    givenUntil: "Permis la {since}, valabil până la {until}",
    implied: "Permis din {since}, deoarece nu v-ați opus",
    impliedUntil: "Permis din {since}, valabil până la {until}, deoarece nu v-ați opus",
    requested: "Afișat la {since}, încă fără răspuns",
    refused: "Refuzat la {since}",
    refusedUntil: "Refuzat la {since}; puteți fi întrebat din nou din {until}",
    withdrawn: "Retras la {since}",
    expired: "Permis la {since}; expirat la {until}",
    invalidated: "Permis la {since}; nu mai este valabil, deoarece textul s-a schimbat",
    unknown: "Încă fără răspuns",
  },
}
