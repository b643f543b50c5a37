import { Page } from '../../parts/page.tsx';
import { shell } from '../../words/shell.ts';

export function AuditScreen() {
  return <Page title={shell.audit} />;
}
