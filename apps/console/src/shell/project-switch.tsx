import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { isPasswordWanted } from '../api/failure.ts';
import { lossOfLeaving } from '../api/kept-work.ts';
import { projectsOptions, switchProject, useSession } from '../api/session.ts';
import { ConfirmDialog } from '../parts/confirm-dialog.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { FailureNotice } from '../parts/notices.tsx';
import { common } from '../words/common.ts';
import { shell } from '../words/shell.ts';
import { signInWords } from '../words/sign-in.ts';

/** What the person is asked before the switch: whether the import may stop, or the password. */
type Question = { readonly loss: string } | 'password';

/** Shows the project of the session, and switches to another one. */
export function ProjectSwitch() {
  const session = useSession();
  const navigate = useNavigate();
  const { data: projects = [] } = useQuery(projectsOptions);
  const [chosen, setChosen] = useState<string | null>(null);
  const [question, setQuestion] = useState<Question | null>(null);

  const change = useMutation({
    mutationFn: ({ projectId, password }: { readonly projectId: string; readonly password?: string }) =>
      switchProject(projectId, password),
    onSuccess: () => {
      setChosen(null);
      setQuestion(null);
      return navigate({ to: '/', search: {} });
    },
    onError: (refusal) => {
      if (isPasswordWanted(refusal)) setQuestion('password');
    },
    // The password is not kept.
    gcTime: 0,
  });

  const own = { id: session.project_id, name: session.project_name ?? session.project_id };
  const offered = projects.some(({ id }) => id === own.id) ? projects : [own, ...projects];
  const wanted = chosen ?? own.id;

  const begin = (password?: string) => {
    if (!change.isPending) change.mutate({ projectId: wanted, ...(password !== undefined && { password }) });
  };
  const ask = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const loss = lossOfLeaving();
    if (loss === null) begin();
    else setQuestion({ loss });
  };
  const submitPassword = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    begin(String(new FormData(event.currentTarget).get('password')));
  };
  const close = () => {
    setQuestion(null);
    change.reset();
  };

  // That the password is wanted is what the dialog says.
  const isFirstRequest = change.variables?.password === undefined;
  const thrown = isFirstRequest && isPasswordWanted(change.error) ? null : change.error;
  return (
    <>
      <form className="project-switch" onSubmit={ask}>
        <Field label={shell.project}>
          {(control) => (
            <select
              {...control}
              value={wanted}
              onChange={(event) => {
                setChosen(event.target.value);
                change.reset();
              }}
            >
              {offered.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        {/* A closed list changes its value with each arrow key: only the button switches. */}
        {wanted !== own.id && (
          <button type="submit" className="button" aria-disabled={change.isPending}>
            {shell.switchButton}
          </button>
        )}
      </form>
      {thrown !== null && question === null && <FailureNotice thrown={thrown} />}
      {question === 'password' && (
        <Dialog title={shell.switchTitle} onClose={close}>
          <form onSubmit={submitPassword}>
            <p>{shell.switchSentence}</p>
            <Field label={signInWords.password}>
              {(control) => <input {...control} name="password" type="password" autoComplete="current-password" />}
            </Field>
            {thrown !== null && <FailureNotice thrown={thrown} />}
            <div className="actions">
              <button type="button" className="button" onClick={close}>
                {common.cancel}
              </button>
              <button type="submit" className="button main" aria-disabled={change.isPending}>
                {shell.switchButton}
              </button>
            </div>
          </form>
        </Dialog>
      )}
      {question !== null && question !== 'password' && (
        <ConfirmDialog
          title={shell.stopsTitle}
          button={shell.switchAnyway}
          change={{ isPending: change.isPending, error: thrown }}
          onConfirm={() => begin()}
          onClose={close}
        >
          <p>{question.loss}</p>
        </ConfirmDialog>
      )}
    </>
  );
}
