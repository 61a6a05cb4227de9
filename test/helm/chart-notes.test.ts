/** What helm prints after an install names the right objects. `helm template` drops it, so an object carries it. */
import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { chartDir, helmRuns, template, type ValuesName } from './chart.js';

describe.skipIf(!helmRuns)('NOTES.txt', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'casm-chart-'));
    cpSync(chartDir, directory, { recursive: true });
    renameSync(join(directory, 'templates/NOTES.txt'), join(directory, 'notes.txt'));
    writeFileSync(
      join(directory, 'templates/notes.yaml'),
      'kind: Notes\ntext: {{ tpl (.Files.Get "notes.txt") . | quote }}\n',
    );
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  function notes(name: ValuesName): string {
    const run = template(name, {}, 'edge', directory);
    if (!run.ok) throw new Error(run.stderr);
    const objects = parseAllDocuments(run.stdout).map((document) => document.toJS() as { kind: string; text: string });
    return objects.find(({ kind }) => kind === 'Notes')!.text;
  }

  it('says how to reach it and how to see that it is well', () => {
    const text = notes('minimal');
    expect(text).toContain('release edge, 2 pods.');
    expect(text).toContain('port-forward service/edge-casm-controller 8080:80');
    expect(text).toContain('helm -n net test edge');
    expect(text).toContain('Migrations go forward only');
  });

  it('gives the address of the ingress, where there is one', () => {
    expect(notes('ingress')).toContain('https://casm.example.net/docs');
    expect(notes('ingress')).not.toContain('port-forward');
  });

  it('says who migrates, where the chart does not', () => {
    expect(notes('single')).toContain('1 pod.');
    expect(notes('single')).toContain('The chart does not migrate the database');
  });
});
