/** What the chart gives a pod is what the program takes: the rendered environment is read by its own reader. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig, readDatabaseUrl } from '../../src/config.js';
import { chartDir, helmRuns, only, render, valuesNames } from './chart.js';

const database = 'postgres://casm@db.example.net/casm';
const seal = Buffer.alloc(32, 7);
const token = 'first-administrator';

describe.skipIf(!helmRuns)('the environment of a pod', () => {
  /** Stands where the Secret is mounted; the files are named as the values files name the keys. */
  let mounted: string;
  beforeAll(() => {
    mounted = mkdtempSync(join(tmpdir(), 'casm-secret-'));
    for (const name of ['database-url', 'url']) writeFileSync(join(mounted, name), `${database}\n`);
    for (const name of ['secret-key', 'seal']) writeFileSync(join(mounted, name), `${seal.toString('base64')}\n`);
    for (const name of ['admin-token', 'root-token']) writeFileSync(join(mounted, name), `${token}\n`);
  });
  afterAll(() => rmSync(mounted, { recursive: true }));

  function environment(pod: IPodTemplateSpec | undefined): Record<string, string> {
    const variables = pod?.spec?.containers[0]?.env ?? [];
    return Object.fromEntries(
      variables.map(({ name, value = '' }) => [name, name.endsWith('_FILE') ? join(mounted, basename(value)) : value]),
    );
  }
  const controller = (name: (typeof valuesNames)[number], values: object = {}) =>
    readConfig(environment(only<IDeployment>(render(name, values), 'Deployment').spec?.template));

  it('is read as the values say', () => {
    const defaults = { databaseUrl: database, secretKey: seal, adminToken: token, migrate: false };
    expect(controller('minimal')).toMatchObject({
      ...defaults,
      host: '0.0.0.0',
      port: 8080,
      logLevel: 'log',
      workers: 4,
      historyYears: 7,
    });
    expect(controller('single').adminToken).toBeUndefined();
    expect(controller('full')).toMatchObject({
      ...defaults,
      host: '::',
      port: 9090,
      logLevel: 'debug',
      workers: 16,
      databaseConnections: 50,
      historyYears: 10,
    });
  });

  it('is read whatever the schema allows', () => {
    const schema = JSON.parse(readFileSync(join(chartDir, 'values.schema.json'), 'utf8')) as {
      properties: {
        controller: { properties: Record<string, { enum?: string[]; minimum?: number; maximum?: number }> };
      };
    };
    for (const [name, { enum: choices, minimum, maximum }] of Object.entries(schema.properties.controller.properties)) {
      if (name.endsWith('Seconds')) continue;
      for (const value of choices ?? [minimum, maximum])
        expect(controller('minimal', { controller: { [name]: value } })).toMatchObject({ [name]: value });
    }
  });

  it('lets the migration find the database, and nothing more', () => {
    const migration = environment(only<IJob>(render('full'), 'Job').spec?.template);
    expect(readDatabaseUrl(migration)).toBe(database);
    expect(() => readConfig(migration)).toThrow('CASM_SECRET_KEY');
  });
});
