/** The contract is sound in itself: references resolve, schemas compile, every operation says who may call it and how it fails. */
import { describe, expect, test } from 'vitest';
import { bodies } from '../../src/contract/contract.js';
import { contractFiles, everyNode, operationsOf, target, type Node } from './contract-files.js';

describe.each(contractFiles)('$name', (file) => {
  const { name, document } = file;
  const operations = operationsOf(file);

  test('every $ref resolves, inside the file', () => {
    const refs = [...everyNode(document)].flatMap(({ node }) => (typeof node['$ref'] === 'string' ? [node['$ref']] : []));
    expect(refs.length).toBeGreaterThan(20);
    expect(refs.filter((ref) => target(document, ref) === undefined)).toEqual([]);
  });

  test('every component is used', () => {
    const used = new Set([...everyNode(document)].flatMap(({ node }) => (typeof node['$ref'] === 'string' ? [node['$ref']] : [])));
    const components = Object.entries(document['components'] as Record<string, Node>).filter(([kind]) => kind !== 'securitySchemes');
    const unused = components.flatMap(([kind, entries]) => Object.keys(entries).map((key) => `#/components/${kind}/${key}`)).filter((ref) => !used.has(ref));
    expect(unused).toEqual([]);
  });

  test('every operation has a unique id, a role, a summary, a known tag and a default Problem', () => {
    const roles = name === 'southbound' ? ['device'] : ['viewer', 'operator', 'admin', 'public'];
    const tags = (document['tags'] as { name: string }[]).map((tag) => tag.name);
    const ids = operations.map(({ operation }) => operation['operationId']);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of operations) {
      const id = String(operation['operationId']);
      expect(roles, id).toContain(operation['x-role']);
      expect(operation['summary'], id).toBeTruthy();
      expect(tags, id).toEqual(expect.arrayContaining(operation['tags'] as string[]));
      expect((operation['responses'] as Node)['default'], id).toEqual({ $ref: '#/components/responses/Problem' });
    }
  });

  test('what is open to all says so twice: in its role and in its security', () => {
    for (const { operation } of operations) {
      expect(operation['security'], String(operation['operationId'])).toEqual(operation['x-role'] === 'public' ? [] : undefined);
    }
    expect(document['security']).toEqual([{ bearer: [] }]);
  });

  test('path parameters are declared, and required, and no others are', () => {
    for (const { path, operation, pathItem } of operations) {
      const parameters = [...((pathItem['parameters'] as Node[]) ?? []), ...((operation['parameters'] as Node[]) ?? [])].map((one) => (typeof one['$ref'] === 'string' ? (target(document, one['$ref']) as Node) : one));
      const inPath = parameters.filter((one) => one['in'] === 'path');
      expect(inPath.map((one) => one['name']).toSorted(), path).toEqual([...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]).toSorted());
      expect(inPath.every((one) => one['required'] === true), path).toBe(true);
    }
  });

  test('what can be created can be retried: a POST that answers 201 takes an Idempotency-Key', () => {
    for (const { method, operation } of operations) {
      if (method !== 'post' || (operation['responses'] as Node)['201'] === undefined) continue;
      expect(operation['parameters'], String(operation['operationId'])).toContainEqual({ $ref: '#/components/parameters/IdempotencyKey' });
    }
  });

  test('every schema compiles', () => {
    const schemas = [...everyNode(document)].filter(({ pointer }) => /\/schema$|^\/components\/schemas\/[^/]+$/.test(pointer));
    expect(schemas.length).toBeGreaterThan(20);
    for (const { pointer } of schemas) expect(() => bodies.compile({ $ref: `${name}#${pointer}` }), pointer).not.toThrow();
  });

  test('objects that we send are closed: a field unknown to the contract cannot leave', () => {
    const open = [...everyNode(document)].filter(({ node, pointer }) => pointer.startsWith('/components/schemas/') && node['type'] === 'object' && node['properties'] !== undefined && node['additionalProperties'] === undefined);
    const deliberately = name === 'northbound' ? ['/components/schemas/DeviceDocument'] : ['/components/schemas/Problem'];
    expect(open.map(({ pointer }) => pointer)).toEqual(deliberately);
  });
});

test('operation ids are unique across both contracts', () => {
  const ids = contractFiles.flatMap(operationsOf).map(({ operation }) => operation['operationId']);
  expect(new Set(ids).size).toBe(ids.length);
});
