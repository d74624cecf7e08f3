/** The words of the page of an access package, in French. */
import type { PackageWords } from "../PackageWords.ts"

/** French. */
export const words: PackageWords = {
  language: "fr",
  eyebrow: "Droit d’accès",
  title: (organization) => `Ce que ${organization} conserve à votre sujet`,
  lead: (organization) =>
    `Voici une copie de tout ce que le registre des consentements de ${organization} contient à votre sujet : vos réponses, la façon dont elles ont été données et ce qui est conservé avec elles.`,
  labels: {
    request: "Demande",
    received: "Reçue",
    prepared: "Établie",
    what: "Objet",
    answer: "Votre réponse",
    since: "Depuis",
    until: "Jusqu’à",
    date: "Date",
    recorded: "Enregistré",
    where: "Où et comment",
    kind: "Type",
    website: "Site web",
    region: "Région",
    address: "Adresse réseau",
    browser: "Navigateur",
    ends: "Fin",
    status: "État",
    outcome: "Résultat",
    file: "Fichier",
    size: "Taille",
    content: "Contenu",
  },
  nothing: {
    heading: "Rien n’est conservé à votre sujet",
    about:
      "Les coordonnées dont vous avez montré qu’elles sont les vôtres ne désignent aucune personne dans ce registre. Il ne contient que votre demande, qui figure ci-dessous.",
  },
  sections: {
    answers: {
      heading: "Vos réponses actuelles",
      about: "Ce qui vous a été demandé et la valeur de votre réponse aujourd’hui.",
    },
    history: {
      heading: "Ce qui a été enregistré",
      about: "Chaque réponse telle qu’elle a été enregistrée, la plus récente d’abord.",
    },
    identifiers: {
      heading: "Comment vous êtes reconnu",
      about:
        "Le registre ne conserve ni votre adresse e-mail, ni votre numéro de téléphone, ni votre numéro de compte, mais un code calculé à partir de chacun avec une clé secrète. C’est pourquoi leurs types figurent ici, et non leurs valeurs. Ce qui a été saisi avec l’une de vos demandes est conservé avec cette demande, et se trouve dans compliance-requests.json.",
    },
    profile: { heading: "Votre profil", about: "Ce qui a été enregistré pour vous être affiché." },
    sessions: {
      heading: "Vos visites",
      about: "Les visites encore conservées. L’adresse réseau a été raccourcie avant d’être enregistrée.",
    },
    requests: { heading: "Vos demandes", about: "Ce que vous avez demandé au titre de la protection des données." },
    files: {
      heading: "Documents pour vous",
      about: "Les documents joints à la réponse. Ils se trouvent dans le dossier files.",
    },
  },
  empty: "Rien n’est conservé ici.",
  partOf: (shown, all, file) =>
    `${shown} sur ${all} figurent sur cette page. Tous les éléments se trouvent dans ${file}.`,
  joined: (people) =>
    `${people} identifiants aléatoires sont comptés comme étant les vôtres, car vous avez été reconnu dans plusieurs navigateurs ou comptes. Ce dossier les couvre tous.`,
  erased:
    "Des données vous concernant ont été effacées auparavant. Ce qui en reste et la référence de l’effacement se trouvent dans erasures.json.",
  statuses: {
    given: "Vous avez accepté",
    implied: "Considéré comme accepté",
    requested: "Présenté, sans réponse",
    refused: "Vous avez refusé",
    withdrawn: "Vous avez retiré votre accord",
    expired: "Votre accord a expiré",
    invalidated: "Ne compte plus, car le texte a changé",
    unknown: "Aucune réponse",
  },
  states: { accepted: "Accepté", declined: "Refusé", implied: "Considéré comme accepté", viewed: "Présenté" },
  actions: { user_click: "par un clic", implied: "sans clic", import: "repris d’un autre système" },
  identifiers: {
    userId: "Numéro de compte",
    projectUserId: "Numéro de compte d’un site web",
    email: "Adresse e-mail",
    phoneNumber: "Numéro de téléphone",
    contextId: "Navigateur",
    unknown: "Identifiant",
  },
  requests: {
    view: "Accès à vos données",
    change: "Rectification de vos données",
    delete: "Effacement de vos données",
    do_not_sell: "Pas de vente de vos données",
  },
  requestStatuses: {
    pending_verification: "Attend la preuve de votre identité",
    submitted: "Reçue",
    acknowledged: "En cours",
    resolved: "Traitée",
  },
  outcomes: {
    completed: "Satisfaite",
    partially_completed: "Satisfaite en partie",
    no_records_found: "Rien n’a été trouvé",
    denied: "Refusée",
    withdrawn: "Retirée",
  },
  contents: {
    heading: "Les fichiers de ce dossier",
    about:
      "Les autres fichiers contiennent la même chose, et davantage, sous une forme lisible par des programmes (JSON). manifest.json contient une somme de contrôle de chacun.",
  },
  entries: {
    "events.ndjson": "Chaque réponse enregistrée, une par ligne",
    "decisions.json": "La valeur actuelle de chaque réponse, et pourquoi",
    "consent-types.json": "Les textes qui vous ont été présentés",
    "identifiers.json": "Les types de vos identifiants et depuis quand ils sont connus",
    "profile.json": "Votre profil",
    "personal-data.json": "Tout ce qui est conservé chiffré à votre sujet",
    "sessions.json": "Vos visites",
    "joins.json": "Les identifiants aléatoires comptés comme les vôtres, et pourquoi",
    "compliance-requests.json": "Vos demandes et leur suivi",
    "erasures.json": "Les effacements de vos données",
    "systems.json":
      "Où et pourquoi vos données sont traitées, qui les reçoit et combien de temps elles sont conservées",
    "files/": "Documents pour vous",
    "index.html": "Cette page",
    "manifest.json": "La composition du dossier, avec les sommes de contrôle",
  },
  absent: {
    heading: "Ce qui n’y figure pas",
    about: (organization) =>
      `Ce dossier ne couvre que le registre des consentements. ${organization} peut conserver d’autres données à votre sujet dans d’autres systèmes ; la réponse à votre demande en parle.`,
    policy: "Politique de confidentialité",
  },
  rights: {
    heading: "Vos droits",
    about:
      "Vous pouvez demander la rectification ou l’effacement de vos données et retirer un accord à tout moment. Si vous pensez que vos données ne sont pas traitées correctement, vous pouvez introduire une réclamation auprès d’une autorité de protection des données.",
  },
}
