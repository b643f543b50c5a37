import { Page } from '../../parts/page.tsx';
import { shell } from '../../words/shell.ts';

export function BucketsScreen() {
  return <Page title={shell.buckets} />;
}
