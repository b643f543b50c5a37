import type { Backup } from '@backup-sync/contracts';
import { useState } from 'react';
import { actionWords } from '../../words/chain.ts';
import { PlanDialog } from './plan-dialog.tsx';
import { ForgetDialog, RenameDialog } from './record-dialogs.tsx';
import type { Relatives } from './recorded-link.ts';
import { VerifyDialog } from './verify-dialog.tsx';

const actions = ['verify', 'plan', 'rename', 'forget'] as const;
type Action = (typeof actions)[number];

const looks: Readonly<Record<Action, string>> = {
  verify: 'button main',
  plan: 'button',
  rename: 'button',
  forget: 'button danger',
};

/** What an operator can do with a backup. */
export function BackupActions({ backup, relatives }: { readonly backup: Backup; readonly relatives: Relatives }) {
  const [open, setOpen] = useState<Action | null>(null);
  const close = () => setOpen(null);
  return (
    <div className="actions">
      {actions.map((action) => (
        <button key={action} type="button" className={looks[action]} onClick={() => setOpen(action)}>
          {actionWords[action]}
        </button>
      ))}
      {open === 'verify' && <VerifyDialog backup={backup} relatives={relatives} onClose={close} />}
      {open === 'plan' && <PlanDialog backup={backup} onClose={close} />}
      {open === 'rename' && <RenameDialog backup={backup} onClose={close} />}
      {open === 'forget' && <ForgetDialog backup={backup} onClose={close} />}
    </div>
  );
}
