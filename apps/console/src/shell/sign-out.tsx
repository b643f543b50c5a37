import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { lossOfLeaving } from '../api/kept-work.ts';
import { signOut } from '../api/session.ts';
import { ConfirmDialog } from '../parts/confirm-dialog.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { FailureNotice } from '../parts/notices.tsx';
import { common } from '../words/common.ts';
import { shell } from '../words/shell.ts';

/** Ends the session. Asks first if that stops an import, and says so if the server may not have ended it. */
export function SignOut() {
  const navigate = useNavigate();
  /** What the sign-out would stop, while the person is asked. */
  const [loss, setLoss] = useState<string | null>(null);
  const leaving = useMutation({
    mutationFn: signOut,
    onSuccess: () => navigate({ to: '/sign-in', search: {} }),
    onError: () => setLoss(null),
  });
  const leave = () => {
    if (!leaving.isPending) leaving.mutate();
  };
  const ask = () => {
    const stops = lossOfLeaving();
    if (stops === null) leave();
    else setLoss(stops);
  };
  return (
    <>
      <button type="button" className="button" onClick={ask}>
        {shell.signOut}
      </button>
      {loss !== null && (
        <ConfirmDialog
          title={shell.stopsTitle}
          button={shell.signOutAnyway}
          change={leaving}
          onConfirm={leave}
          onClose={() => setLoss(null)}
        >
          <p>{loss}</p>
        </ConfirmDialog>
      )}
      {leaving.error !== null && (
        <Dialog title={shell.signOutFailed} onClose={leaving.reset}>
          <p>{shell.signOutRemains}</p>
          <FailureNotice thrown={leaving.error} />
          <div className="actions">
            <button type="button" className="button" onClick={leaving.reset}>
              {common.close}
            </button>
            <button type="button" className="button main" onClick={leave}>
              {shell.signOutAgain}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
