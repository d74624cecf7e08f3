/**
 * The endpoints of organizations and their projects, for servers.
 */
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { KeyRequired } from "./Credentials.ts"
import { about, created, inOrganization, inProject, Needs, paths } from "./Endpoint.ts"
import * as Problem from "./Problem.ts"
import * as CatalogWire from "./CatalogWire.ts"
import * as LanguageWire from "./LanguageWire.ts"

const projects = `${paths.organization}/projects` as const

/** The group `organizations`. */
export const Organizations = HttpApiGroup.make("organizations")
  .add(
    HttpApiEndpoint.get("listOrganizations", paths.organizations, {
      query: CatalogWire.entryParameters,
      success: CatalogWire.OrganizationPage,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List organizations", "The organization of the key: no other one exists for it.")),
    HttpApiEndpoint.post("createOrganization", paths.organizations, {
      payload: CatalogWire.NewOrganization,
      success: CatalogWire.FoundedOrganization.pipe(created),
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage-keys")
      .annotateMerge(
        about("Create an organization", "Answers with the key of its owner: the key that asks gets no access to it."),
      ),
    HttpApiEndpoint.patch("updateOrganization", paths.organization, {
      params: inOrganization,
      payload: CatalogWire.OrganizationChange,
      success: CatalogWire.Organization,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Change an organization", "Its name, addresses, and the keys of its proofs of identity.")),
    HttpApiEndpoint.get("listProjects", projects, {
      params: inOrganization,
      query: CatalogWire.entryParameters,
      success: CatalogWire.ProjectPage,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List projects", "Those that the key may read.")),
    HttpApiEndpoint.post("createProject", projects, {
      params: inOrganization,
      payload: CatalogWire.NewProject,
      success: CatalogWire.Project.pipe(created),
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Create a project", "A website or application whose visitors are asked.")),
    HttpApiEndpoint.patch("updateProject", paths.project, {
      params: inProject,
      payload: CatalogWire.ProjectChange,
      success: CatalogWire.Project,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Change a project", "An archived project takes only refusals.")),
    HttpApiEndpoint.get("getProjectLanguages", `${paths.project}/languages`, {
      params: inProject,
      success: LanguageWire.Languages,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("Get the languages of a project", "Its default language, and those that it offers.")),
    HttpApiEndpoint.put("setProjectLanguages", `${paths.project}/languages`, {
      params: inProject,
      payload: LanguageWire.NewLanguages,
      success: LanguageWire.Languages,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about("Set the languages of a project", "In place of those before. No text and no answer changes."),
      ),
  )
  .middleware(KeyRequired)
  .annotateMerge(OpenApi.annotations({ title: "Organizations and projects", description: "Who asks, and where." }))
