import { Link, useNavigate } from '@tanstack/react-router';
import { type DragEvent, type FormEvent, useId, useState } from 'react';
import { Field } from '../../parts/field.tsx';
import { Notice } from '../../parts/notices.tsx';
import { importWords as words } from '../../words/import.ts';
import { BucketForm } from './bucket-form.tsx';
import { importState } from './import-store.ts';
import { readList } from './read-list.ts';

/** Chooses what to import: a file, a pasted text, or a bucket. */
export function ChooseStep() {
  const navigate = useNavigate();
  const { list } = importState();
  const read = (name: string, content: Blob) => {
    readList(name, content);
    void navigate({ to: '/import', search: { step: 'check' } });
  };
  return (
    <>
      {list !== null && (
        <Notice tone="quiet">
          <div className="actions">
            <Link to="/import" search={{}} className="button name">
              {words.continueList(list.name)}
            </Link>
          </div>
        </Notice>
      )}
      <div className="columns">
        <section className="card stack">
          <div>
            <h2>{words.listTitle}</h2>
            <p className="quiet">{words.listText}</p>
          </div>
          <FileDrop onFile={(file) => read(file.name, file)} />
          <PastedText onText={(text) => read(words.pasteName, new Blob([text]))} />
          <details>
            <summary>{words.formTitle}</summary>
            <div className="stack">
              <p>{words.formText}</p>
              <pre className="example">
                <code>{words.formExample}</code>
              </pre>
              <p>{words.formJson}</p>
            </div>
          </details>
        </section>
        <section className="card stack">
          <div>
            <h2>{words.bucketTitle}</h2>
            <p className="quiet">{words.bucketText}</p>
          </div>
          <BucketForm />
        </section>
      </div>
    </>
  );
}

function FileDrop({ onFile }: { readonly onFile: (file: File) => void }) {
  const id = useId();
  const [isOver, setOver] = useState(false);
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0];
    if (file !== undefined) onFile(file);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  const over = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the button is for everyone.
    <div className={isOver ? 'drop over' : 'drop'} onDragOver={over} onDragLeave={() => setOver(false)} onDrop={drop}>
      <span className="quiet">{words.drop}</span>
      <label className="button main" htmlFor={id}>
        {words.file}
      </label>
      <input
        id={id}
        className="only-for-readers"
        type="file"
        accept=".json,.ndjson,.jsonl,.csv,.tsv,.txt,application/json,text/csv,text/plain"
        onChange={(event) => {
          take(event.target.files);
          // The same file may be chosen again once it is fixed.
          event.target.value = '';
        }}
      />
    </div>
  );
}

function PastedText({ onText }: { readonly onText: (text: string) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    onText(String(new FormData(event.currentTarget).get('text')));
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={words.paste}>
        {(control) => <textarea {...control} name="text" rows={5} required spellCheck={false} autoCapitalize="none" />}
      </Field>
      <div className="actions">
        <button type="submit" className="button">
          {words.checkText}
        </button>
      </div>
    </form>
  );
}
