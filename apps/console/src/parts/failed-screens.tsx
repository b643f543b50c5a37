import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { failures } from '../words/failures.ts';
import { shell } from '../words/shell.ts';
import { UnloadedScreenError } from './lazy-screen.ts';
import { FailureNotice, Loading } from './notices.tsx';
import { Page } from './page.tsx';

/** Shown instead of a screen that failed. */
export function BrokenScreen({ error, reset }: { readonly error: unknown; readonly reset: () => void }) {
  const [waits, setWaits] = useState(error instanceof UnloadedScreenError);
  useEffect(() => {
    if (!waits) return;
    if (mayReload()) location.reload();
    else setWaits(false);
  }, [waits]);
  if (waits) return <Loading />;
  return (
    <Page title={failures.broken}>
      <FailureNotice thrown={error} onRetry={reset} />
    </Page>
  );
}

/** Least milliseconds between two loads of the page, so that a file that is broken does not load it without end. */
const reloadLeastMs = 60_000;
const reloadedAtKey = 'reloaded-at';

function mayReload(): boolean {
  const nowMs = Date.now();
  if (nowMs - Number(sessionStorage.getItem(reloadedAtKey)) < reloadLeastMs) return false;
  sessionStorage.setItem(reloadedAtKey, String(nowMs));
  return true;
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
