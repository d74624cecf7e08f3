import { consent } from "../../../consent.ts" // in your own project: "../../../consent"

/** The HTTP API of the ledger, with a key of `ledger.createKey`. */
const answer = async (request: Request): Promise<Response> => (await consent()).handler(request)
export { answer as DELETE, answer as GET, answer as OPTIONS, answer as PATCH, answer as POST }
