/** values.schema.json refuses what cannot work, in words that name the value, and says what every value is for. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { chartDir, helm, helmRuns, template } from './chart.js';

const host = 'casm.example.net';
const bad: [refused: string, values: object, message: RegExp][] = [
  ['an unknown value', { replicas: 2 }, /Additional property replicas is not allowed/],
  ['an unknown value deeper down', { ingress: { tsl: [] } }, /ingress: Additional property tsl is not allowed/],
  ['no pod', { replicaCount: 0 }, /replicaCount: Must be greater than or equal to 1/],
  ['half a pod', { replicaCount: 1.5 }, /replicaCount: Invalid type/],
  ['a count in quotes', { replicaCount: '2' }, /replicaCount: Invalid type/],
  ['a privileged port', { controller: { port: 80 } }, /controller\.port: Must be greater/],
  ['a log level that is none', { controller: { logLevel: 'verbose' } }, /controller\.logLevel: .* must be one of/],
  ['a listener on loopback', { controller: { host: '127.0.0.1' } }, /controller\.host: .* must be one of/],
  ['root', { runAsUser: 0 }, /runAsUser: Must be greater than or equal to 1/],
  [
    'a budget that forbids every drain',
    { podDisruptionBudget: { maxUnavailable: 0 } },
    /podDisruptionBudget\.maxUnavailable/,
  ],
  [
    'a budget that may forbid a drain',
    { podDisruptionBudget: { minAvailable: 1 } },
    /Additional property minAvailable/,
  ],
  ['an ingress for any host', { ingress: { enabled: true } }, /ingress\.hosts: Array must have at least 1 items/],
  [
    'a host with a port',
    { ingress: { enabled: true, hosts: [`${host}:443`] } },
    /ingress\.hosts\.0: Does not match pattern/,
  ],
  [
    'a certificate without a secret',
    { ingress: { tls: [{ hosts: [host] }] } },
    /ingress\.tls\.0: secretName is required/,
  ],
  ['a digest that is none', { image: { digest: 'latest' } }, /image\.digest: Does not match pattern/],
  ['a size that is none', { resources: { limits: { memory: '512 MB' } } }, /resources\.limits\.memory: Does not match/],
  ['figures without a token', { serviceMonitor: { enabled: true } }, /serviceMonitor\.tokenSecret: name is required/],
  [
    'a secret as a value',
    { existingSecret: { databaseUrl: 'postgres://' } },
    /Additional property databaseUrl is not allowed/,
  ],
  [
    'a secret in the environment',
    { extraEnv: [{ name: 'DATABASE_URL', value: 'postgres://' }] },
    /extraEnv\.0\.name: Must not validate/,
  ],
  [
    'a setting that the chart makes',
    { extraEnv: [{ name: 'CASM_MIGRATE', value: 'on' }] },
    /extraEnv\.0\.name: Must not validate/,
  ],
  ['a database key of no name', { existingSecret: { keys: { databaseUrl: '' } } }, /existingSecret\.keys\.databaseUrl/],
  [
    'an interval that is none',
    { serviceMonitor: { interval: '30' } },
    /serviceMonitor\.interval: Does not match pattern/,
  ],
];

interface Schema {
  description?: string;
  additionalProperties?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
}
const schema = JSON.parse(readFileSync(join(chartDir, 'values.schema.json'), 'utf8')) as Schema;
const defaults = parse(readFileSync(join(chartDir, 'values.yaml'), 'utf8')) as object;

/** Every path of named values in the schema, with the schema at it. */
function* paths(at: Schema, prefix: string): Generator<[string, Schema]> {
  for (const [name, inner] of Object.entries(at.properties ?? {})) {
    const path = prefix ? `${prefix}.${name}` : name;
    yield [path, inner];
    yield* paths(inner, path);
  }
}

describe.skipIf(!helmRuns)('values', () => {
  it.each(bad)('refuses %s', (_, values, message) => {
    const run = template('minimal', values);
    expect(run.ok).toBe(false);
    expect(run.stdout).toBe('');
    expect(run.stderr).toMatch(message);
  });

  it('cannot be left without a secret: lint and template both say which value is missing', () => {
    for (const command of [
      ['template', 'edge', chartDir, '--kube-version', '1.29.0'],
      ['lint', '--strict', chartDir],
    ]) {
      const run = helm(command);
      expect(run.ok).toBe(false);
      expect(run.stdout + run.stderr).toContain('existingSecret: name is required');
    }
  });

  it('refuses a Kubernetes whose API it was not made for', () => {
    const run = helm(['template', 'edge', chartDir, '--kube-version', '1.24.0', '--set', 'existingSecret.name=casm']);
    expect(run.ok).toBe(false);
    expect(run.stderr).toContain('chart requires kubeVersion');
  });
});

describe('values.schema.json', () => {
  it('says what every value is for, and closes every object', () => {
    for (const [path, at] of paths(schema, '')) {
      expect(at.description, path).toMatch(/\.$/);
      if (at.properties) expect(at.additionalProperties, path).toBe(false);
      if (at.items?.properties) expect(at.items.additionalProperties, path).toBe(false);
    }
    expect(schema.additionalProperties).toBe(false);
  });

  it('knows the same values as values.yaml', () => {
    // What has no default: Helm's own "global", the name that must be given, and the two halves of a reference.
    const without = [
      'global',
      'existingSecret.name',
      'serviceMonitor.tokenSecret.name',
      'serviceMonitor.tokenSecret.key',
    ];
    const has = (path: string) =>
      path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], defaults) !==
      undefined;
    const missing = [...paths(schema, '')].map(([path]) => path).filter((path) => !has(path));
    expect(missing.toSorted()).toEqual(without.toSorted());
  });
});
