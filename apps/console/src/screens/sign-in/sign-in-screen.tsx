import type { SignInRequest } from '@backup-sync/contracts';
import { useMutation } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { basePath } from '../../api/places.ts';
import { signIn } from '../../api/session.ts';
import icon from '../../icon.svg';
import { Field } from '../../parts/field.tsx';
import { FailureNotice } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { signInWords } from '../../words/sign-in.ts';
import './sign-in.css';

const route = getRouteApi('/sign-in');

/** Signs in with name and password. */
export function SignInScreen() {
  const { next } = route.useSearch();
  const router = useRouter();
  const { mutate, isPending, error } = useMutation({
    mutationFn: (credentials: SignInRequest) => signIn(credentials),
    onSuccess: () => router.history.push(`${basePath}${next ?? '/'}`),
    // The password is not kept.
    gcTime: 0,
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '');
    const [project, domain] = [text('project').trim(), text('domain').trim()];
    mutate({
      user_name: text('user'),
      password: text('password'),
      ...(project !== '' && { project_name: project }),
      ...(domain !== '' && { domain_name: domain }),
    });
  };
  return (
    <main className="sign-in">
      <img src={icon} alt="" width="48" height="48" />
      <Page title={signInWords.title} sentence={signInWords.sentence}>
        <form className="card stack" onSubmit={submit}>
          <Field label={signInWords.userName}>
            {(control) => (
              <input
                {...control}
                name="user"
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
                required
              />
            )}
          </Field>
          <Field label={signInWords.password}>
            {(control) => (
              <input {...control} name="password" type="password" autoComplete="current-password" required />
            )}
          </Field>
          <details>
            <summary>{signInWords.more}</summary>
            <div className="stack">
              <Field label={signInWords.project} hint={signInWords.projectHint}>
                {(control) => <input {...control} name="project" autoCapitalize="none" spellCheck={false} />}
              </Field>
              <Field label={signInWords.domain} hint={signInWords.domainHint}>
                {(control) => <input {...control} name="domain" autoCapitalize="none" spellCheck={false} />}
              </Field>
            </div>
          </details>
          {error !== null && <FailureNotice thrown={error} />}
          <button type="submit" className="button main" disabled={isPending}>
            {isPending ? signInWords.working : signInWords.button}
          </button>
        </form>
      </Page>
    </main>
  );
}
