/**
 * The endpoints of webhooks, for servers.
 */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { KeyRequired } from "./Credentials.ts"
import { about, created, idOf, inProject, Needs, paths } from "./Endpoint.ts"
import * as Problem from "./Problem.ts"
import * as WebhookWire from "./WebhookWire.ts"

const webhooks = `${paths.project}/webhooks` as const
const one = { ...inProject, id: idOf("the webhook") }

/** The group `webhooks`. */
export const Webhooks = HttpApiGroup.make("webhooks")
  .add(
    HttpApiEndpoint.get("listWebhooks", webhooks, {
      params: inProject,
      success: WebhookWire.Webhooks,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List webhooks", "All of the project, each with how it fares, and without its secret.")),
    HttpApiEndpoint.post("createWebhook", webhooks, {
      params: inProject,
      payload: WebhookWire.NewWebhook,
      success: WebhookWire.WebhookWithSecret.pipe(created),
      error: Problem.webhook,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about(
          "Create a webhook",
          "Changes are sent to its URL from now on. The secret is answered now and never again.",
        ),
      ),
    HttpApiEndpoint.get("getWebhook", `${webhooks}/:id`, {
      params: one,
      success: WebhookWire.Webhook,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("Get a webhook", "With how it fares, and without its secret.")),
    HttpApiEndpoint.patch("updateWebhook", `${webhooks}/:id`, {
      params: one,
      payload: WebhookWire.WebhookChange,
      success: WebhookWire.Webhook,
      error: Problem.webhook,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Change a webhook", "One that is enabled again goes on where it stood, or at `after`.")),
    HttpApiEndpoint.delete("deleteWebhook", `${webhooks}/:id`, {
      params: one,
      success: WebhookWire.Webhook,
      error: Problem.changing,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Delete a webhook", "Its log and its dead letters are deleted with it.")),
    HttpApiEndpoint.post("rotateWebhookSecret", `${webhooks}/:id/secret`, {
      params: one,
      payload: WebhookWire.NewSecret,
      success: WebhookWire.WebhookWithSecret,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Give a webhook a new secret", "Both secrets sign until `overlapUntil`, the newest first.")),
    HttpApiEndpoint.post("testWebhook", `${webhooks}/:id/test`, {
      params: one,
      success: WebhookWire.Tried,
      error: Problem.authenticated,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Try a webhook", "Sends a sample change now, signed, and answers how that went.")),
    HttpApiEndpoint.post("replayWebhook", `${webhooks}/:id/replay`, {
      params: one,
      payload: WebhookWire.ReplayRequest,
      success: WebhookWire.Replay.pipe(HttpApiSchema.status(202)),
      error: Problem.webhook,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about("Replay changes to a webhook", "They are sent again with the ids they had, and with `assent-replay: 1`."),
      ),
    HttpApiEndpoint.get("listWebhookDeliveries", `${webhooks}/:id/deliveries`, {
      params: one,
      query: WebhookWire.deliveryParameters,
      success: WebhookWire.Deliveries,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List tries of a webhook", "The last 1,000 of 30 days, the latest first.")),
    HttpApiEndpoint.get("listWebhookDeadLetters", `${webhooks}/:id/dead-letters`, {
      params: one,
      query: WebhookWire.pageParameters,
      success: WebhookWire.DeadLetters,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List dead letters of a webhook", "The changes that were given up.")),
  )
  .middleware(KeyRequired)
  .annotateMerge(
    OpenApi.annotations({ title: "Webhooks", description: "Where changes are sent, signed by Standard Webhooks." }),
  )
