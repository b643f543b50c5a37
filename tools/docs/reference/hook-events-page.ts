import { hookEvents } from '../../../packages/contracts/src/index.ts';
import { type Json, schemaOf } from '../../../packages/contracts/src/openapi-schemas.ts';
import { fieldRows, type Schema } from './call-pages.ts';
import { generatedPage, table } from './markdown.ts';

/** When each event is sent. */
const occasions: Readonly<Record<keyof typeof hookEvents, string>> = {
  'operation.failed':
    'An import, scan, plan or run of a source has failed or timed out. The subject is the backup of an import or of a deletion, the source of a run, and otherwise the bucket. Cancelled operations do not count.',
  'operation.failed.resolved':
    'The next operation of the same kind about the same subject has succeeded. A failure that nothing follows for 30 days is forgotten, and no event is sent.',
  'source.held': 'A source is held: too many records would be marked as vanished at once. Someone has to confirm.',
  'source.held.resolved': 'The source is no longer held.',
  'verification.failed': 'A verification of a backup has failed.',
  'verification.failed.resolved':
    'The next verification of the same backup has succeeded, an import has proved the backup again, or its record was deleted.',
  'backup.overdue':
    'The newest proved backup of a resource is older than the limit of the hook. A resource without any proved backup has none that could be overdue: until then, only its operations fail. Retired resources do not count.',
  'backup.overdue.resolved': 'The resource has a newer proved backup, is retired, or is no longer recorded.',
  'source.overdue':
    'The last good run of a source is longer ago than the limit of the hook. Paused sources do not count. Sources without an interval do: you run them yourself, and the limit says how often.',
  'source.overdue.resolved': 'The source has had a good run, was paused or was removed.',
  'hook.test': 'Somebody has tested the hook. It is not retried.',
};

/** The events that hooks send. */
export function hookEventsPage(): string {
  const parts = Object.entries(hookEvents).flatMap(([type, event]) => [
    `## ${type}`,
    occasions[type as keyof typeof hookEvents],
    table(['field', 'type', 'required', 'meaning'], fieldRows(inlined(schemaOf(event, 'output')))),
  ]);
  return generatedPage('Events of hooks', [
    'The bodies that [hooks](../how-to/hooks.md) send. Each is JSON with `type`, `timestamp` and `data`, and has less than 20 KiB. `timestamp` is when the problem began or was over; the header `webhook-timestamp` is when the event was sent. New fields and types may be added: ignore what you do not know.',
    ...parts,
  ]);
}

/** The schema without references, so that all of an event is in one table. */
function inlined({ $defs: definitions = {}, ...schema }: Json): Schema {
  const inline = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(inline);
    if (typeof node !== 'object' || node === null) return node;
    if ('$ref' in node) {
      const { $ref, ...others } = node;
      const referred = (definitions as Json)[String($ref).replace('#/$defs/', '')];
      return { ...(inline(referred) as object), ...others };
    }
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, inline(value)]));
  };
  return inline(schema) as Schema;
}
