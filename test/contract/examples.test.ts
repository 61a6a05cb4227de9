/** Every operation shows itself: what it takes and what it answers has an example, and each is valid by the schemas the controller uses. */
import { describe, expect, test } from 'vitest';
import { bodies, contractOperation } from '../../src/contract/contract.js';
import { contractFiles, everyNode, operationsOf, target, type ContractFile, type Node } from './contract-files.js';

interface Example {
  readonly where: string;
  /** Where the schema stands. */
  readonly schema: string;
  readonly value: unknown;
}

/** Those of bodies, answers and parameters, and those that a schema has of itself. */
function examplesOf({ document }: ContractFile): Example[] {
  const resolved = (one: Node): Node => (typeof one['$ref'] === 'string' ? (target(document, one['$ref']) as Node) : one);
  return [...everyNode(document)].flatMap(({ node, pointer }): Example[] => {
    const { schema, example, examples } = node;
    if (schema === undefined) return Array.isArray(examples) ? examples.map((value: unknown) => ({ where: pointer, schema: pointer, value })) : [];
    const named = Object.entries((examples ?? {}) as Record<string, Node>).map(([name, one]) => ({ where: `${pointer} ${name}`, schema: `${pointer}/schema`, value: resolved(one)['value'] }));
    return example === undefined ? named : [...named, { where: pointer, schema: `${pointer}/schema`, value: example }];
  });
}

/** What each media type of what an operation takes and answers is said to be; problems are the same for all. */
function mediaOf(operation: Node): [string, Node][] {
  const answers = Object.entries(operation['responses'] as Record<string, Node>);
  const parts: [string, Node | undefined][] = [['its body', operation['requestBody'] as Node | undefined], ...answers.map(([status, answer]): [string, Node] => [`its ${status}`, answer])];
  return parts.flatMap(([part, { content } = {}]) => Object.entries((content ?? {}) as Record<string, Node>).map(([type, media]): [string, Node] => [`${part} as ${type}`, media]));
}

describe.each(contractFiles)('$name', (file) => {
  const { name } = file;
  const examples = examplesOf(file);

  test.each(operationsOf(file).map(({ operation }) => [String(operation['operationId']), operation] as const))('%s shows what it takes and what it answers', (_, operation) => {
    const without = mediaOf(operation).filter(([, media]) => media['example'] === undefined && media['examples'] === undefined);
    expect(without.map(([where]) => where)).toEqual([]);
  });

  test.each(examples)('the example at $where is valid', ({ schema, value }) => {
    expect(value).toBeDefined();
    const validate = bodies.compile({ $ref: `${name}#${schema}` });
    expect(validate(value) ? [] : validate.errors).toEqual([]);
  });

  test('problems are shown, and each under its own code', () => {
    const problems = examples.filter(({ where }) => where.startsWith('/components/responses/Problem/')).map(({ value }) => value as Node);
    expect(problems.length).toBeGreaterThan(2);
    for (const { type, title, code } of problems) expect([type, String(title).toLowerCase().replaceAll(' ', '-')]).toEqual([`/docs/problems#${String(code)}`, code]);
  });
});

test('each line of a file that is shown is valid, too', () => {
  const shown = contractFiles.flatMap(operationsOf).flatMap(({ operation }) => mediaOf(operation).flatMap(([where, { example }]) => (where.endsWith('application/x-ndjson') ? [{ id: String(operation['operationId']), text: String(example) }] : [])));
  expect(shown.map(({ id }) => id)).toEqual(['exportPools', 'exportAllocations', 'importPools', 'importAllocations']);
  // What goes out can come in.
  for (const { id, text } of shown) for (const line of text.trim().split('\n')) expect(contractOperation(id.replace('export', 'import')).validateLine(JSON.parse(line)), line).toEqual([]);
});

test('the same ids are the same things in all examples, and other ids are others', () => {
  const named = contractFiles.flatMap(examplesOf).flatMap(({ value }) => [...everyNode(value)].flatMap(({ node: { id, name } }) => (typeof id === 'string' && typeof name === 'string' ? [`${id} ${name}`] : [])));
  const things = [...new Set(named)].map((one) => one.split(' '));
  expect(things.length).toBeGreaterThan(5);
  expect(new Set(things.map(([id]) => id)).size).toBe(things.length);
});
