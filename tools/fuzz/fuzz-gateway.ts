import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { serve } from '../../apps/gateway/src/serve.ts';
import type { TestKey } from '../../apps/gateway/src/signing-for-tests.ts';
import { errors, roles } from '../../packages/contracts/src/index.ts';
import { fuzzedCalls, type Known } from './call-arbitrary.ts';
import { checkAnswer, type SeenAnswer } from './check-answer.ts';
import { rawRequests } from './raw-arbitrary.ts';
import { sendCall } from './send-call.ts';
import { sendRaw } from './send-raw.ts';
import { sendSigned } from './send-signed.ts';
import { signedCalls } from './signed-arbitrary.ts';

export type FuzzCounts = {
  requests: number;
  raw: number;
  /** Requests that only their signature admitted. Each was sent in three other ways too. */
  letIn: number;
  unanswered: number;
  readonly byStatus: Map<number, number>;
};

/** Requests that are sent at the same time. */
const together = 25;
/** Number of these that are raw bytes. */
const rawTogether = 5;
/** Number of these that are validly signed. Each is sent in four ways. */
const signedTogether = 2;
const waysOfSigned = 4;
const callsTogether = together - rawTogether - waysOfSigned * signedTogether;

/** Milliseconds that an answer may take on a busy machine. One that takes longer counts as hanging. */
const deadlineMs = 20_000;

/**
 * Sends this many requests to a real gateway with the example buckets. Throws, with the seed and the request, if an
 * answer is 5xx or a refusal in another form, or if the gateway reports a fault.
 */
export async function fuzzGateway(options: {
  readonly requests: number;
  readonly seed: number;
  readonly buckets: string;
}): Promise<FuzzCounts> {
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-fuzz-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(home, { recursive: true, force: true }));
  const faults: unknown[] = [];
  const gateway = cleanup.use(
    await serve({
      dataDirectory: join(home, 'data'),
      storage: `file:${options.buckets}`,
      administratorPassword: 'of a server that is fuzzed',
      host: '127.0.0.1',
      port: 0,
      version: '0.0.0',
      onFault: (place, error) => faults.push(place, error),
      // No limit may refuse a request before it reaches a handler. Incomplete requests are given up soon.
      limits: {
        callsPerSecond: Infinity,
        unknownCallsPerSecond: Infinity,
        callsInFlight: Infinity,
        callsInFlightOfCaller: Infinity,
        headersTimeoutMs: 100,
        requestTimeoutMs: 100,
      },
    }),
  );
  const agent = new Agent({ keepAlive: true });
  cleanup.defer(() => agent.destroy());
  const endpoint = new URL(gateway.endpoint);
  const known: Known = { projectId: gateway.projectId, token: gateway.token, ids: await someIds(gateway.endpoint) };
  const keys = await keysOfEachRole(gateway.endpoint);
  const counts: FuzzCounts = { requests: 0, raw: 0, letIn: 0, unanswered: 0, byStatus: new Map() };
  const note = (answer: SeenAnswer) => {
    counts.byStatus.set(answer.status, (counts.byStatus.get(answer.status) ?? 0) + 1);
    checkAnswer(answer);
  };

  const calls = fc.array(fuzzedCalls(known), { minLength: callsTogether, maxLength: callsTogether });
  const raws = fc.array(rawRequests(known), { minLength: rawTogether, maxLength: rawTogether });
  const signed = signedCalls(known.projectId, keys, known.ids);
  const signeds = fc.array(signed, { minLength: signedTogether, maxLength: signedTogether });
  const outcome = await fc.check(
    fc.asyncProperty(calls, raws, signeds, async (called, bytes, signed) => {
      const sentCalls = called.map((call) => inTime(sendCall(endpoint, agent, call)).then(note));
      const sentRaw = bytes.map(async (each) => {
        const answer = await inTime(sendRaw(endpoint, each));
        if (answer === null) counts.unanswered += 1;
        else note(answer);
      });
      const sentSigned = signed.map(async (each) => {
        const answers = await inTime(sendSigned(endpoint, agent, each));
        if (answers[0]?.status === 401) counts.letIn += 1;
        for (const answer of answers) note(answer);
      });
      const sent = await Promise.allSettled([...sentCalls, ...sentRaw, ...sentSigned]);
      counts.requests += together;
      counts.raw += bytes.length;
      for (const [index, each] of sent.entries()) {
        if (each.status === 'fulfilled') continue;
        const all = [...called, ...bytes.map((raw) => Buffer.from(raw).toString('latin1')), ...signed];
        throw new Error(`${String(each.reason)}, to ${inspect(all[index], { depth: 6 })}`);
      }
      if (faults.length > 0) throw new Error(`the gateway reported ${String(faults.splice(0))}`);
    }),
    // The failed request is named, so shrinking would not help.
    { numRuns: Math.ceil(options.requests / together), seed: options.seed, endOnFailure: true },
  );
  if (outcome.failed) throw new Error(`seed ${options.seed}: ${String(outcome.errorInstance)}`);
  const alive = await fetch(`${gateway.endpoint}/readyz`);
  if (alive.status !== 200) throw new Error(`the gateway is not ready afterwards: ${alive.status}`);
  return counts;

  /** Makes a call as the administrator, again if a busy machine was too slow for the limits above. */
  async function post(to: string, body: object): Promise<Response> {
    const headers = { 'X-Auth-Token': gateway.token, 'Content-Type': 'application/json' };
    while (true) {
      const answer = await fetch(to, { method: 'POST', headers, body: JSON.stringify(body) });
      if (answer.ok) return answer;
      if (answer.status !== errors.request_timeout.httpStatus) {
        throw new Error(`${to}: ${answer.status} ${await answer.text()}`);
      }
    }
  }

  /** An access key of one user for each role. */
  async function keysOfEachRole(at: string): Promise<readonly TestKey[]> {
    const to = `${at}/v1/projects/${gateway.projectId}`;
    const keys: TestKey[] = [];
    for (const role of roles) {
      const of = { user_name: `signing-${role}`, target_project_id: gateway.projectId };
      await post(`${to}/users`, { name: of.user_name, password: 'of a user who signs' });
      await post(`${to}/roles`, { ...of, role });
      const answer = await post(`${to}/access-keys`, of);
      const made = (await answer.json()) as { access_key: { access_key: string }; secret_key: string };
      keys.push({ accessKey: made.access_key.access_key, secretKey: made.secret_key });
    }
    return keys;
  }

  /** Ids of things that exist after an import of an example, and words that a schema takes. */
  async function someIds(at: string): Promise<readonly string[]> {
    const item = {
      backup_id: 'e4928728-f83e-4e23-8101-fafb5225c1e0',
      backup_name: 'fuzzed',
      bucket_name: 'volumebackups',
      image_path: 'fuzzed',
      resource_id: 'fuzzed',
      resource_name: 'fuzzed',
      created_at: 1,
    };
    const answer = await post(`${at}/v3/${gateway.projectId}/backups/sync`, { sync: [item] });
    const { sync } = (await answer.json()) as { sync: { operation_log_id: string }[] };
    return [item.backup_id, 'volumebackups', 'fuzzed', 'admin', ...sync.map((each) => each.operation_log_id)];
  }
}

async function inTime<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}
