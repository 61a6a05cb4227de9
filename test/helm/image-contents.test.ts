/** What the image leaves out, the lab and the packages for developing, nothing that runs in it asks for. */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { projectDir } from './chart.js';

const sourceDir = join(projectDir, 'src');
const lab = join(sourceDir, 'lab') + sep;
const manifest = JSON.parse(readFileSync(join(projectDir, 'package.json'), 'utf8')) as { dependencies: object };

const files = readdirSync(sourceDir, { recursive: true, encoding: 'utf8' })
  .map((name) => join(sourceDir, name))
  .filter((name) => name.endsWith('.ts') && !name.startsWith(lab));

/** Modules that the compiled file will load: type imports are gone by then. */
function loaded(file: string): string[] {
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  return ts.preProcessFile(outputText, true, true).importedFiles.map(({ fileName }) => fileName);
}

const imports = files.flatMap((file) => loaded(file).map((module) => ({ file, module })));

describe('the image', () => {
  it('is asked only for packages that it keeps', () => {
    const kept = new Set([...Object.keys(manifest.dependencies), ...builtinModules]);
    const missing = imports
      .filter(({ module }) => !module.startsWith('.') && !module.startsWith('node:'))
      .filter(({ module }) => !kept.has(module.split('/', module.startsWith('@') ? 2 : 1).join('/')))
      .map(({ file, module }) => `${relative(projectDir, file)} imports ${module}`);
    expect(imports.length).toBeGreaterThan(0);
    expect(missing).toEqual([]);
  });

  it('is never asked for the lab', () => {
    const asking = imports.filter(
      ({ file, module }) => module.startsWith('.') && resolve(file, '..', module).startsWith(lab),
    );
    expect(asking.map(({ file, module }) => `${relative(projectDir, file)} imports ${module}`)).toEqual([]);
  });
});
