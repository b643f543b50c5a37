import { Page } from '../../parts/page.tsx';
import { shell } from '../../words/shell.ts';

export function UsersScreen() {
  return <Page title={shell.users} />;
}
