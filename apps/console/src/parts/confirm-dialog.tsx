import type { ReactNode } from 'react';
import type { Change } from '../api/use-change.ts';
import { common } from '../words/common.ts';
import { Dialog } from './dialog.tsx';
import { FailureNotice } from './notices.tsx';

type ConfirmDialogProps = {
  readonly title: string;
  /** Words of the button that makes the change. */
  readonly button: string;
  readonly change: Change;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
  /** What the change does. */
  readonly children: ReactNode;
};

/** Asks before a change that cannot easily be undone. The focus begins at the button that changes nothing. */
export function ConfirmDialog({ title, button, change, onConfirm, onClose, children }: ConfirmDialogProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {change.error !== null && <FailureNotice thrown={change.error} />}
      <div className="actions">
        <button type="button" className="button" onClick={onClose}>
          {common.cancel}
        </button>
        <button
          type="button"
          className="button danger"
          aria-disabled={change.isPending}
          onClick={() => {
            if (!change.isPending) onConfirm();
          }}
        >
          {button}
        </button>
      </div>
    </Dialog>
  );
}
