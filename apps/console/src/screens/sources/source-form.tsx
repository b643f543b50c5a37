import type { BackupFormat, CallOutput, Source, VerificationLevel } from '@backup-sync/contracts';
import { useState } from 'react';
import { failureOf } from '../../api/failure.ts';
import { useChange } from '../../api/use-change.ts';
import { announce } from '../../parts/announcements.tsx';
import { ChangeForm } from '../../parts/change-form.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { levelMeanings } from '../../words/common.ts';
import { sourceFormWords as words } from '../../words/sources.ts';
import { SecondsField } from './seconds-field.tsx';
import { changesOf, newSource } from './source-input.ts';
import { StorageTest } from './storage-test.tsx';

/** Numbers of `bucket_not_found`, `prefix_empty` and `storage_not_readable`: their check can be skipped. */
const skippable: readonly (string | null)[] = ['BackupSync.1053', 'BackupSync.1054', 'BackupSync.1055'];

const levels = Object.keys(levelMeanings) as VerificationLevel[];
const formats: Readonly<Record<Exclude<BackupFormat, 'unknown'>, string>> = {
  cinder: 'cinder',
  longhorn: 'longhorn',
  restic: 'restic',
  etcd: 'etcd',
  qcow2: 'qcow2',
  vmdk: 'vmdk',
  ovf: 'ovf',
  manifest: 'manifest',
  barman: 'barman',
  borg: 'borg',
  kopia: 'kopia',
  percona: 'percona',
  proxmox: 'proxmox',
  veeam: 'veeam',
  velero: 'velero',
  vzdump: 'vzdump',
  'wal-g': 'wal-g',
};

const editableFields = ['prefix', 'level', 'interval_s', 'reverify_after_s', 'incomplete_after_s'] as const;
const newFields = ['name', 'bucket_name', ...editableFields, 'format', 'path_template', 'removal_share'] as const;
type ProblemOf = (field: (typeof newFields)[number]) => string | undefined;

type AddSourceProps = {
  readonly onAdded: (answer: CallOutput<'addSource'>) => void;
  readonly onClose: () => void;
};

/** The form of a new source. */
export function AddSource({ onAdded, onClose }: AddSourceProps) {
  const [bucket, setBucket] = useState('');
  const change = useChange('addSource', ['listSources'], (answer) => {
    announce(words.added(answer.source.name));
    onAdded(answer);
  });
  return (
    <Dialog title={words.addTitle} onClose={onClose}>
      <ChangeForm
        change={change}
        fields={newFields}
        button={words.addButton}
        onSubmit={(form) => change.mutate({ ...newSource(form), force: form.has('force') })}
        onCancel={onClose}
        afterFailure={<SkipCheck thrown={change.error} label={words.force} />}
      >
        {(problem) => (
          <>
            <Field label={words.bucket} problem={problem('bucket_name')}>
              {(control) => (
                <input
                  {...control}
                  name="bucket_name"
                  required
                  autoCapitalize="none"
                  autoComplete="off"
                  spellCheck={false}
                  value={bucket}
                  onChange={(event) => setBucket(event.target.value)}
                />
              )}
            </Field>
            <PrefixField hint={words.prefixHint} prefix="" problem={problem} />
            <StorageTest bucketName={bucket.trim()} />
            <Field label={words.name} hint={words.nameHint} problem={problem('name')}>
              {(control) => <input {...control} name="name" autoComplete="off" />}
            </Field>
            <TimesAndLevel problem={problem} />
            <details>
              <summary>{words.more}</summary>
              <div className="stack">
                <Field label={words.format} problem={problem('format')}>
                  {(control) => (
                    <select {...control} name="format" defaultValue="">
                      <option value="">{words.allFormats}</option>
                      {Object.entries(formats).map(([value, label]) => (
                        <option key={value} value={value}>
                          {label}
                        </option>
                      ))}
                    </select>
                  )}
                </Field>
                <Field label={words.template} hint={words.templateHint} problem={problem('path_template')}>
                  {(control) => <input {...control} name="path_template" autoComplete="off" spellCheck={false} />}
                </Field>
                <RarelyChanged problem={problem} />
                <Field label={words.share} hint={words.shareHint} problem={problem('removal_share')}>
                  {(control) => (
                    <input {...control} name="removal_share" type="number" step="any" defaultValue={defaultPercent} />
                  )}
                </Field>
              </div>
            </details>
          </>
        )}
      </ChangeForm>
    </Dialog>
  );
}

/** Values of a new source; the server has the same defaults. */
const defaultPercent = 20;
const defaults = {
  level: 'linkage',
  interval_s: 60 * 60,
  reverify_after_s: null,
  incomplete_after_s: 24 * 60 * 60,
} as const satisfies Partial<Source>;

/** The form of what can change of a source. */
export function EditSource({ source, onClose }: { readonly source: Source; readonly onClose: () => void }) {
  const change = useChange('updateSource', ['listSources', 'showSource'], () => {
    announce(words.saved);
    onClose();
  });
  const save = (form: FormData) => {
    const changes = changesOf(source, form);
    if (Object.keys(changes).length === 0) onClose();
    else change.mutate({ source_id: source.id, ...changes, force: form.has('force') });
  };
  return (
    <Dialog title={words.editTitle(source.name)} onClose={onClose}>
      <ChangeForm
        change={change}
        fields={editableFields}
        button={words.saveButton}
        onSubmit={save}
        onCancel={onClose}
        afterFailure={<SkipCheck thrown={change.error} label={words.forceEdit} />}
      >
        {(problemOfEditable) => {
          const problem = problemOfEditable as ProblemOf;
          return (
            <>
              <PrefixField hint={words.prefixEditHint} prefix={source.prefix} problem={problem} />
              <TimesAndLevel source={source} problem={problem} />
              <RarelyChanged source={source} problem={problem} />
            </>
          );
        }}
      </ChangeForm>
    </Dialog>
  );
}

type PartProps = { readonly source?: Source; readonly problem: ProblemOf };

function PrefixField({ prefix, hint, problem }: { prefix: string; hint: string; problem: ProblemOf }) {
  return (
    <Field label={words.prefix} hint={hint} problem={problem('prefix')}>
      {(control) => (
        <input
          {...control}
          name="prefix"
          defaultValue={prefix}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
        />
      )}
    </Field>
  );
}

function TimesAndLevel({ source, problem }: PartProps) {
  const { level, interval_s } = source ?? defaults;
  const [chosen, setChosen] = useState<VerificationLevel>(level);
  return (
    <>
      <SecondsField
        label={words.interval}
        hint={words.intervalHint}
        name="interval_s"
        seconds={interval_s}
        unit="hours"
        problem={problem('interval_s')}
      />
      <Field label={words.level} hint={levelMeanings[chosen]} problem={problem('level')}>
        {(control) => (
          <select
            {...control}
            name="level"
            value={chosen}
            onChange={(event) => setChosen(event.target.value as VerificationLevel)}
          >
            {levels.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        )}
      </Field>
    </>
  );
}

function RarelyChanged({ source, problem }: PartProps) {
  const { reverify_after_s, incomplete_after_s } = source ?? defaults;
  return (
    <>
      <SecondsField
        label={words.reverify}
        hint={words.reverifyHint}
        name="reverify_after_s"
        seconds={reverify_after_s}
        unit="days"
        problem={problem('reverify_after_s')}
      />
      <SecondsField
        label={words.incomplete}
        hint={words.incompleteHint}
        name="incomplete_after_s"
        seconds={incomplete_after_s}
        unit="hours"
        problem={problem('incomplete_after_s')}
      />
    </>
  );
}

/** Offers to skip the check of the bucket, once it has refused. */
function SkipCheck({ thrown, label }: { readonly thrown: unknown; readonly label: string }) {
  if (!skippable.includes(failureOf(thrown).number)) return null;
  return (
    <div className="field">
      <label className="check">
        <input type="checkbox" name="force" />
        {label}
      </label>
      <div className="hint">{words.forceText}</div>
    </div>
  );
}
