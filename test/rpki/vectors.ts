/** Conformance vectors made by others. They are not part of the project: tests that use them say so when they skip. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(process.env['CASM_SHARED'] ?? resolve(import.meta.dirname, '../../../shared'), 'vectors/rpki');

export const vectorsAbsent = !existsSync(root);

export function vector(...path: string[]): Buffer {
  return readFileSync(join(root, ...path));
}

/** Paths of all files below the folder, sorted. */
export function vectorsIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}
