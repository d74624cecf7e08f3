/**
 * The states of a mail. Apart from its port, because clients of the API know them too.
 *
 * `waiting`: it is to be sent. `sent`: a server has taken it. `failed`: no server will take it, or it came back; it can
 * be sent again by hand. `cancelled`: it is not sent any more.
 */
export type MailState = (typeof mailStates)[number]

/** All of them, in the order in which they are explained. */
export const mailStates = ["waiting", "sent", "failed", "cancelled"] as const
