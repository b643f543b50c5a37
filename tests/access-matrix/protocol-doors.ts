import { createHash } from 'node:crypto';
import {
  BackupSyncError,
  type CallDefinition,
  type CallName,
  calls,
  consoleHeader,
  errorCodeOf,
  hasBody,
  isStream,
  pathFields,
  type UnaryCallName,
} from '../../packages/contracts/src/index.ts';
import { type AccessKey, signature, signingAlgorithm } from '../../packages/core/src/index.ts';
import type { Cell } from './cells.ts';
import type { EngineInstallation, Population, ServedInstallation } from './installation.ts';

type Request = { readonly method: string; readonly url: URL; readonly body: string };

/** Headers that a browser sends with a request of a page of the console. */
const pageHeaders = { 'Sec-Fetch-Site': 'same-origin', [consoleHeader.name]: consoleHeader.value };

/**
 * Makes a call over REST or tRPC, or as a page of the console. `headers` replace those of the page. Returns the code of
 * its refusal, or null.
 */
export async function callOver(
  place: ServedInstallation,
  cell: Cell,
  headers: Readonly<Record<string, string>> = pageHeaders,
): Promise<string | null> {
  const request = (cell.door === 'rest' ? restRequest : trpcRequest)(place.endpoint, cell.call, place[cell.project]);
  const { method, url, body } = request;
  const gone = new AbortController();
  const response = await fetch(url, {
    method,
    headers: {
      ...(body !== '' && { 'Content-Type': 'application/json' }),
      ...(await credentials(place, cell, request)),
      ...(cell.door === 'console' && headers),
    },
    ...(body !== '' && { body }),
    signal: gone.signal,
  });
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    // A stream does not end. It begins with earlier events.
    if (isStream(cell.call) && text.includes('"operation":')) break;
  }
  gone.abort();
  // REST and tRPC have the permanent number of the code in different places.
  const number = /"(?:error_code|number)":"(BackupSync\.\d+)"/.exec(text)?.[1];
  return number === undefined ? null : (errorCodeOf(number) ?? number);
}

/** Does the same as {@link callOver} with an engine in this process. */
export async function callEngine(place: EngineInstallation, cell: Cell): Promise<string | null> {
  const { engine } = place;
  try {
    const request = restRequest('http://127.0.0.1', cell.call, place[cell.project]);
    const headers = await credentials(place, cell, request);
    const caller =
      headers.Authorization === undefined
        ? await engine.identity.authenticate(headers['X-Auth-Token'] ?? '')
        : await engine.identity.authenticateSigned({
            ...request,
            target: request.url.pathname + request.url.search,
            headers: [...Object.entries(headers), ['Host', request.url.host]],
            body: Buffer.from(request.body),
          });
    if (caller === null) return 'not_authenticated';
    const from = { caller, requestId: engine.newId() };
    const input = inputOf(cell.call, place[cell.project]);
    if (isStream(cell.call)) await engine.watch(cell.call, { ...from, signal: AbortSignal.abort() }, input);
    else await engine.call(cell.call as UnaryCallName, from, input);
    return null;
  } catch (error) {
    if (error instanceof BackupSyncError) return error.code;
    throw error;
  }
}

function restRequest(endpoint: string, call: CallName, project: string): Request {
  const definition: CallDefinition = calls[call];
  const { method, path } = definition;
  let filled: string = path;
  for (const field of pathFields(path)) filled = filled.replace(`{${field}}`, field === 'project_id' ? project : 'x');
  const url = new URL(filled, endpoint);
  if (isStream(call)) url.search = 'after=0';
  return { method, url, body: hasBody(definition) ? '{}' : '' };
}

function trpcRequest(endpoint: string, call: CallName, project: string): Request {
  const url = new URL(`/trpc/${call}`, endpoint);
  const input = JSON.stringify(inputOf(call, project));
  if (calls[call].kind === 'mutation') return { method: 'POST', url, body: input };
  url.search = `input=${encodeURIComponent(input)}`;
  return { method: 'GET', url, body: '' };
}

/** Names things that do not exist, so that nothing changes even if the call is allowed. */
function inputOf(call: CallName, project: string): object {
  const inPath = pathFields(calls[call].path).map((field) => [field, 'x']);
  return { ...Object.fromEntries(inPath), project_id: project, ...(isStream(call) && { after: '0' }) };
}

async function credentials(
  { tokens, keys }: Population,
  { door, way, holder }: Cell,
  request: Request,
): Promise<Record<string, string>> {
  if (way === 'none') return {};
  const token = tokens.get(holder) ?? '';
  if (door === 'console') return { Cookie: `backup_sync=${token}` };
  if (way !== 'signature') return { 'X-Auth-Token': token };
  const key = keys.get(holder);
  if (key === undefined) throw new Error(`${holder} has no access key`);
  return signedHeaders(key, request);
}

async function signedHeaders({ accessKey, secretKey }: AccessKey, { method, url, body }: Request) {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const headers = [
    ['host', url.host],
    ['x-sdk-date', date],
  ] as const;
  const signedHeaders = headers.map(([name]) => name);
  const bodyHash = createHash('sha256').update(body).digest('hex');
  const target = url.pathname + url.search;
  const signed = await signature(secretKey, date, { method, target, headers, signedHeaders, bodyHash });
  const Authorization = `${signingAlgorithm} Access=${accessKey}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signed}`;
  return { 'X-Sdk-Date': date, Authorization };
}
