import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { NodeMetrics } from '../../apps/gateway/src/metrics/node-metrics.ts';
import { type MetricName, metrics } from '../../packages/contracts/src/index.ts';
import { alertRules } from './monitor.ts';
import { groupingLabelsIn, selectorsIn } from './promql.ts';

const directory = new URL('../../examples/monitoring/', import.meta.url);
const textOf = (name: string) => readFileSync(new URL(name, directory), 'utf8');

type Panel = {
  readonly type: string;
  readonly title: string;
  readonly datasource?: object;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
};
const dashboard: {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
} = JSON.parse(textOf('dashboard.json'));

/** Labels that Prometheus adds. */
const ofTarget = ['job', 'instance'];

/** What is wrong with the names of metrics and labels in an expression. `shown` are labels that its results must have. */
async function problemsOf(expression: string, shown: readonly string[] = []): Promise<readonly string[]> {
  const ofProcess = new Set((await new NodeMetrics('').read()).map(({ name }) => name));
  const selectors = selectorsIn(expression);
  const problems: string[] = [];
  const available = new Set(ofTarget);
  for (const { name, labels } of selectors) {
    if (name === 'up' || (ofProcess.has(name) && !(name in metrics))) continue;
    if (!(name in metrics)) problems.push(`no metric ${name}`);
    const known: readonly string[] = metrics[name as MetricName]?.labels ?? [];
    for (const label of known) available.add(label);
    for (const label of labels) {
      if (!known.includes(label) && !ofTarget.includes(label)) problems.push(`${name} has no label ${label}`);
    }
  }
  for (const label of [...groupingLabelsIn(expression), ...shown]) {
    if (!available.has(label)) problems.push(`no metric has the label ${label}`);
  }
  return problems;
}

test('a metric or label that does not exist is noticed', async () => {
  expect(await problemsOf('max without (node) (backup_sync_ready{bucket="a"}) > backup_sync_redy')).toEqual([
    'backup_sync_ready has no label bucket',
    'no metric backup_sync_redy',
    'no metric has the label node',
  ]);
});

test.each(alertRules.map((rule) => [rule.alert, rule] as const))(
  'the alert %s uses metrics and labels that exist',
  async (_, { expr, labels, annotations }) => {
    const texts = Object.values(annotations).join(' ');
    const shown = [...texts.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label);
    expect(await problemsOf(expr, shown)).toEqual([]);
    expect(labels.severity).toMatch(/^(critical|warning)$/);
    expect(Object.keys(annotations)).toEqual(['summary', 'description']);
  },
);

test('the README lists each alert', () => {
  const listed = [...textOf('README.md').matchAll(/^\| `(BackupSync\w+)`/gm)].map(([, name]) => name);
  expect(listed).toEqual(alertRules.map(({ alert }) => alert));
});

test('the panels of the dashboard use metrics, labels and variables that exist', async () => {
  const variables = new Set(dashboard.templating.list.map(({ name }) => name));
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  expect(panels.length).toBeGreaterThan(10);
  for (const { title, targets = [], datasource } of panels) {
    // The variable of the dashboard, not a template of JavaScript.
    expect(datasource, title).toEqual({ type: 'prometheus', uid: ['$', '{datasource}'].join('') });
    expect(targets.length, title).toBeGreaterThan(0);
    for (const { expr, legendFormat } of targets) {
      const used = [...expr.matchAll(/\$(?!__)(\w+)/g)].map(([, name = '']) => name);
      expect(
        used.filter((name) => !variables.has(name)),
        title,
      ).toEqual([]);
      const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      expect(await problemsOf(expr.replaceAll('$__rate_interval', '5m'), shown), title).toEqual([]);
    }
  }
  for (const { definition = '' } of dashboard.templating.list) {
    const [, name, label] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
    if (name !== undefined) expect(await problemsOf(`${name}{${label}=""}`)).toEqual([]);
  }
});

test('Prometheus accepts the configuration and the alerts', ({ skip }) => {
  const cwd = fileURLToPath(directory);
  const { scrape_configs: jobs, rule_files: files } = parse(textOf('prometheus.yaml'));
  expect(jobs).toMatchObject([{ job_name: 'backup-sync' }]);
  expect(files).toEqual(['backup-sync.rules.yaml']);
  const checked = spawnSync('promtool', ['check', 'config', 'prometheus.yaml'], { cwd, encoding: 'utf8' });
  if (checked.error !== undefined) return skip('promtool is not installed');
  expect(checked.stdout + checked.stderr).toContain(`${alertRules.length} rules found`);
  expect(checked.status).toBe(0);
});
