/** The words of the page of an access package, in Spanish. */
import type { PackageWords } from "../PackageWords.ts"

/** Spanish. */
export const words: PackageWords = {
  language: "es",
  eyebrow: "Derecho de acceso",
  title: (organization) => `Lo que ${organization} conserva sobre usted`,
  lead: (organization) =>
    `Esta es una copia de todo lo que el registro de consentimientos de ${organization} contiene sobre usted: sus respuestas, cómo se dieron y lo que se guarda con ellas.`,
  labels: {
    request: "Solicitud",
    received: "Recibida",
    prepared: "Preparada",
    what: "De qué se trata",
    answer: "Su respuesta",
    since: "Desde",
    until: "Hasta",
    date: "Fecha",
    recorded: "Registrado",
    where: "Dónde y cómo",
    kind: "Tipo",
    website: "Sitio web",
    region: "Región",
    address: "Dirección de red",
    browser: "Navegador",
    ends: "Termina",
    status: "Estado",
    outcome: "Resultado",
    file: "Archivo",
    size: "Tamaño",
    content: "Contenido",
  },
  nothing: {
    heading: "No se conserva nada sobre usted",
    about:
      "Los datos de contacto que ha demostrado que son suyos no corresponden a ninguna persona en este registro. Solo contiene su solicitud, que figura más abajo.",
  },
  sections: {
    answers: { heading: "Sus respuestas ahora", about: "Lo que se le preguntó y cómo cuenta hoy su respuesta." },
    history: { heading: "Lo que se registró", about: "Cada respuesta tal como se registró, la más reciente primero." },
    identifiers: {
      heading: "Cómo se le reconoce",
      about:
        "El registro no guarda su dirección de correo, ni su teléfono, ni su número de cuenta, sino un código calculado a partir de cada uno con una clave secreta. Por eso aquí figuran los tipos y no los valores. Lo que se escribió con una solicitud suya se conserva con esa solicitud: está en compliance-requests.json.",
    },
    profile: { heading: "Su perfil", about: "Lo que se guardó para mostrárselo." },
    sessions: {
      heading: "Sus visitas",
      about: "Las visitas que aún se conservan. La dirección de red se acortó antes de guardarla.",
    },
    requests: { heading: "Sus solicitudes", about: "Lo que ha pedido conforme a la protección de datos." },
    files: {
      heading: "Documentos para usted",
      about: "Los documentos que acompañan a la respuesta. Están en la carpeta files.",
    },
  },
  empty: "Aquí no se conserva nada.",
  partOf: (shown, all, file) => `En esta página figuran ${shown} de ${all}. Todos los elementos están en ${file}.`,
  joined: (people) =>
    `${people} identificadores aleatorios cuentan como usted, porque se le reconoció en varios navegadores o cuentas. Este paquete los abarca todos.`,
  erased: "Ya se suprimieron datos suyos. Lo que queda de ellos y de qué supresión se trató figura en erasures.json.",
  statuses: {
    given: "Usted aceptó",
    implied: "Se considera aceptado",
    requested: "Se le mostró, sin respuesta",
    refused: "Usted rechazó",
    withdrawn: "Usted retiró su consentimiento",
    expired: "Su consentimiento ha caducado",
    invalidated: "Ya no cuenta, porque el texto ha cambiado",
    unknown: "Sin respuesta",
  },
  states: { accepted: "Aceptado", declined: "Rechazado", implied: "Se considera aceptado", viewed: "Mostrado" },
  actions: { user_click: "con un clic", implied: "sin clic", import: "tomado de otro sistema" },
  identifiers: {
    userId: "Número de cuenta",
    projectUserId: "Número de cuenta de un sitio web",
    email: "Dirección de correo electrónico",
    phoneNumber: "Número de teléfono",
    contextId: "Navegador",
    unknown: "Identificador",
  },
  requests: {
    view: "Acceso a sus datos",
    change: "Rectificación de sus datos",
    delete: "Supresión de sus datos",
    do_not_sell: "No vender sus datos",
  },
  requestStatuses: {
    pending_verification: "A la espera de que demuestre quién es",
    submitted: "Recibida",
    acknowledged: "En curso",
    resolved: "Respondida",
  },
  outcomes: {
    completed: "Atendida",
    partially_completed: "Atendida en parte",
    no_records_found: "No se encontró nada",
    denied: "Denegada",
    withdrawn: "Retirada",
  },
  contents: {
    heading: "Los archivos de este paquete",
    about:
      "Los demás archivos contienen lo mismo y más en una forma que leen los programas (JSON). manifest.json tiene una suma de comprobación de cada uno.",
  },
  entries: {
    "events.ndjson": "Cada respuesta registrada, una por línea",
    "decisions.json": "Cómo cuenta ahora cada respuesta y por qué",
    "consent-types.json": "Los textos que se le mostraron",
    "identifiers.json": "Los tipos de sus identificadores y desde cuándo se conocen",
    "profile.json": "Su perfil",
    "personal-data.json": "Todo lo que se guarda cifrado sobre usted",
    "sessions.json": "Sus visitas",
    "joins.json": "Los identificadores aleatorios que cuentan como usted y por qué",
    "compliance-requests.json": "Sus solicitudes y lo que pasó con ellas",
    "erasures.json": "Supresiones de sus datos",
    "systems.json": "Dónde y para qué se tratan sus datos, quién los recibe y cuánto tiempo se conservan",
    "files/": "Documentos para usted",
    "index.html": "Esta página",
    "manifest.json": "De qué consta el paquete, con sumas de comprobación",
  },
  absent: {
    heading: "Lo que no contiene",
    about: (organization) =>
      `Este paquete abarca solo el registro de consentimientos. ${organization} puede conservar otros datos sobre usted en otros sistemas; la respuesta a su solicitud habla de ellos.`,
    policy: "Política de privacidad",
  },
  rights: {
    heading: "Sus derechos",
    about:
      "Puede pedir la rectificación o la supresión de sus datos y retirar un consentimiento en cualquier momento. Si cree que sus datos no se tratan correctamente, puede reclamar ante una autoridad de protección de datos.",
  },
}
