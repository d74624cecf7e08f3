/**
 * What the declarations of endpoints share: paths, annotations, and the permission that each one needs.
 */
import { Context, Schema } from "effect"
import { HttpApiSchema, OpenApi } from "effect/http-api"
import type { Permission } from "../../../core/model/Role.ts"

/** The permission an API key needs for an endpoint. Every endpoint for servers declares one. */
export const Needs = Context.Reference<Permission | undefined>("assent/http/Needs", { defaultValue: () => undefined })

/** The paths that endpoints begin with. */
export const paths = {
  organizations: "/privacy-v1/organizations",
  organization: "/privacy-v1/organizations/:organizationId",
  project: "/privacy-v1/organizations/:organizationId/projects/:projectId",
  site: "/site-v1/:projectId",
} as const

const Id = Schema.String.annotate({ description: "UUID", format: "uuid" })

/** What the paths name. */
export const inOrganization = { organizationId: Id }
export const inProject = { ...inOrganization, projectId: Id }
export const onSite = { projectId: Id }

/** The id at the end of a path. */
export const id = { id: Id }

/** Answered with 201. */
export const created = HttpApiSchema.status(201)

/** The summary of an endpoint, and what there is to know about it. */
export const about = (summary: string, description: string) => OpenApi.annotations({ summary, description })
