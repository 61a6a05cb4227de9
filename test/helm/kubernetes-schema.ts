/**
 * Checks objects against the Kubernetes API twice: by the JSON schemas of its OpenAPI (types, enums, required fields),
 * and by the TypeScript types made from it, since the schemas let unknown fields pass and a misspelt probe is no probe.
 */
import { join } from 'node:path';
import ts from 'typescript';
import { type KubernetesObject, projectDir } from './chart.js';

interface Model {
  validate(): void;
}
type ModelClass = new (data: unknown) => Model;

function modulePath({ apiVersion, kind }: KubernetesObject): string {
  return `kubernetes-models/${apiVersion}/${kind}`;
}

/** What the API's JSON schemas have against the object; empty when nothing. */
export async function schemaErrors(object: KubernetesObject): Promise<string[]> {
  const module = (await import(modulePath(object))) as Record<string, ModelClass>;
  const Kind = module[object.kind];
  if (!Kind) return [`${object.apiVersion} has no ${object.kind}`];
  const { apiVersion: _, kind: __, ...data } = object;
  try {
    new Kind(data).validate();
    return [];
  } catch (error) {
    return [`${object.kind}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** What the type checker has against the objects written out as literals; one run for all, since it takes seconds. */
export function typeErrors(objects: readonly KubernetesObject[]): string[] {
  const source = objects
    .map((object, i) => {
      const type = `import('${modulePath(object)}').I${object.kind}`;
      return `export const object${i}: ${type} = ${JSON.stringify(object, null, 1)};`;
    })
    .join('\n');
  const fileName = join(projectDir, 'test/helm/rendered.ts');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name === fileName || fileExists(name);
  host.readFile = (name) => (name === fileName ? source : readFile(name));
  host.getSourceFile = (name, ...rest) =>
    name === fileName ? ts.createSourceFile(name, source, options.target!) : getSourceFile(name, ...rest);
  const program = ts.createProgram([fileName], options, host);
  const lines = source.split('\n');
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line : -1;
    return `${ts.flattenDiagnosticMessageText(messageText, ' ')} (${lines[line]?.trim() ?? file?.fileName ?? ''})`;
  });
}
