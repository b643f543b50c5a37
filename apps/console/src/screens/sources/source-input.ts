import type { BackupFormat, Source, VerificationLevel } from '@backup-sync/contracts';
import type { OwnInput } from '../../api/calls.ts';
import { sourcesWords } from '../../words/sources.ts';
import { inSeconds } from './seconds.ts';

/** The source that a form describes. What was left empty gets the server's default. */
export function newSource(form: FormData): OwnInput<'addSource'> {
  const text = (field: string) => String(form.get(field) ?? '');
  const place = { bucket_name: text('bucket_name').trim(), prefix: text('prefix') };
  const [template, percent] = [text('path_template').trim(), text('removal_share').trim()];
  const incompleteAfterS = secondsOf(form, 'incomplete_after_s');
  return {
    ...place,
    name: text('name').trim() || sourcesWords.place(place),
    level: text('level') as VerificationLevel,
    interval_s: secondsOf(form, 'interval_s'),
    reverify_after_s: secondsOf(form, 'reverify_after_s'),
    format: text('format') === '' ? null : (text('format') as Exclude<BackupFormat, 'unknown'>),
    path_template: template === '' ? null : template,
    ...(incompleteAfterS !== null && { incomplete_after_s: incompleteAfterS }),
    ...(percent !== '' && { removal_share: Math.round(Number(percent) * 100) / 10_000 }),
  };
}

type Changes = Omit<OwnInput<'updateSource'>, 'source_id' | 'force'>;

/** What a form changes of a source. What stays the same is left out: even the same interval would count from now. */
export function changesOf(source: Source, form: FormData): Changes {
  const incompleteAfterS = secondsOf(form, 'incomplete_after_s');
  const entered = {
    prefix: String(form.get('prefix') ?? ''),
    level: String(form.get('level')) as VerificationLevel,
    interval_s: secondsOf(form, 'interval_s'),
    reverify_after_s: secondsOf(form, 'reverify_after_s'),
    incomplete_after_s: incompleteAfterS ?? source.incomplete_after_s,
  };
  const changed = Object.entries(entered).filter(([field, value]) => source[field as keyof Changes] !== value);
  return Object.fromEntries(changed) as Changes;
}

/** Name of the control that has the unit of a duration. */
export function unitField(field: string): string {
  return `${field}-unit`;
}

/** The seconds that a form has for a duration; null if nothing was entered. */
export function secondsOf(form: FormData, field: string): number | null {
  return inSeconds(String(form.get(field) ?? ''), String(form.get(unitField(field)) ?? ''));
}
