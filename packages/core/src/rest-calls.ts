import {
  BackupSyncError,
  type CallDefinition,
  calls,
  type ErrorCode,
  hasBody,
  parseOrRefuse,
  pathFields,
  type UnaryCallName,
  unaryCallNames,
} from '@backup-sync/contracts';
import { answerSchema } from './answers/answers.ts';
import type { CallOptions, Calls, ListCalls } from './calls.ts';
import { urlOf } from './http/endpoint.ts';
import type { Refusal } from './http/refusal.ts';
import { traceOf } from './http/trace.ts';
import type { Transport } from './http/transport.ts';
import { ofList } from './lists/listed-items.ts';
import { retell } from './retell.ts';
import { encodeStrictly } from './signing/canonical-request.ts';

/** Mutations that are safe to send twice: the same items get the same operation logs. Queries are always safe. */
const repeatableChanges: ReadonlySet<UnaryCallName> = new Set(['syncBackups', 'importBackups']);

/** Prefix of the paths that only a backup-sync has. */
const ownPaths = '/v1/';

type Fields = Record<string, unknown>;
type InputCheck = (schema: CallDefinition['input'], fields: Fields) => Fields;

/** Creates the calls of one project over REST. They check their input before they send it. */
export function restCalls(endpoint: URL, projectId: string, transport: Transport): Calls {
  return checkedCalls(endpoint, projectId, transport, (schema, fields) => {
    try {
      return parseOrRefuse(schema, fields);
    } catch (error) {
      throw Array.isArray(fields.sync) ? ofList(error, { first: 0, items: fields.sync }) : error;
    }
  });
}

/** Creates the calls that carry batches. They do not check the items again: each was checked when it was read. */
export function restListCalls(endpoint: URL, projectId: string, transport: Transport): ListCalls {
  return checkedCalls(endpoint, projectId, transport, ({ shape }, fields) => {
    parseOrRefuse(shape.project_id, fields.project_id, 'project_id');
    return fields;
  });
}

function checkedCalls(endpoint: URL, projectId: string, transport: Transport, check: InputCheck): Calls {
  const byName = unaryCallNames.map((name) => [
    name,
    async (input: Fields, { signal }: CallOptions = {}) => {
      const definition: CallDefinition = calls[name];
      const fields = { ...input, project_id: projectId };
      const checked = check(definition.input, fields);
      const { path, rest } = fillPath(definition.path, hasBody(definition) ? checked : fields);
      const answer = await transport.call({
        method: definition.method,
        url: urlOf(endpoint, path, hasBody(definition) ? {} : rest),
        ...(hasBody(definition) && { body: rest }),
        repeatable: definition.kind === 'query' || repeatableChanges.has(name),
        errorOf: (refusal) => errorOf(definition, endpoint, refusal),
        signal,
      });
      const parsed = answerSchema(name).safeParse(definition.successStatus === 204 ? undefined : answer.body);
      if (parsed.success) return parsed.data;
      const message = `the answer of ${endpoint.origin} to ${name} does not match this API`;
      throw new BackupSyncError('unexpected_answer', message, { cause: parsed.error, ...traceOf(answer) });
    },
  ]);
  // Built from the table of calls, so it has exactly these names.
  return Object.fromEntries(byName) as Calls;
}

function fillPath(path: string, fields: Fields): { path: string; rest: Fields } {
  const rest = { ...fields };
  let filled = path;
  for (const field of pathFields(path)) {
    filled = filled.replace(`{${field}}`, encodeStrictly(String(fields[field])));
    delete rest[field];
  }
  return { path: filled, rest };
}

/** Maps the refusal of another service to one of our codes. */
function errorOf(definition: CallDefinition, endpoint: URL, { error, status, ours }: Refusal): BackupSyncError {
  if (ours) return error;
  if (definition.path.startsWith(ownPaths) && (status === 404 || status === 405)) {
    const message = `${endpoint.origin} is not a backup-sync: it has no ${definition.path} (${error.message})`;
    return retell(error, { code: 'not_supported', message });
  }
  const code = status === 404 ? notFoundCode(definition.path) : undefined;
  return code === undefined ? error : retell(error, { code, message: error.message });
}

function notFoundCode(path: string): ErrorCode | undefined {
  if (path.endsWith('/{backup_id}')) return 'backup_not_found';
  if (path.endsWith('/{vault_id}')) return 'vault_not_found';
  if (path.endsWith('/{checkpoint_id}')) return 'checkpoint_not_found';
  if (path.endsWith('/{operation_log_id}')) return 'operation_log_not_found';
  return undefined;
}
