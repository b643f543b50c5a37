import { getRouteApi, useNavigate } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { Field } from '../../parts/field.tsx';
import { common, operationKindWords } from '../../words/common.ts';
import { operations as words } from '../../words/operations.ts';
import { kindChoices, type OperationsSearch, operationsSearch, statusChoices } from './operations-search.ts';

const route = getRouteApi('/inside/operations');

/** Selects operations. Every filter is in the address; another one leads to the first page. */
export function OperationFilters() {
  const { kind, status, backup, day } = route.useSearch();
  const navigate = useNavigate();
  const change = (changed: Readonly<Record<keyof OperationsSearch, unknown>> | object) => {
    void navigate({ to: '/operations', search: operationsSearch({ kind, status, backup, day, ...changed }) });
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    change({ backup: String(new FormData(event.currentTarget).get('backup')).trim() });
  };
  return (
    <form className="filters" aria-label={words.filters} onSubmit={submit}>
      <Field label={words.kind}>
        {(control) => (
          <select {...control} value={kind ?? ''} onChange={(event) => change({ kind: event.target.value })}>
            <option value="">{common.all}</option>
            {kindChoices.map((each) => (
              <option key={each} value={each}>
                {operationKindWords[each]}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={words.status}>
        {(control) => (
          <select {...control} value={status ?? ''} onChange={(event) => change({ status: event.target.value })}>
            <option value="">{common.all}</option>
            {statusChoices.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={words.backupId}>
        {(control) => (
          <input
            {...control}
            key={backup ?? ''}
            name="backup"
            type="search"
            defaultValue={backup ?? ''}
            maxLength={255}
            autoCapitalize="none"
            spellCheck={false}
          />
        )}
      </Field>
      <button type="submit" className="button">
        {words.filter}
      </button>
    </form>
  );
}
