import type { ReactNode } from 'react';
import { Field } from '../../parts/field.tsx';
import { bucketsWords } from '../../words/administration.ts';
import { useProjects } from './projects.ts';

type ProjectFieldProps = { readonly label: string; readonly hint?: ReactNode; readonly problem: string | undefined };

/** The field `target_project_id` of a form: a choice of the projects, or an id if they are kept elsewhere. */
export function ProjectField({ label, hint, problem }: ProjectFieldProps) {
  const projects = useProjects();
  return (
    <Field label={label} hint={projects === undefined ? bucketsWords.projectHint : hint} problem={problem}>
      {(control) =>
        projects === undefined ? (
          <input {...control} name="target_project_id" required autoComplete="off" spellCheck={false} />
        ) : (
          <select {...control} name="target_project_id" required>
            {projects.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )
      }
    </Field>
  );
}
