import { callsPage, typesPage } from './call-pages.ts';
import { errorsPage, reasonsPage } from './code-pages.ts';
import { commandPage } from './command-page.ts';
import { configurationPage, configurationSchema } from './configuration-page.ts';
import { exitCodesPage } from './exit-codes-page.ts';
import { glossaryPage } from './glossary-page.ts';
import { hookEventsPage } from './hook-events-page.ts';
import { logEventsPage } from './log-events-page.ts';
import { metricsPage } from './metrics-page.ts';
import { variablesPage } from './variables-page.ts';

/** The files that this tool generates from the code, by their path in the repository. */
export const generatedPages: Readonly<Record<string, () => string>> = {
  'docs/glossary.md': glossaryPage,
  'docs/reference/calls.md': callsPage,
  'docs/reference/types.md': typesPage,
  'docs/reference/command-line.md': commandPage,
  'docs/reference/variables.md': variablesPage,
  'docs/reference/configuration.md': configurationPage,
  'docs/reference/configuration.schema.json': configurationSchema,
  'docs/reference/reasons.md': reasonsPage,
  'docs/reference/errors.md': errorsPage,
  'docs/reference/hook-events.md': hookEventsPage,
  'docs/reference/exit-codes.md': exitCodesPage,
  'docs/reference/log-events.md': logEventsPage,
  'docs/reference/metrics.md': metricsPage,
};
