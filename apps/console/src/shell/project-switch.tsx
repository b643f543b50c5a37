import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { isPasswordWanted } from '../api/failure.ts';
import { projectsOptions, switchProject, useSession } from '../api/session.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { FailureNotice } from '../parts/notices.tsx';
import { common } from '../words/common.ts';
import { shell } from '../words/shell.ts';
import { signInWords } from '../words/sign-in.ts';

/** Shows the project of the session, and switches to another one. */
export function ProjectSwitch() {
  const session = useSession();
  const navigate = useNavigate();
  const { data: projects = [] } = useQuery(projectsOptions);
  const [thrown, setThrown] = useState<unknown>(null);
  const [wanted, setWanted] = useState<string | null>(null);

  const change = async (projectId: string, password?: string) => {
    try {
      await switchProject(projectId, password);
      setWanted(null);
      setThrown(null);
      await navigate({ to: '/', search: {} });
    } catch (refusal) {
      if (isPasswordWanted(refusal) && password === undefined) setWanted(projectId);
      else setThrown(refusal);
    }
  };

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = new FormData(event.currentTarget).get('password');
    if (wanted !== null) void change(wanted, String(password));
  };

  const own = { id: session.project_id, name: session.project_name ?? session.project_id };
  const offered = projects.some(({ id }) => id === own.id) ? projects : [own, ...projects];
  return (
    <>
      <Field label={shell.project}>
        {(control) => (
          <select {...control} value={own.id} onChange={(event) => void change(event.target.value)}>
            {offered.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      {thrown !== null && wanted === null && <FailureNotice thrown={thrown} />}
      {wanted !== null && (
        <Dialog title={shell.switchTitle} onClose={() => setWanted(null)}>
          <form onSubmit={submit}>
            <p>{shell.switchSentence}</p>
            <Field label={signInWords.password}>
              {(control) => <input {...control} name="password" type="password" autoComplete="current-password" />}
            </Field>
            {thrown !== null && <FailureNotice thrown={thrown} />}
            <div className="actions">
              <button type="button" className="button" onClick={() => setWanted(null)}>
                {common.cancel}
              </button>
              <button type="submit" className="button main">
                {shell.switchButton}
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
