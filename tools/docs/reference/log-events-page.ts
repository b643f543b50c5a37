import { limitedEntries, logEvents, logFields, logLevels } from '../../../packages/engine/src/log-events.ts';
import { generatedPage, sentence, table } from './markdown.ts';

const limits = {
  event: `At most ${limitedEntries} entries a minute.`,
  error: `At most ${limitedEntries} entries a minute for each error.`,
} as const;

export function logEventsPage(): string {
  const rows = Object.entries(logEvents).map(([name, event]) => [
    `\`${name}\``,
    event.level,
    `${sentence(event.when)}${'limitedBy' in event ? ` ${limits[event.limitedBy]}` : ''}`,
    event.fields.map((field) => `\`${field}\``).join(', '),
  ]);
  return generatedPage('Events of the log', [
    'The log of `serve` and `work`: see [Read the log](../how-to/read-logs.md). Names of events and fields are stable. New ones may be added.',
    '## Events',
    table(['event', 'level', 'written when', 'fields'], rows),
    '## Fields',
    `Every entry has these: \`time\` (RFC 3339, UTC), \`level\` (${logLevels.map((level) => `\`${level}\``).join(', ')}), \`event\`, and \`msg\`, a text for people that may change. Fields without a value are left out.`,
    table(
      ['field', 'meaning'],
      Object.entries(logFields).map(([name, meaning]) => [`\`${name}\``, sentence(meaning)]),
    ),
  ]);
}
