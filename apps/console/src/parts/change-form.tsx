import { type FormEvent, type ReactNode, useEffect, useRef } from 'react';
import { failureOf } from '../api/failure.ts';
import type { Change } from '../api/use-change.ts';
import { common } from '../words/common.ts';
import { placesAt, problemAt } from './field-problems.ts';
import { FailureNotice } from './notices.tsx';

type ChangeFormProps<Name extends string> = {
  readonly change: Change;
  /** Names of the fields, as the call has them. */
  readonly fields: readonly Name[];
  /** Words of the button that sends the form. */
  readonly button: string;
  readonly onSubmit: (form: FormData) => void;
  readonly onCancel: () => void;
  /** Words of the button that closes the form. */
  readonly cancel?: string;
  /** The fields. They get a function that returns the server's problem with a field. */
  readonly children: (problem: (field: Name) => string | undefined) => ReactNode;
  /** What is offered after a refusal. */
  readonly afterFailure?: ReactNode;
};

/** A form that makes a change. The server's problems are shown at their fields, and the first of these gets the focus. */
export function ChangeForm<Name extends string>(props: ChangeFormProps<Name>) {
  const { change, fields, button, onSubmit, onCancel, cancel = common.cancel, children, afterFailure } = props;
  const form = useRef<HTMLFormElement>(null);
  const { error } = change;
  useEffect(() => {
    if (error === null) return;
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
    if (wrong) wrong.focus();
    else form.current?.lastElementChild?.scrollIntoView({ block: 'nearest' });
  }, [error]);
  const problems = error === null ? [] : failureOf(error).problems;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!change.isPending) onSubmit(new FormData(event.currentTarget));
  };
  return (
    <form ref={form} onSubmit={submit}>
      {children((field) => problemAt(problems, field))}
      {error !== null && <FailureNotice thrown={error} placesAtFields={placesAt(problems, fields)} />}
      {error !== null && afterFailure}
      <div className="actions">
        <button type="button" className="button" onClick={onCancel}>
          {cancel}
        </button>
        <button type="submit" className="button main" aria-disabled={change.isPending}>
          {button}
        </button>
      </div>
    </form>
  );
}

/** The text of a field, without spaces around it. */
export function textOf(form: FormData, field: string): string {
  return String(form.get(field) ?? '').trim();
}
