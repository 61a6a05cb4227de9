/**
 * What a BNG keeps over a restart: its document and how far it is with the controller. Written whole and renamed into
 * place, so a kill leaves the old or the new state. A file that cannot be read is a BNG that has lost its memory.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DeviceDocument } from '../../model/document.js';
import { checkDocument } from './check-document.js';

export interface BngState {
  readonly document: DeviceDocument | null;
  /** The last revision the controller knows we took. */
  readonly acknowledged: string | null;
  /** The sequence of the last report the controller has. */
  readonly sequence: number;
}

const nothing: BngState = { document: null, acknowledged: null, sequence: 0 };

export async function loadState(file: string): Promise<BngState> {
  try {
    const kept = JSON.parse(await readFile(file, 'utf8')) as Partial<BngState>;
    const checked = kept.document == null ? null : checkDocument(kept.document, null);
    return {
      document: checked !== null && 'document' in checked ? checked.document : null,
      acknowledged: typeof kept.acknowledged === 'string' ? kept.acknowledged : null,
      sequence: Number.isSafeInteger(kept.sequence) ? Number(kept.sequence) : 0,
    };
  } catch {
    return nothing;
  }
}

export async function saveState(file: string, state: BngState): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const handle = await open(`${file}.new`, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(state, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}
