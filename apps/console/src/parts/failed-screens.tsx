import { Link } from '@tanstack/react-router';
import { failures } from '../words/failures.ts';
import { shell } from '../words/shell.ts';
import { FailureNotice } from './notices.tsx';
import { Page } from './page.tsx';

/** Shown instead of a screen that failed. */
export function BrokenScreen({ error, reset }: { readonly error: unknown; readonly reset: () => void }) {
  return (
    <Page title={failures.broken}>
      <FailureNotice thrown={error} onRetry={reset} />
    </Page>
  );
}

/** Shown for an address that no screen has. */
export function MissingScreen() {
  return (
    <Page title={failures.notFound} sentence={failures.notFoundRemedy}>
      <div className="actions">
        <Link to="/" className="button main">
          {shell.overview}
        </Link>
      </div>
    </Page>
  );
}
