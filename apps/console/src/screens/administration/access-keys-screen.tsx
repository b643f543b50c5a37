import { Page } from '../../parts/page.tsx';
import { shell } from '../../words/shell.ts';

export function AccessKeysScreen() {
  return <Page title={shell.accessKeys} />;
}
