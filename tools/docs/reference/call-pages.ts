import { slug } from 'github-slugger';
import { openApiDocument } from '../../../packages/contracts/src/index.ts';
import { codeBlock, generatedPage, sentence, table } from './markdown.ts';

export type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly format?: string;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
};
type Content = {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema; readonly example?: unknown }>>;
};
type Parameter = {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Schema;
};
type Call = {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
};
type Document = {
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Call>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

const document = openApiDocument({ version: '' }) as Document;

/** Every call of the API. */
export function callsPage(): string {
  const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, call]) => ({ line: `${method.toUpperCase()} ${path}`, call })),
  );
  const groups = document.tags.map(({ name, description }) => ({
    name,
    description,
    calls: calls.filter(({ call }) => call.tags.includes(name)),
  }));
  return generatedPage('Calls', [
    'Every call of the API over REST. The same names are procedures of tRPC and methods of the client library. How to authenticate, page through lists and follow events is in [REST](rest.md). A running server has this description as `/openapi.json`, and as a page to try it at `/docs`.',
    ...groups.flatMap(({ name, description, calls: ofGroup }) => [
      `**${name}**: ${description}`,
      table(
        ['call', 'request', 'what it does'],
        ofGroup.map(({ line, call }) => [
          `[${call.operationId}](#${slug(call.operationId)})`,
          `\`${line}\``,
          call.summary,
        ]),
      ),
    ]),
    ...groups.flatMap(({ calls: ofGroup }) => ofGroup.flatMap(({ line, call }) => callParts(line, call))),
  ]);
}

/** Whether an answer with this status succeeded: 2xx, or 300 for the list of versions. */
function isAnswer(status: string): boolean {
  return Number(status) < 400;
}

function callParts(line: string, { operationId, summary, description, parameters = [], requestBody, responses }: Call) {
  const body = contentOf(requestBody);
  const [status = '', success] = Object.entries(responses).find(([each]) => isAnswer(each)) ?? [];
  const answer = success === undefined ? undefined : contentOf(success);
  const input = [
    ...parameters.map(({ name, in: place, required, description: text, schema }) =>
      fieldRow(name, { ...schema, ...(text !== undefined && { description: text }) }, required, place),
    ),
    ...(body?.schema === undefined
      ? []
      : fieldRows(body.schema).map((row) => [...row.slice(0, 1), 'body', ...row.slice(1)])),
  ];
  const refusals = Object.entries(responses)
    .filter(([each]) => !isAnswer(each))
    .flatMap(([, { description: codes }]) => codes.split(', ').map((code) => code.split(' ').at(-1) ?? ''))
    .map((code) => `[\`${code}\`](../troubleshooting/errors.md#${code})`);
  return [
    `## ${operationId}`,
    `\`${line}\``,
    [sentence(summary), description].filter((text) => text !== undefined).join(' '),
    ...(input.length === 0 ? [] : [table(['field', 'in', 'type', 'required', 'meaning'], input)]),
    ...(body?.example === undefined ? [] : ['Request:', codeBlock('json', JSON.stringify(body.example, null, 2))]),
    answer?.schema === undefined
      ? `Answers ${status} without a body.`
      : `Answers ${status} with ${typeText(answer.schema)}${answer.example === undefined ? '.' : ':'}`,
    ...(answer?.example === undefined ? [] : [codeBlock('json', JSON.stringify(answer.example, null, 2))]),
    ...(refusals.length === 0 ? [] : [`Errors: ${[...new Set(refusals)].join(', ')}.`]),
  ];
}

/** The types of requests and answers, by name. */
export function typesPage(): string {
  const schemas = Object.entries(document.components.schemas);
  return generatedPage('Types', [
    'The types that requests and answers of [calls](calls.md) are made of. Times are UTC in ISO 8601, unless a field says otherwise; sizes are in bytes, unless a field says otherwise.',
    ...schemas.flatMap(([name, schema]) => {
      const rows = fieldRows(schema);
      return [
        `## ${name}`,
        ...(schema.description === undefined ? [] : [sentence(schema.description)]),
        rows.length === 0 ? `${typeText(schema)}.` : table(['field', 'type', 'required', 'meaning'], rows),
      ];
    }),
  ]);
}

function contentOf({ content = {} }: Content = {}) {
  return Object.values(content)[0];
}

/** A row for each field of an object and of the unnamed objects in it. */
export function fieldRows(schema: Schema, prefix = ''): string[][] {
  const { properties = {}, required = [] } = schema;
  return Object.entries(properties).flatMap(([name, field]) => {
    const row = fieldRow(`${prefix}${name}`, field, required.includes(name));
    const [inner, suffix] = innerOf(field);
    return [row, ...(inner === undefined ? [] : fieldRows(inner, `${prefix}${name}${suffix}.`))];
  });
}

/** The schema of a field, or of its items, if that is an object without a name. */
function innerOf(field: Schema): [Schema | undefined, string] {
  const options = [field, ...(field.anyOf ?? []), ...(field.oneOf ?? [])];
  const object = options.find(({ properties }) => properties !== undefined);
  if (object !== undefined) return [object, ''];
  const list = options.find(({ items }) => items !== undefined);
  if (list?.items === undefined) return [undefined, ''];
  const [inner, suffix] = innerOf(list.items);
  return [inner, `[]${suffix}`];
}

function fieldRow(name: string, schema: Schema, required: boolean, place?: string): string[] {
  const { description = summaryOfType(schema), default: value } = schema;
  const meaning = [
    ...(description === '' ? [] : [sentence(description)]),
    ...(value === undefined || value === null ? [] : [`Default: \`${JSON.stringify(value)}\`.`]),
  ].join(' ');
  return [`\`${name}\``, ...(place === undefined ? [] : [place]), typeText(schema), required ? 'yes' : 'no', meaning];
}

/** The first sentence about the named type of a field. */
function summaryOfType({ $ref = '' }: Schema): string {
  const { description = '' } = document.components.schemas[nameOf($ref)] ?? {};
  return description.split(/(?<=\.) /)[0] ?? '';
}

function nameOf(reference: string): string {
  return reference.split('/').at(-1) ?? '';
}

function typeText(schema: Schema): string {
  const { $ref, anyOf, oneOf, allOf, type, items, enum: values, const: value } = schema;
  if ($ref !== undefined) {
    const name = nameOf($ref);
    return `[${name}](types.md#${slug(name)})`;
  }
  const options = anyOf ?? oneOf;
  if (options !== undefined) return [...new Set(options.map(typeText))].join(' or ');
  if (allOf?.[0] !== undefined) return typeText(allOf[0]);
  if (value !== undefined) return `\`${JSON.stringify(value)}\``;
  if (values !== undefined) return values.map((each) => `\`${String(each)}\``).join(', ');
  if (items !== undefined) return `list of ${typeText(items)}${range(schema.minItems, schema.maxItems, 'items')}`;
  const name = typeof type === 'string' ? type : (type?.join(' or ') ?? 'any JSON');
  if (name === 'string') return `string${range(schema.minLength, schema.maxLength, 'characters')}`;
  if (name === 'integer' || name === 'number') return `${name}${range(schema.minimum, schema.maximum, '')}`;
  return name;
}

/** ` (1 to 64 characters)`. */
function range(least: number | undefined, most: number | undefined, unit: string): string {
  const high = most === undefined || most >= Number.MAX_SAFE_INTEGER ? undefined : most;
  const low = least === undefined || least <= 0 || least <= Number.MIN_SAFE_INTEGER ? undefined : least;
  if (high === undefined && low === undefined) return '';
  const text = high === undefined ? `${low} or more` : low === undefined ? `up to ${high}` : `${low} to ${high}`;
  return ` (${`${text} ${unit}`.trim()})`;
}
