import type { z } from 'zod';
import type { ErrorCode } from './error-code.ts';
import {
  catalogAnswer,
  domainsAnswer,
  issueTokenAnswer,
  issueTokenRequest,
  projectsAnswer,
  versionAnswer,
  versionsAnswer,
} from './identity.ts';
import { type Json, jsonContent } from './openapi-schemas.ts';

const tags = ['identity'];
const open = { security: [] };
const subject = {
  name: 'X-Subject-Token',
  in: 'header',
  required: true,
  description: 'Token to validate or revoke.',
  schema: { type: 'string' },
};
const noCatalogue = {
  name: 'nocatalog',
  in: 'query',
  required: false,
  description: 'Leaves the service catalogue out of the answer.',
  allowEmptyValue: true,
  schema: { type: 'string' },
};
const issuedHeader = {
  'X-Subject-Token': { description: 'The issued or validated token.', schema: { type: 'string' } },
};
const commonRefusals = ['throttled', 'internal', 'unavailable', 'catalogue_full'] as const;
const ownRefusals = ['not_authenticated', 'token_without_project', 'token_restricted', 'role_not_allowed'] as const;
const subjectRefusals = [...ownRefusals, 'token_not_found'] as const;

/** The identity paths, in the form of OpenStack Keystone. They are not in the table of calls. */
export function identityPaths(refusals: (codes: readonly ErrorCode[]) => Json): Record<string, Json> {
  const answers = (status: number, schema: z.ZodType, codes: readonly ErrorCode[] = [], headers = {}): Json => ({
    responses: {
      [status]: { description: 'OK', headers, ...jsonContent(schema, 'output') },
      ...refusals([...codes, ...commonRefusals]),
    },
  });
  return {
    '/': {
      get: {
        operationId: 'listIdentityVersions',
        summary: 'List the versions of the identity API',
        tags,
        ...open,
        ...answers(300, versionsAnswer),
      },
    },
    '/v3': {
      get: {
        operationId: 'showIdentityVersion',
        summary: 'Show the version of the identity API',
        tags,
        ...open,
        ...answers(200, versionAnswer),
      },
    },
    '/v3/projects': {
      get: {
        operationId: 'findProjects',
        summary: 'Find the project of the credentials by its name or by the region name',
        tags,
        parameters: [
          {
            name: 'name',
            in: 'query',
            required: false,
            description: 'Name of the project, or of the region: local. Any other name matches nothing.',
            schema: { type: 'string' },
          },
        ],
        ...answers(200, projectsAnswer, ownRefusals),
      },
    },
    '/v3/auth/projects': {
      get: {
        operationId: 'listOwnProjects',
        summary: 'List the project of the credentials',
        tags,
        ...answers(200, projectsAnswer, ownRefusals),
      },
    },
    '/v3/auth/domains': {
      get: {
        operationId: 'listOwnDomains',
        summary: 'List the domain of the project of the credentials',
        tags,
        ...answers(200, domainsAnswer, ownRefusals),
      },
    },
    '/v3/auth/catalog': {
      get: {
        operationId: 'showCatalog',
        summary: 'Show the service catalogue',
        tags,
        ...answers(200, catalogAnswer, ownRefusals),
      },
    },
    '/v3/auth/tokens': {
      post: {
        operationId: 'issueToken',
        summary: 'Issue a token, returned in the header X-Subject-Token',
        tags,
        ...open,
        parameters: [noCatalogue],
        requestBody: { required: true, ...jsonContent(issueTokenRequest, 'input') },
        ...answers(
          201,
          issueTokenAnswer,
          ['invalid_request', 'malformed_json', 'not_json', 'body_too_large', 'not_authenticated'],
          issuedHeader,
        ),
      },
      get: {
        operationId: 'validateToken',
        summary: 'Show a token: your own, or one of a project that you administer',
        tags,
        parameters: [subject, noCatalogue],
        ...answers(200, issueTokenAnswer, subjectRefusals, issuedHeader),
      },
      head: {
        operationId: 'checkToken',
        summary: 'Check whether a token is valid',
        tags,
        parameters: [subject],
        responses: { 200: { description: 'The token is valid' }, ...refusals([...subjectRefusals, ...commonRefusals]) },
      },
      delete: {
        operationId: 'revokeToken',
        summary: 'Revoke a token immediately',
        tags,
        parameters: [subject],
        responses: {
          204: { description: 'Done' },
          ...refusals([...subjectRefusals, ...commonRefusals]),
        },
      },
    },
  };
}
