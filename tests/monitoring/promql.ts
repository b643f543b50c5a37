import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

export type Labels = Readonly<Record<string, string>>;
export type VectorSample = { readonly labels: Labels; readonly value: number };
type Value = number | readonly VectorSample[];

/** What expressions read. Times are in seconds since 1970. */
export type SeriesSource = {
  /** Returns the series of a metric at a time. Those that the newest scrape no longer has are left out. */
  at(name: string, timeS: number): readonly VectorSample[];
  /** Returns the values of each series of a metric after one time, up to and including another, oldest first. */
  between(
    name: string,
    afterS: number,
    untilS: number,
  ): readonly (Omit<VectorSample, 'value'> & {
    readonly values: readonly number[];
  })[];
};

/** An expression, and its text. */
type Parsed = { readonly text: string; readonly node: SyntaxNode };

/** Parses an expression. Throws if it is not PromQL. */
export function parsePromql(text: string): Parsed {
  const tree = parser.parse(text);
  tree.iterate({
    enter: ({ type, from }) => {
      if (type.isError) throw new Error(`not PromQL at ${JSON.stringify(text.slice(from))} of ${text}`);
    },
  });
  const node = tree.topNode.firstChild;
  if (node === null) throw new Error(`no expression: ${text}`);
  return { text, node };
}

/** Evaluates an expression as Prometheus does, as far as our alerts need it. Throws for everything else. */
export function evaluate(text: string, source: SeriesSource, timeS: number): readonly VectorSample[] {
  const parsed = parsePromql(text);
  const value = new Evaluation(text, source, timeS).of(parsed.node);
  if (typeof value === 'number') throw new Error(`not a vector: ${text}`);
  return value;
}

/** A metric that an expression selects, with the labels by which it does. */
export function selectorsIn(text: string): readonly { readonly name: string; readonly labels: readonly string[] }[] {
  const { node } = parsePromql(text);
  return descendants(node, 'VectorSelector').map((selector) => ({
    name: only(text, selector, 'Identifier'),
    labels: descendants(selector, 'LabelName').map((label) => textOf(text, label)),
  }));
}

/** The labels that an expression groups, matches and adds. */
export function groupingLabelsIn(text: string): readonly string[] {
  const { node } = parsePromql(text);
  return descendants(node, 'GroupingLabels').flatMap((labels) =>
    labels.getChildren('LabelName').map((label) => textOf(text, label)),
  );
}

function descendants(node: SyntaxNode, type: string): readonly SyntaxNode[] {
  const own = node.name === type ? [node] : [];
  return [...own, ...childrenOf(node).flatMap((child) => descendants(child, type))];
}

function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

function textOf(text: string, { from, to }: SyntaxNode): string {
  return text.slice(from, to);
}

function only(text: string, node: SyntaxNode, type: string): string {
  const child = node.getChild(type);
  if (child === null) throw new Error(`no ${type} in ${textOf(text, node)}`);
  return textOf(text, child);
}

const arithmetic: Readonly<Record<string, (one: number, other: number) => number>> = {
  '+': (one, other) => one + other,
  '-': (one, other) => one - other,
  '*': (one, other) => one * other,
  '/': (one, other) => one / other,
};
const comparisons: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  '==': (one, other) => one === other,
  '!=': (one, other) => one !== other,
  '>': (one, other) => one > other,
  '<': (one, other) => one < other,
  '>=': (one, other) => one >= other,
  '<=': (one, other) => one <= other,
};
const aggregations: Readonly<Record<string, (values: readonly number[]) => number>> = {
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
};
const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

class Evaluation {
  readonly #text: string;
  readonly #source: SeriesSource;
  readonly #timeS: number;

  constructor(text: string, source: SeriesSource, timeS: number) {
    this.#text = text;
    this.#source = source;
    this.#timeS = timeS;
  }

  of(node: SyntaxNode): Value {
    switch (node.name) {
      case 'NumberDurationLiteral':
        return Number(textOf(this.#text, node));
      case 'ParenExpr':
        return this.of(this.#firstExpression(node));
      case 'VectorSelector':
        return this.#source.at(only(this.#text, node, 'Identifier'), this.#timeS).filter(this.#matchersOf(node));
      case 'AggregateExpr':
        return this.#aggregate(node);
      case 'FunctionCall':
        return this.#call(node);
      case 'BinaryExpr':
        return this.#binary(node);
      default:
        throw this.#unsupported(node);
    }
  }

  #unsupported(node: SyntaxNode): Error {
    return new Error(`these tests cannot evaluate ${node.name}: ${textOf(this.#text, node)}`);
  }

  #firstExpression(node: SyntaxNode): SyntaxNode {
    const child = childrenOf(node).find(({ type }) => /Expr$|Selector$|Call$|Literal$/.test(type.name));
    if (child === undefined) throw this.#unsupported(node);
    return child;
  }

  #vectorOf(node: SyntaxNode): readonly VectorSample[] {
    const value = this.of(node);
    if (typeof value === 'number') throw this.#unsupported(node);
    return value;
  }

  #matchersOf(selector: SyntaxNode): (sample: { readonly labels: Labels }) => boolean {
    const matchers = descendants(selector, 'UnquotedLabelMatcher').map((matcher) => {
      const label = only(this.#text, matcher, 'LabelName');
      const wanted: string = JSON.parse(only(this.#text, matcher, 'StringLiteral'));
      const operator = only(this.#text, matcher, 'MatchOp');
      const pattern = new RegExp(`^(?:${wanted})$`, 's');
      return ({ labels }: { readonly labels: Labels }) => {
        const value = labels[label] ?? '';
        const isMatch = operator.includes('~') ? pattern.test(value) : value === wanted;
        return operator.startsWith('!') ? !isMatch : isMatch;
      };
    });
    return (sample) => matchers.every((isMatch) => isMatch(sample));
  }

  #call(node: SyntaxNode): Value {
    const name = only(this.#text, node, 'FunctionIdentifier');
    if (name === 'time') return this.#timeS;
    const range = node.getChild('FunctionCallBody')?.getChild('MatrixSelector') ?? null;
    const selector = range?.getChild('VectorSelector') ?? null;
    if (name !== 'increase' || range === null || selector === null) throw this.#unsupported(node);
    const [, amount, unit = ''] = /^(\d+)([smhd])$/.exec(only(this.#text, range, 'DurationExpr')) ?? [];
    const seconds = Number(amount) * (secondsOf[unit] ?? Number.NaN);
    return this.#source
      .between(only(this.#text, selector, 'Identifier'), this.#timeS - seconds, this.#timeS)
      .filter(this.#matchersOf(selector))
      .flatMap(({ labels, values }) => (values.length < 2 ? [] : { labels, value: riseOf(values) }));
  }

  #aggregate(node: SyntaxNode): Value {
    const name = only(this.#text, node, 'AggregateOp');
    const aggregation = aggregations[name];
    const body = node.getChild('FunctionCallBody');
    if (aggregation === undefined || body === null) throw this.#unsupported(node);
    const modifier = node.getChild('AggregateModifier');
    const named = modifier === null ? [] : this.#labelsOf(modifier.getChild('GroupingLabels'));
    const isWithout = modifier?.getChild('Without') !== null && modifier !== null;
    const groups = new Map<string, { readonly labels: Labels; readonly values: number[] }>();
    for (const { labels, value } of this.#vectorOf(this.#firstExpression(body))) {
      const kept = isWithout ? without(labels, named) : pick(labels, named);
      const group = groups.get(keyOf(kept)) ?? { labels: kept, values: [] };
      groups.set(keyOf(kept), group);
      group.values.push(value);
    }
    return [...groups.values()].map(({ labels, values }) => ({ labels, value: aggregation(values) }));
  }

  #labelsOf(node: SyntaxNode | null): readonly string[] {
    return node === null ? [] : node.getChildren('LabelName').map((label) => textOf(this.#text, label));
  }

  #binary(node: SyntaxNode): Value {
    const children = childrenOf(node);
    const modifier = node.getChild('MatchingModifierClause');
    const [left, operator, right] = children.filter(({ name }) => name !== 'MatchingModifierClause');
    if (left === undefined || operator === undefined || right === undefined) throw this.#unsupported(node);
    const [one, other] = [this.of(left), this.of(right)];
    if (textOf(this.#text, operator) === 'or' && modifier === null) return either(asVector(one), asVector(other));
    const compute = this.#operation(textOf(this.#text, operator), node);
    if (typeof one === 'number' && typeof other === 'number') {
      const value = compute(one, other);
      if (value === null) throw this.#unsupported(node);
      return value;
    }
    if (typeof other === 'number') return keep(asVector(one), ({ value }) => compute(value, other));
    // A comparison with a number on the left keeps the values of the right.
    if (typeof one === 'number') return keep(other, ({ value }) => compute(one, value));
    return modifier === null
      ? match(one, other, { labelsOf: (labels) => labels, added: [], isGroup: false, compute })
      : match(one, other, this.#matching(modifier, compute));
  }

  #matching(modifier: SyntaxNode, compute: Matching['compute']): Matching {
    const [named, added] = modifier.getChildren('GroupingLabels').map((labels) => this.#labelsOf(labels));
    if (modifier.getChild('On') === null || modifier.getChild('GroupLeft') === null) throw this.#unsupported(modifier);
    return { labelsOf: (labels) => pick(labels, named ?? []), added: added ?? [], isGroup: true, compute };
  }

  /** Returns what an operator makes of two values; null if it leaves a series out. */
  #operation(operator: string, node: SyntaxNode): Matching['compute'] {
    const compute = arithmetic[operator];
    if (compute !== undefined) return compute;
    const compare = comparisons[operator];
    if (compare === undefined) throw this.#unsupported(node);
    return (one, other) => (compare(one, other) ? one : null);
  }
}

type Matching = {
  /** The labels that must be equal. */
  readonly labelsOf: (labels: Labels) => Labels;
  /** Labels of the right side that a result has as well. */
  readonly added: readonly string[];
  /** Whether several series on the left may match one on the right. */
  readonly isGroup: boolean;
  readonly compute: (one: number, other: number) => number | null;
};

function match(
  one: readonly VectorSample[],
  other: readonly VectorSample[],
  { labelsOf, added, isGroup, compute }: Matching,
): readonly VectorSample[] {
  const byKey = new Map<string, VectorSample>();
  for (const sample of other) {
    const key = keyOf(labelsOf(sample.labels));
    if (byKey.has(key)) throw new Error(`several series on the right match ${key}`);
    byKey.set(key, sample);
  }
  const matched = new Set<string>();
  return one.flatMap(({ labels, value }) => {
    const key = keyOf(labelsOf(labels));
    const found = byKey.get(key);
    if (found === undefined) return [];
    if (!isGroup && matched.has(key)) throw new Error(`several series on the left match ${key}`);
    matched.add(key);
    const result = compute(value, found.value);
    return result === null ? [] : { labels: { ...labels, ...pick(found.labels, added) }, value: result };
  });
}

/** Returns the left side, and what the right side has for other labels. */
function either(one: readonly VectorSample[], other: readonly VectorSample[]): readonly VectorSample[] {
  const known = new Set(one.map(({ labels }) => keyOf(labels)));
  return [...one, ...other.filter(({ labels }) => !known.has(keyOf(labels)))];
}

function keep(
  samples: readonly VectorSample[],
  compute: (sample: VectorSample) => number | null,
): readonly VectorSample[] {
  return samples.flatMap((sample) => {
    const value = compute(sample);
    return value === null ? [] : { labels: sample.labels, value };
  });
}

function asVector(value: Value): readonly VectorSample[] {
  if (typeof value === 'number') throw new Error('a number is not a vector');
  return value;
}

/** By how much a counter has risen, which begins with 0 again after a restart. Prometheus also extrapolates. */
function riseOf(values: readonly number[]): number {
  return values.slice(1).reduce((sum, value, index) => {
    const before = values[index] ?? 0;
    return sum + (value < before ? value : value - before);
  }, 0);
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function pick(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name)));
}

function without(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)));
}
