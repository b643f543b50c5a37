import { reasonCodes, reasons } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { remedyOnCommandLine } from './reason-remedies.ts';

test.each(reasonCodes)('the remedy of %s speaks of commands and options', (code) => {
  const remedy = remedyOnCommandLine({ code, remedy: reasons[code].remedy });
  expect(remedy).not.toMatch(/sync again|bucket_name|The server retries/i);
});
