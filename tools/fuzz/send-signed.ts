import type { Agent } from 'node:http';
import type { SeenAnswer } from './check-answer.ts';
import { sendWire } from './send-call.ts';
import { authorizationOf, type Meaning, signingDate } from './sign-meaning.ts';
import type { SignedCall } from './signed-arbitrary.ts';
import { spellRequest } from './spell-request.ts';

/**
 * Sends a request without and with its signature. Then changes its meaning, and sends it without and with the old
 * signature. Returns the answers in this order. Throws if the signature does not admit its request, or admits another
 * one.
 */
export async function sendSigned(
  endpoint: URL,
  agent: Agent,
  { key, meaning, change, choices }: SignedCall,
): Promise<readonly SeenAnswer[]> {
  const signed: Meaning = { ...meaning, host: endpoint.host, date: signingDate(Date.now()) };
  const authorization = authorizationOf(key, signed);
  const send = (each: Meaning, added: readonly (readonly [string, string])[]) => {
    const wire = spellRequest(each, choices);
    return sendWire(endpoint, agent, { ...wire, headers: [...wire.headers, ...added] });
  };
  const changed = change.make(signed);
  const withSignature = [['Authorization', authorization]] as const;
  const [plain, right, plainChanged, wrong] = await Promise.all([
    send(signed, []),
    send(signed, withSignature),
    send(changed, []),
    send(changed, withSignature),
  ]);
  if (plain.status === 401 && right.status === 401) throw new Error(`a valid signature was refused: ${right.body}`);
  if (wrong.status !== 401 && wrong.status !== plainChanged.status) {
    throw new Error(`signed before a change of ${change.name}, but answered ${wrong.status}: ${wrong.body}`);
  }
  return [plain, right, plainChanged, wrong];
}
