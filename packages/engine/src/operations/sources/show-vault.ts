import { vaultResourcesMax } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import { vaultNotFound, vaultView } from './vault-view.ts';

/** A source in the form of CBR's vault. */
export const showVault: CallHandler<'showVault'> = async (context, input) => {
  const { sourceStore } = context.services;
  const source = await sourceStore.showSource(input.project_id, input.vault_id);
  if (source === null) throw vaultNotFound(input.vault_id);
  const [contents] = await sourceStore.contentsOf([source.id], vaultResourcesMax);
  if (contents === undefined) throw vaultNotFound(input.vault_id);
  return { vault: vaultView(source, contents) };
};
