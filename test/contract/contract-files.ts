/** The two contract files as plain documents, walked as a reader of OpenAPI walks them. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export type Node = Record<string, unknown>;

export interface ContractFile {
  readonly name: 'northbound' | 'southbound';
  readonly document: Node;
}

export const contractFiles: readonly ContractFile[] = (['northbound', 'southbound'] as const).map((name) => ({
  name,
  document: parse(readFileSync(new URL(`../../openapi/${name}.yaml`, import.meta.url), 'utf8')) as Node,
}));

export interface OperationEntry {
  readonly path: string;
  readonly method: string;
  readonly operation: Node;
  readonly pathItem: Node;
}

export function operationsOf({ document }: ContractFile): OperationEntry[] {
  return Object.entries(document['paths'] as Record<string, Node>).flatMap(([path, pathItem]) =>
    Object.entries(pathItem)
      .filter(([key]) => key !== 'parameters')
      .map(([method, operation]) => ({ path, method, operation: operation as Node, pathItem })),
  );
}

export interface Visited {
  readonly node: Node;
  /** A JSON pointer (RFC 6901), percent-encoded for use in a URI fragment. */
  readonly pointer: string;
}

/** Every object of the document, depth first. */
export function* everyNode(node: unknown, pointer = ''): Generator<Visited> {
  if (node === null || typeof node !== 'object') return;
  if (!Array.isArray(node)) yield { node: node as Node, pointer };
  for (const [key, value] of Object.entries(node)) yield* everyNode(value, `${pointer}/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))}`);
}

/** What a local `$ref` points at; undefined when nothing is there. */
export function target(document: Node, ref: string): unknown {
  if (!ref.startsWith('#/')) return undefined;
  const steps = ref.slice(2).split('/').map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'));
  return steps.reduce<unknown>((within, step) => (within === null || typeof within !== 'object' ? undefined : (within as Node)[step]), document);
}
