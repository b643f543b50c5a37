import type { CallOutput, Project } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { callOptions } from '../../api/calls.ts';
import { useMay, useProjectId, useSession } from '../../api/session.ts';
import { useChange } from '../../api/use-change.ts';
import { announce } from '../../parts/announcements.tsx';
import { Badge } from '../../parts/badges.tsx';
import { ChangeForm, textOf } from '../../parts/change-form.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { Shown } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { PagedTable } from '../../parts/paged-table.tsx';
import type { Column } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { projectsWords as words } from '../../words/administration.ts';
import { common } from '../../words/common.ts';
import { MadeExplicit } from './grant-list.tsx';
import { KeptElsewhere } from './kept-elsewhere.tsx';
import './administration.css';

/** The projects of the installation. */
export function ProjectsScreen() {
  const { identity } = useSession();
  const mayAdd = useMay('administrator') && identity === 'embedded';
  const [isAdding, setAdding] = useState(false);
  const [added, setAdded] = useState<CallOutput<'createProject'> | null>(null);
  const add = mayAdd && (
    <button type="button" className="button main" onClick={() => setAdding(true)}>
      {words.add}
    </button>
  );
  return (
    <Page title={words.title} sentence={words.sentence} actions={add}>
      {identity === 'outside' ? <KeptElsewhere what="projects" /> : <Projects />}
      {isAdding && (
        <AddProject
          onAdded={(answer) => {
            setAdding(false);
            setAdded(answer);
          }}
          onClose={() => setAdding(false)}
        />
      )}
      {added !== null && <Added answer={added} onClose={() => setAdded(null)} />}
    </Page>
  );
}

function Projects() {
  const projectId = useProjectId();
  const answer = useQuery(callOptions(projectId, 'listProjects', {}));
  const columns: readonly Column<Project>[] = [
    {
      title: words.name,
      cell: ({ id, name }) => (
        <div className="actions">
          <span className="name">{name}</span>
          {id === projectId && <Badge tone="quiet">{words.current}</Badge>}
        </div>
      ),
    },
    { title: words.id, cell: ({ id }) => <code className="name">{id}</code> },
    { title: words.created, cell: ({ created_at }) => <Time at={created_at} /> },
  ];
  return (
    <Shown of={answer}>
      {({ projects }) => (
        <PagedTable caption={words.caption} columns={columns} rows={projects} keyOf={({ id }) => id} />
      )}
    </Shown>
  );
}

type AddProjectProps = {
  readonly onAdded: (answer: CallOutput<'createProject'>) => void;
  readonly onClose: () => void;
};

function AddProject({ onAdded, onClose }: AddProjectProps) {
  const change = useChange('createProject', ['listProjects', 'listBucketGrants'], (answer) => {
    announce(words.added(answer.project.name));
    onAdded(answer);
  });
  return (
    <Dialog title={words.addTitle} onClose={onClose}>
      <ChangeForm
        change={change}
        fields={['name']}
        button={words.addButton}
        onSubmit={(form) => change.mutate({ name: textOf(form, 'name') })}
        onCancel={onClose}
      >
        {(problem) => (
          <>
            <p>{words.addText}</p>
            <Field label={words.name} hint={words.nameHint} problem={problem('name')}>
              {(control) => <input {...control} name="name" required autoComplete="off" spellCheck={false} />}
            </Field>
          </>
        )}
      </ChangeForm>
    </Dialog>
  );
}

function Added({ answer, onClose }: { readonly answer: CallOutput<'createProject'>; readonly onClose: () => void }) {
  return (
    <Dialog title={words.explicitTitle(answer.project.name)} onClose={onClose}>
      {answer.made_explicit.length > 0 && <MadeExplicit grants={answer.made_explicit} />}
      <p>{words.next}</p>
      <div className="actions">
        <Link to="/administration/buckets" className="button">
          {words.buckets}
        </Link>
        <Link to="/administration/users" className="button">
          {words.users}
        </Link>
        <button type="button" className="button main" onClick={onClose}>
          {common.close}
        </button>
      </div>
    </Dialog>
  );
}
