import { Page } from '../../parts/page.tsx';
import { shell } from '../../words/shell.ts';

export function OperationsScreen() {
  return <Page title={shell.operations} />;
}
