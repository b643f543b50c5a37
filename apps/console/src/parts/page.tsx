import { type ReactNode, useEffect, useRef } from 'react';
import { shell } from '../words/shell.ts';

type PageProps = {
  readonly title: string;
  /** What is seen here, in one sentence. */
  readonly sentence?: ReactNode;
  readonly actions?: ReactNode;
  readonly children?: ReactNode;
};

/** A page: its heading gets the focus when it opens, so that readers of the screen begin there. */
export function Page({ title, sentence, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <div className="page">
      {/* Isolated, since a title may be a name that is written from right to left. */}
      <title>{`\u2068${title}\u2069 · ${shell.name}`}</title>
      <div className="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1} className="name">
            {title}
          </h1>
          {sentence !== undefined && <div className="quiet">{sentence}</div>}
        </div>
        {actions !== undefined && <div className="actions">{actions}</div>}
      </div>
      {children}
    </div>
  );
}
