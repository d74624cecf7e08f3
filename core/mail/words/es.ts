/**
 * The words of mails in Spanish.
 */
import type { MailWords } from "../MailWords.ts"

export const words: MailWords = {
  language: "es",
  direction: "ltr",
  requests: {
    view: "acceso a sus datos personales",
    change: "rectificación de sus datos personales",
    delete: "supresión de sus datos personales",
    do_not_sell: "que no se vendan ni se compartan sus datos personales",
  },
  staffRequests: {
    view: "acceso",
    change: "rectificación",
    delete: "supresión",
    do_not_sell: "no vender ni compartir",
  },
  outcomes: {
    completed: "Hemos hecho lo que nos pidió.",
    partially_completed: "Hemos hecho una parte de lo que nos pidió.",
    no_records_found: "No hemos encontrado datos personales sobre usted.",
  },
  grounds: {
    identity_not_shown: "no se ha acreditado que la solicitud proceda de la persona interesada",
    no_match: "no tenemos datos que coincidan con la información facilitada",
    unfounded_or_excessive: "la solicitud es manifiestamente infundada o excesiva",
    exempt: "la ley excluye estos datos de la solicitud",
    others_rights: "perjudicaría los derechos de otras personas",
    not_covered: "la ley no concede este derecho en su caso",
    duplicate: "ya estamos tramitando la misma solicitud suya",
    other: "véase más abajo",
  },
  complaint:
    "Si no está de acuerdo, puede escribirnos. También puede presentar una reclamación ante una autoridad de control " +
    "de protección de datos, o ejercitar acciones judiciales.",
  templates: {
    verification: {
      subject: "{organization}: confirme su solicitud",
      paragraphs: [
        "Hola:",
        "{organization} ha recibido una solicitud hecha con esta dirección de correo electrónico: {request}.",
        "Si fue usted, introduzca este código en la página en la que hizo la solicitud:",
        "{code}",
        "O confírmela en esta página:\n{link}",
        "Puede hacerlo hasta el {expires}.",
        "Si no fue usted, no dé este código a nadie. Sin él no se hace nada con sus datos.",
      ],
    },
    received: {
      subject: "{organization}: hemos recibido su solicitud",
      paragraphs: [
        "Hola:",
        "{organization} ha recibido su solicitud: {request}.",
        "Tendrá una respuesta a más tardar el {dueDate}.",
        "Puede seguir su solicitud aquí:\n{link}",
      ],
    },
    opted_out: {
      subject: "{organization}: su oposición está registrada",
      paragraphs: [
        "Hola:",
        "{organization} ha registrado su oposición: {request}. No tiene que hacer nada más.",
        "Puede seguir su solicitud aquí:\n{link}",
      ],
    },
    clarification: {
      subject: "{organization}: tenemos una pregunta sobre su solicitud",
      paragraphs: [
        "Hola:",
        "{organization} necesita más información para responder a su solicitud: {request}.",
        "{reason}",
        "Responda aquí, por favor:\n{link}",
      ],
    },
    extended: {
      subject: "{organization}: necesitamos más tiempo para su solicitud",
      paragraphs: [
        "Hola:",
        "{organization} necesita más tiempo para su solicitud: {request}.",
        "Motivo: {reason}",
        "Tendrá una respuesta a más tardar el {dueDate}.",
        "Puede seguir su solicitud aquí:\n{link}",
        "{complaint}",
      ],
    },
    package_ready: {
      subject: "{organization}: sus datos están listos",
      paragraphs: [
        "Hola:",
        "{organization} ha reunido los datos personales que conserva sobre usted.",
        "Puede descargarlos aquí:\n{link}",
        "Puede hacerlo hasta el {expires}.",
        "Quien tenga este correo puede descargar sus datos. No lo reenvíe, por favor.",
      ],
    },
    resolved: {
      subject: "{organization}: la respuesta a su solicitud",
      paragraphs: [
        "Hola:",
        "{organization} ha terminado de tramitar su solicitud: {request}.",
        "{outcome}",
        "{resolution}",
        "Aquí encontrará todos los detalles:\n{link}",
        "{complaint}",
      ],
    },
    denied: {
      subject: "{organization}: la respuesta a su solicitud",
      paragraphs: [
        "Hola:",
        "{organization} no atiende su solicitud: {request}.",
        "Motivo: {reason}",
        "{resolution}",
        "Aquí encontrará todos los detalles:\n{link}",
        "{complaint}",
      ],
    },
    withdrawn: {
      subject: "{organization}: su solicitud está retirada",
      paragraphs: [
        "Hola:",
        "Su solicitud está retirada: {request}. {organization} no hará nada más al respecto.",
        "Si cambia de opinión, puede hacer una solicitud nueva en cualquier momento.",
      ],
    },
    reopened: {
      subject: "{organization}: volvemos a tramitar su solicitud",
      paragraphs: [
        "Hola:",
        "{organization} vuelve a tramitar su solicitud: {request}.",
        "Tendrá una respuesta a más tardar el {dueDate}.",
        "Puede seguir su solicitud aquí:\n{link}",
      ],
    },
    sender_check: {
      subject: "{organization}: confirme esta dirección de remitente",
      paragraphs: [
        "Hola:",
        "{organization} quiere enviar desde esta dirección sus correos sobre solicitudes de privacidad.",
        "Si es correcto, dé este código a la persona que ha añadido la dirección:",
        "{code}",
        "Puede hacerlo hasta el {expires}.",
        "Si no sabe nada de esto, ignore este correo. Sin el código no se envía nada desde su dirección.",
      ],
    },
    staff_new: {
      subject: "{project}: nueva solicitud de ejercicio de derechos",
      paragraphs: [
        "{organization} ha recibido una solicitud de ejercicio de derechos.",
        "Proyecto: {project}",
        "Objeto: {request}",
        "Id: {requestId}",
        "Fecha límite: {dueDate}",
      ],
    },
    staff_answered: {
      subject: "{project}: respuesta a su pregunta",
      paragraphs: [
        "El solicitante ha respondido a su pregunta sobre una solicitud de ejercicio de derechos. La respuesta figura en la solicitud.",
        "Proyecto: {project}",
        "Objeto: {request}",
        "Id: {requestId}",
        "Fecha límite: {dueDate}",
      ],
    },
    staff_due_soon: {
      subject: "{project}: una solicitud de ejercicio de derechos vence pronto",
      paragraphs: [
        "La respuesta a una solicitud de ejercicio de derechos vence pronto, y la solicitud sigue abierta.",
        "Proyecto: {project}",
        "Objeto: {request}",
        "Id: {requestId}",
        "Fecha límite: {dueDate}",
      ],
    },
    staff_overdue: {
      subject: "{project}: una solicitud de ejercicio de derechos está fuera de plazo",
      paragraphs: [
        "La respuesta a una solicitud de ejercicio de derechos está fuera de plazo.",
        "Proyecto: {project}",
        "Objeto: {request}",
        "Id: {requestId}",
        "Fecha límite: {dueDate}",
      ],
    },
  },
  footer: [
    "Número de la solicitud: {requestId}",
    "Política de privacidad de {organization}:\n{privacyPolicyUrl}",
    "Este correo se envió de forma automática.",
  ],
  staffFooter: [
    "Este correo se envió de forma automática, porque su dirección es una dirección de contacto del proyecto.",
  ],
}
