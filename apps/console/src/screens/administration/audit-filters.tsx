import type { AuditOutcome } from '@backup-sync/contracts';
import { Link, useNavigate } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { textOf } from '../../parts/change-form.tsx';
import { Field } from '../../parts/field.tsx';
import { outcomeMeanings, auditWords as words } from '../../words/audit.ts';
import { common } from '../../words/common.ts';
import { type AuditSearch, auditSearch, inOwnTime, inUtc } from './audit-search.ts';

const outcomes = Object.keys(outcomeMeanings) as AuditOutcome[];

/** The filters of the audit. They take effect together, since each answer reads much. */
export function AuditFilters({ search }: { readonly search: AuditSearch }) {
  const navigate = useNavigate();
  const apply = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const entered = auditSearch({
      actor: textOf(form, 'actor'),
      call: textOf(form, 'call'),
      subject: textOf(form, 'subject'),
      outcome: textOf(form, 'outcome'),
      from: inUtc(textOf(form, 'from')),
      until: inUtc(textOf(form, 'until')),
    });
    void navigate({ to: '/administration/audit', search: entered });
  };
  return (
    // A change of the address, such as by Back, fills the form again.
    <form key={JSON.stringify(search)} className="filters" aria-label={words.filters} onSubmit={apply}>
      <TextFilter label={words.actor} name="actor" value={search.actor} />
      <TextFilter label={words.call} name="call" value={search.call} placeholder={words.callExample} />
      <TextFilter label={words.subject} name="subject" value={search.subject} />
      <Field label={words.outcome}>
        {(control) => (
          <select {...control} name="outcome" defaultValue={search.outcome ?? ''}>
            <option value="">{common.all}</option>
            {outcomes.map((outcome) => (
              <option key={outcome} value={outcome} title={outcomeMeanings[outcome]}>
                {outcome}
              </option>
            ))}
          </select>
        )}
      </Field>
      <TimeFilter label={words.from} name="from" value={search.from} />
      <TimeFilter label={words.until} name="until" value={search.until} />
      <div className="actions">
        <button type="submit" className="button main">
          {words.apply}
        </button>
        {Object.keys(search).length > 0 && (
          <Link to="/administration/audit" search={{}} className="button plain">
            {words.clear}
          </Link>
        )}
      </div>
    </form>
  );
}

type FilterProps = {
  readonly label: string;
  readonly name: string;
  readonly value: string | undefined;
  readonly placeholder?: string;
};

function TextFilter({ label, name, value, placeholder }: FilterProps) {
  return (
    <Field label={label}>
      {(control) => (
        <input
          {...control}
          name={name}
          defaultValue={value ?? ''}
          placeholder={placeholder}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
        />
      )}
    </Field>
  );
}

function TimeFilter({ label, name, value }: FilterProps) {
  return (
    <Field label={label}>
      {(control) => <input {...control} name={name} type="datetime-local" step="1" defaultValue={inOwnTime(value)} />}
    </Field>
  );
}
