import { type CallOutput, hookEventKind } from '@backup-sync/contracts';
import { useChange } from '../../api/use-change.ts';
import { ChangeForm, textOf } from '../../parts/change-form.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { hooksWords as words } from '../../words/hooks.ts';
import { SecondsField } from '../sources/seconds-field.tsx';
import { secondsOf } from '../sources/source-input.ts';

const fields = ['url', 'name', 'events', 'newest_older_than_s', 'source_older_than_s'] as const;

type AddHookProps = { readonly onAdded: (answer: CallOutput<'addHook'>) => void; readonly onClose: () => void };

/** The form of a new hook. */
export function AddHook({ onAdded, onClose }: AddHookProps) {
  const change = useChange('addHook', ['listHooks'], onAdded);
  const add = (form: FormData) => {
    const chosen = form.getAll('events').map(String);
    change.mutate({
      url: textOf(form, 'url'),
      name: textOf(form, 'name'),
      events: hookEventKind.options.filter((kind) => chosen.includes(kind)),
      newest_older_than_s: secondsOf(form, 'newest_older_than_s'),
      source_older_than_s: secondsOf(form, 'source_older_than_s'),
    });
  };
  return (
    <Dialog title={words.addTitle} onClose={onClose}>
      <ChangeForm change={change} fields={fields} button={words.addButton} onSubmit={add} onCancel={onClose}>
        {(problem) => (
          <>
            <Field label={words.url} hint={words.urlHint} problem={problem('url')}>
              {(control) => <input {...control} name="url" type="url" required autoComplete="off" spellCheck={false} />}
            </Field>
            <Field label={words.name} problem={problem('name')}>
              {(control) => <input {...control} name="name" required autoComplete="off" />}
            </Field>
            <fieldset>
              <legend>{words.events}</legend>
              {hookEventKind.options.map((kind) => (
                <label key={kind}>
                  <input type="checkbox" name="events" value={kind} defaultChecked /> {kind}
                </label>
              ))}
              {problem('events') !== undefined && <p role="alert">{problem('events')}</p>}
            </fieldset>
            <SecondsField
              {...{ label: words.newestOlderThan, hint: words.newestHint, name: 'newest_older_than_s' }}
              {...{ seconds: null, unit: 'hours', problem: problem('newest_older_than_s') }}
            />
            <SecondsField
              {...{ label: words.sourceOlderThan, hint: words.sourceHint, name: 'source_older_than_s' }}
              {...{ seconds: null, unit: 'hours', problem: problem('source_older_than_s') }}
            />
          </>
        )}
      </ChangeForm>
    </Dialog>
  );
}
