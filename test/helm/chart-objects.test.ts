/** Whatever the values, helm finds no fault with the chart and Kubernetes would know every field of what it renders. */
import { describe, expect, it } from 'vitest';
import { chartDir, helm, helmRuns, type KubernetesObject, render, valuesFile, valuesNames } from './chart.js';
import { schemaErrors, typeErrors } from './kubernetes-schema.js';

const kinds: Record<(typeof valuesNames)[number], string[]> = {
  minimal: ['Deployment', 'Job', 'Pod', 'PodDisruptionBudget', 'Service', 'ServiceAccount'],
  single: ['Deployment', 'Pod', 'Service'],
  ingress: ['Deployment', 'Ingress', 'Job', 'Pod', 'PodDisruptionBudget', 'Service', 'ServiceAccount'],
  full: [
    'Deployment',
    'Ingress',
    'Job',
    'NetworkPolicy',
    'Pod',
    'PodDisruptionBudget',
    'Service',
    'ServiceAccount',
    'ServiceMonitor',
  ],
};

/** ServiceMonitor is the Prometheus operator's, not Kubernetes' own; chart-wiring.test.ts holds it to the letter. */
const isKubernetes = (object: KubernetesObject) => object.kind !== 'ServiceMonitor';

describe.skipIf(!helmRuns)('the chart', () => {
  it.each(valuesNames)('passes helm lint --strict with %s values', (name) => {
    const run = helm(['lint', '--strict', chartDir, '--values', valuesFile(name)]);
    expect(run.stdout + run.stderr).toContain('1 chart(s) linted, 0 chart(s) failed');
    expect(run.ok).toBe(true);
  });

  it.each(valuesNames)('renders with %s values the objects it should, and never a Secret', async (name) => {
    const objects = render(name);
    expect(objects.map(({ kind }) => kind).toSorted()).toEqual(kinds[name]);
    for (const object of objects.filter(isKubernetes)) expect(await schemaErrors(object)).toEqual([]);
  });

  it('renders no field that Kubernetes does not know', () => {
    expect(typeErrors(valuesNames.flatMap((name) => render(name)).filter(isKubernetes))).toEqual([]);
  });

  it('takes names that any release may have', () => {
    for (const release of ['a', 'casm-controller', 'a'.repeat(53), 'x.y']) {
      for (const object of render('minimal', {}, release)) {
        expect(object.metadata.name).toMatch(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
        for (const value of Object.values(object.metadata.labels ?? {}))
          expect(value).toMatch(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/);
      }
    }
  });

  it('is checked by a check that sees a misspelt field, a wrong type and a missing field', async () => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x' } };
    const misspelt = { ...service, spec: { selektor: {}, ports: [{ port: 80 }] } };
    const wrong = { ...service, spec: { ports: [{ port: '80' }] } };
    const missing = { ...service, spec: { ports: [{ name: 'http' }] } };
    expect(typeErrors([misspelt]).join()).toContain('selektor');
    expect((await schemaErrors(wrong)).join()).toContain('port');
    expect((await schemaErrors(missing)).join()).toContain('port');
    expect(await schemaErrors({ ...service, spec: { ports: [{ port: 80 }] } })).toEqual([]);
  });
});
