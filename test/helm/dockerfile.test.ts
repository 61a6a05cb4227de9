/** The image, as far as it can be known without building it: Docker would take the file, and it holds what it must. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Copy, DockerfileParser, type Instruction } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { projectDir } from './chart.js';

const read = (path: string) => readFileSync(join(projectDir, path), 'utf8');
const text = read('Dockerfile');

/** The instructions, stage by stage; each stage starts with its FROM. */
const stages: Instruction[][] = [];
for (const instruction of DockerfileParser.parse(text).getInstructions()) {
  if (instruction.getKeyword() === 'FROM') stages.push([]);
  stages.at(-1)?.push(instruction);
}
const final = stages.at(-1)!;

function argumentsOf(stage: readonly Instruction[], keyword: string): string[] {
  return stage.filter((i) => i.getKeyword() === keyword).map((i) => i.getRawArgumentsContent() ?? '');
}

/** Sources of the COPYs that read the build context rather than an earlier stage. */
const sources = stages
  .flat()
  .filter((i): i is Copy => i.getKeyword() === 'COPY' && !(i as Copy).getFromFlag())
  .flatMap((copy) => copy.getArguments().slice(0, -1))
  .map((argument) => argument.getValue());

describe('Dockerfile', () => {
  it('is one that Docker takes', () => {
    expect(validate(text, {}).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
    const broken = validate(`${text}\nEXPOSE http//\nHEALTHCHEK CMD true\n`, {});
    expect(broken.map(({ message }) => message)).toEqual([
      'Invalid containerPort: http//',
      'Unknown instruction: HEALTHCHEK',
    ]);
  });

  it('builds on Node 24, in one stage with the compiler and one without', () => {
    expect(stages).toHaveLength(2);
    for (const stage of stages) expect(argumentsOf(stage, 'FROM')[0]).toMatch(/^node:24-bookworm-slim\b/);
    expect(argumentsOf(final, 'RUN')).toEqual([]);
    expect(argumentsOf(stages[0]!, 'RUN').join('\n')).toMatch(
      /npm ci --omit=optional --ignore-scripts\n[^]*npm prune --omit=dev --omit=optional/,
    );
  });

  it('copies what exists, and what .dockerignore lets through', () => {
    const [first, ...exceptions] = read('.dockerignore')
      .split('\n')
      .filter((line) => line && !line.startsWith('#'));
    expect(first).toBe('*');
    expect(exceptions.every((line) => line.startsWith('!'))).toBe(true);
    const through = exceptions.map((line) => line.slice(1));
    const copied = new Set(sources.filter((source) => source !== './').map((source) => source.replace(/\/$/, '')));
    expect([...copied].toSorted()).toEqual(through.toSorted());
    for (const source of copied) expect(existsSync(join(projectDir, source)), source).toBe(true);
  });

  it('copies from the build what the build makes', () => {
    const fromBuild = final.filter(
      (i) => i.getKeyword() === 'COPY' && (i as Copy).getFromFlag()?.getValue() === 'build',
    );
    expect(fromBuild.map((copy) => copy.getArguments().map((a) => a.getValue()))).toEqual([
      ['/app/node_modules', 'node_modules'],
      ['/app/dist', 'dist'],
    ]);
    expect(argumentsOf(stages[0]!, 'WORKDIR')).toEqual(['/app']);
  });

  it('runs as a user that Kubernetes can see is not root, on files that are not its own', () => {
    expect(argumentsOf(final, 'USER')).toEqual(['1000:1000']);
    expect(text).not.toMatch(/--chown|--chmod|sudo|gosu/);
    const keywords = final.map((i) => i.getKeyword());
    expect(keywords.lastIndexOf('COPY')).toBeLessThan(keywords.indexOf('USER'));
  });

  it('starts the program itself, so that SIGTERM reaches it', () => {
    expect(argumentsOf(final, 'ENTRYPOINT')).toEqual([]);
    expect(argumentsOf(final, 'CMD').map((value) => JSON.parse(value) as unknown)).toEqual([['node', 'dist/main.js']]);
    expect(argumentsOf(final, 'STOPSIGNAL').filter((signal) => signal !== 'SIGTERM')).toEqual([]);
    expect(argumentsOf(final, 'EXPOSE')).toEqual(['8080']);
  });

  it('carries no secret', () => {
    const settings = stages.flatMap((stage) => [...argumentsOf(stage, 'ENV'), ...argumentsOf(stage, 'ARG')]).join(' ');
    expect(settings).toBe('NODE_ENV=production CASM_HOST=0.0.0.0 CASM_PORT=8080');
    expect(settings + read('.npmrc')).not.toMatch(/token|secret|password|_auth|DATABASE_URL/i);
    expect(sources.filter((source) => /\.env|\.casm|^\.$|^\.\/$/.test(source))).toEqual([]);
  });
});
