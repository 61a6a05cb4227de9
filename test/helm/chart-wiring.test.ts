/** The objects of the chart find each other: by label, by name and by port. */
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import type { IPod } from 'kubernetes-models/v1/Pod';
import type { IService } from 'kubernetes-models/v1/Service';
import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { describe, expect, it } from 'vitest';
import { helmRuns, type KubernetesObject, only, render } from './chart.js';

type Labels = Record<string, string>;

function selects(selector: Labels | undefined, labels: Labels | undefined): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([name, value]) => labels?.[name] === value);
}

const deployment = (objects: KubernetesObject[]) => only<IDeployment>(objects, 'Deployment');

describe.skipIf(!helmRuns)('wiring', () => {
  it('selects the controller, and neither the migration nor the test', () => {
    const objects = render('full');
    const { selector, template } = deployment(objects).spec!;
    const selectors = [
      selector.matchLabels,
      only<IService>(objects, 'Service').spec?.selector,
      only<IPodDisruptionBudget>(objects, 'PodDisruptionBudget').spec?.selector?.matchLabels,
      only<INetworkPolicy>(objects, 'NetworkPolicy').spec?.podSelector?.matchLabels,
      ...template.spec!.topologySpreadConstraints!.map((constraint) => constraint.labelSelector?.matchLabels),
    ];
    expect(selectors).toHaveLength(6);
    for (const labels of selectors) {
      expect(selects(labels, template.metadata?.labels)).toBe(true);
      expect(selects(labels, only<IJob>(objects, 'Job').spec?.template.metadata?.labels)).toBe(false);
      expect(selects(labels, only<IPod>(objects, 'Pod').metadata?.labels)).toBe(false);
    }
  });

  it('keeps two releases in one namespace apart', () => {
    const [edge, core] = [render('minimal', {}, 'edge'), render('minimal', {}, 'core')];
    const labels = deployment(core).spec?.template.metadata?.labels;
    expect(selects(deployment(edge).spec?.selector.matchLabels, labels)).toBe(false);
    const names = new Set([...edge, ...core].map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    expect(names.size).toBe(edge.length + core.length);
  });

  it('leads from the ingress through the service to the port of the container', () => {
    const objects = render('full');
    const service = only<IService>(objects, 'Service');
    const ingress = only<IIngress>(objects, 'Ingress');
    const [port] = service.spec!.ports!;
    expect(port?.targetPort).toBe(deployment(objects).spec?.template.spec?.containers[0]?.ports?.[0]?.name);
    expect(ingress.spec?.ingressClassName).toBe('haproxy');
    for (const rule of ingress.spec!.rules!)
      for (const path of rule.http!.paths)
        expect(path.backend.service).toEqual({ name: service.metadata?.name, port: { name: port?.name } });
    const covered = new Set(ingress.spec!.tls!.flatMap(({ hosts = [] }) => hosts));
    expect(ingress.spec!.rules!.every((rule) => covered.has(rule.host!))).toBe(true);
  });

  it('gives the pods the service account it makes, or the one it is told', () => {
    const account = (values: object) =>
      deployment(render('minimal', { serviceAccount: values })).spec?.template.spec?.serviceAccountName;
    const objects = render('minimal');
    const made = only<IServiceAccount>(objects, 'ServiceAccount');
    expect(made.automountServiceAccountToken).toBe(false);
    expect(deployment(objects).spec?.template.spec?.serviceAccountName).toBe(made.metadata?.name);
    expect(account({ create: false, name: 'given' })).toBe('given');
    expect(account({ create: false })).toBe('default');
  });

  it.each([1, 2, 3, 5])('lets a node be drained at %i replicas', (replicaCount) => {
    const objects = render('minimal', { replicaCount });
    const budgets = objects.filter(({ kind }) => kind === 'PodDisruptionBudget');
    expect(budgets).toHaveLength(replicaCount > 1 ? 1 : 0);
    for (const budget of budgets as unknown as IPodDisruptionBudget[]) {
      expect(budget.spec?.minAvailable).toBeUndefined();
      const evictable = Number(budget.spec?.maxUnavailable);
      expect(evictable).toBeGreaterThanOrEqual(1);
      expect(evictable).toBeLessThan(replicaCount);
    }
    expect(deployment(objects).spec?.strategy?.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
  });

  it('lets in whom the network policy names, and its own test', () => {
    const objects = render('full');
    const policy = only<INetworkPolicy>(objects, 'NetworkPolicy').spec!;
    expect(policy.policyTypes).toEqual(['Ingress', 'Egress']);
    const peers = policy.ingress![0]!.from!;
    expect(peers).toHaveLength(3);
    expect(selects(peers[2]?.podSelector?.matchLabels, only<IPod>(objects, 'Pod').metadata?.labels)).toBe(true);
    expect(policy.ingress![0]!.ports).toEqual([{ port: 'http', protocol: 'TCP' }]);
    const open = only<INetworkPolicy>(render('minimal', { networkPolicy: { enabled: true } }), 'NetworkPolicy').spec;
    expect(open).toMatchObject({ policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 'http' }] }] });
    expect(open?.ingress?.[0]?.from ?? open?.egress).toBeUndefined();
  });

  it('has Prometheus read the service with a token', () => {
    const objects = render('full');
    const monitor = only<{ kind: 'ServiceMonitor'; spec: { selector: { matchLabels: Labels } } }>(
      objects,
      'ServiceMonitor',
    );
    expect(monitor).toEqual({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: { name: expect.any(String), labels: expect.objectContaining({ release: 'prometheus' }) },
      spec: {
        selector: { matchLabels: expect.any(Object) },
        endpoints: [
          {
            port: only<IService>(objects, 'Service').spec?.ports?.[0]?.name,
            path: '/metrics',
            interval: '1m',
            authorization: { credentials: { name: 'casm-metrics', key: 'token' } },
          },
        ],
      },
    });
    expect(selects(monitor.spec.selector.matchLabels, only<IService>(objects, 'Service').metadata?.labels)).toBe(true);
  });

  it('replaces the pods when the secret was changed, and not otherwise', () => {
    const pod = (values: object) => JSON.stringify(deployment(render('minimal', values)).spec?.template);
    const before = pod({});
    expect(pod({ service: { port: 8000 } })).toBe(before);
    expect(pod({ existingSecret: { revision: '2' } })).not.toBe(before);
  });
});
