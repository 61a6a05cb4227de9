/** Every pod of the chart runs without privilege and reads its secrets from files of a Secret it does not make. */
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import type { IPod } from 'kubernetes-models/v1/Pod';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import { describe, expect, it } from 'vitest';
import { helmRuns, only, render, template, type ValuesName, valuesNames } from './chart.js';

/** Each pod specification that the values render, by what it is for. */
function pods(name: ValuesName): Map<string, IPodSpec> {
  const objects = render(name);
  const found = new Map<string, IPodSpec | undefined>([
    ['controller', only<IDeployment>(objects, 'Deployment').spec?.template.spec],
    ['test', only<IPod>(objects, 'Pod').spec],
  ]);
  if (name !== 'single') found.set('migration', only<IJob>(objects, 'Job').spec?.template.spec);
  return found as Map<string, IPodSpec>;
}

const every = helmRuns ? valuesNames.flatMap((name) => [...pods(name)].map(([of, pod]) => ({ name, of, pod }))) : [];

describe.skipIf(!helmRuns)('pods', () => {
  it.each(every)('$name: the $of pod has no privilege', ({ name, pod }) => {
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(pod.securityContext?.runAsUser).toBe({ minimal: 1000, ingress: 1000, single: undefined, full: 10001 }[name]);
    expect(pod.hostNetwork ?? pod.hostPID ?? pod.hostIPC).toBeUndefined();
    for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        privileged: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources).toMatchObject({
        requests: { cpu: expect.anything() },
        limits: { memory: expect.anything() },
      });
    }
  });

  it.each(every)('$name: what the $of pod mounts is there, and what it names is mounted', ({ pod }) => {
    const volumes = new Map((pod.volumes ?? []).map((volume) => [volume.name, volume]));
    expect([...volumes.values()].some((volume) => volume.hostPath)).toBe(false);
    for (const { volumeMounts = [], env = [] } of pod.containers) {
      expect(volumeMounts.map((mount) => mount.name).toSorted()).toEqual([...volumes.keys()].toSorted());
      const secret = volumes.get('secret')?.secret;
      const at = volumeMounts.find((mount) => mount.name === 'secret')?.mountPath;
      const files = (secret?.items ?? []).map((item) => `${at}/${item.path}`);
      const named = env.filter((variable) => variable.name.endsWith('_FILE')).map((variable) => variable.value);
      expect(named.toSorted()).toEqual(files.toSorted());
      expect(secret?.defaultMode ?? 0o440).toBe(0o440);
    }
  });

  it('reads secrets by reference: the controller all of them, the migration only the database', () => {
    const secretVariables = (of: string, name: ValuesName = 'full') =>
      pods(name)
        .get(of)
        ?.containers[0]?.env?.filter((variable) => variable.name.endsWith('_FILE'))
        .map((variable) => `${variable.name}=${variable.value}`);
    expect(secretVariables('controller')).toEqual([
      'DATABASE_URL_FILE=/etc/casm/secret/url',
      'CASM_SECRET_KEY_FILE=/etc/casm/secret/seal',
      'CASM_ADMIN_TOKEN_FILE=/etc/casm/secret/root-token',
    ]);
    expect(secretVariables('migration')).toEqual(['DATABASE_URL_FILE=/etc/casm/secret/url']);
    expect(secretVariables('controller', 'single')).not.toContainEqual(expect.stringContaining('ADMIN_TOKEN'));
    expect(pods('full').get('controller')?.volumes?.[0]?.secret?.secretName).toBe('casm-production');
  });

  it('migrates by a hook that leans on nothing of the release', () => {
    const objects = render('minimal');
    const job = only<IJob>(objects, 'Job');
    expect(job.metadata?.annotations).toEqual({
      'helm.sh/hook': 'pre-install,pre-upgrade',
      'helm.sh/hook-weight': '0',
      'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
    });
    const pod = job.spec?.template.spec;
    expect(pod?.restartPolicy).toBe('Never');
    expect(pod?.serviceAccountName).toBeUndefined();
    expect(pod?.containers[0]?.command).toEqual(['node', 'dist/migrate.js']);
    const ours = new Set(
      objects.filter((object) => !object.metadata.annotations?.['helm.sh/hook']).map((o) => o.metadata.name),
    );
    for (const volume of pod?.volumes ?? [])
      expect(ours).not.toContain(volume.secret?.secretName ?? volume.configMap?.name);
    const given = render('minimal', { serviceAccount: { create: false, name: 'given' } });
    expect(only<IJob>(given, 'Job').spec?.template.spec?.serviceAccountName).toBe('given');
  });

  it('probes life where it needs no database, readiness where it does, on the port that it listens on', () => {
    for (const name of valuesNames) {
      const container = pods(name).get('controller')?.containers[0];
      const port = container?.env?.find((variable) => variable.name === 'CASM_PORT')?.value;
      expect(container?.ports).toEqual([{ name: 'http', containerPort: Number(port) }]);
      expect(container?.startupProbe?.httpGet).toEqual({ path: '/healthz', port: 'http' });
      expect(container?.livenessProbe?.httpGet).toEqual({ path: '/healthz', port: 'http' });
      expect(container?.readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'http' });
      expect(container?.env).toContainEqual({ name: 'CASM_MIGRATE', value: 'off' });
    }
  });

  it('leaves ten seconds to end after the drain, and refuses values that do not', () => {
    const pod = pods('full').get('controller');
    expect(pod?.terminationGracePeriodSeconds).toBe(60);
    expect(pod?.containers[0]?.lifecycle?.preStop?.exec?.command).toEqual(['sleep', '15']);
    expect(pods('single').get('controller')?.containers[0]?.lifecycle).toBeUndefined();
    const hasty = template('minimal', { controller: { drainSeconds: 21 } });
    expect(hasty.ok).toBe(false);
    expect(hasty.stderr).toContain('terminationGracePeriodSeconds must leave 10 s after controller.drainSeconds');
  });

  it('takes the image by digest, else by tag, else as the chart was made for', () => {
    const image = (values: object) =>
      only<IDeployment>(render('minimal', { image: values }), 'Deployment').spec?.template.spec?.containers[0]?.image;
    expect(image({})).toBe('casm-controller:0.1.0');
    expect(image({ tag: 'x' })).toBe('casm-controller:x');
    expect(image({ tag: 'x', digest: `sha256:${'0'.repeat(64)}` })).toBe(`casm-controller@sha256:${'0'.repeat(64)}`);
  });
});
