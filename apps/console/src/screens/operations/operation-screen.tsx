import { Page } from '../../parts/page.tsx';
import { shell } from '../../words/shell.ts';

export function OperationScreen() {
  return <Page title={shell.operations} />;
}
