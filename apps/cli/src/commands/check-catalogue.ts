import { counted } from '@backup-sync/contracts';
import { exitCodes } from '../failure.ts';
import { liveLine } from '../progress.ts';
import { note, print, printJson } from '../terminal.ts';
import { cataloguePlace } from './catalogue-place.ts';
import type { CommandContext } from './command-context.ts';

/** Checks the database of a catalogue, and that its rows do not contradict each other. */
export async function checkCatalogueCommand(context: CommandContext): Promise<number> {
  const { terminal, signal } = context;
  const { place, shown } = await cataloguePlace(context);
  const { checkCatalogue } = await import('@backup-sync/engine/catalogue-check');
  const live = liveLine(terminal);
  const onCheck = (fault: string) => live.show(`looking for: ${fault}`);
  const { checks, problems } = await checkCatalogue(place, { signal, onCheck }).finally(() => live.stop());
  const exitCode = problems.length === 0 ? exitCodes.done : exitCodes.someItemsFailed;
  if (terminal.json) {
    printJson(terminal, {
      checks,
      problems: problems.map(({ fault, remedy, places, hasMore }) => ({
        problem: fault,
        remedy,
        places,
        has_more: hasMore,
      })),
    });
    return exitCode;
  }
  for (const { fault, places, hasMore } of problems) {
    print(terminal, `${fault}: ${places.join('; ')}${hasMore ? '; and more' : ''}`);
  }
  if (problems.length === 0) {
    print(terminal, `The catalogue in ${shown} passed ${counted(checks, 'check')}.`);
    return exitCode;
  }
  note(
    terminal,
    `The catalogue in ${shown} has ${counted(problems.length, 'problem')}. Keep a copy of it before you change anything, ` +
      'and report it: backup-sync leaves none of these by itself.',
  );
  for (const [remedy, faults] of Map.groupBy(problems, (problem) => problem.remedy)) {
    note(terminal, `${faults.map(({ fault }) => `${fault}.`).join(' ')} ${remedy}`);
  }
  return exitCode;
}
