/** A secret that is made once and kept in a file for its owner alone. Never changes one that is there. */
import { open, readFile, rename } from 'node:fs/promises';
import { LabError, reasonOf } from '../lab-error.js';

/** @throws LabError when the file cannot be read or written, or does not hold what `valid` wants. */
export async function keptSecret(file: string, make: () => string, valid: RegExp): Promise<string> {
  let kept = '';
  try {
    kept = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (reasonOf(error) !== 'ENOENT') throw new LabError(`cannot read ${file} (${reasonOf(error)})`, { cause: error });
  }
  if (kept !== '') {
    if (!valid.test(kept)) throw new LabError(`${file} does not hold what was once written to it: put it back, or remove it`);
    return kept;
  }
  const secret = make();
  try {
    const handle = await open(`${file}.new`, 'w', 0o600);
    await handle.writeFile(`${secret}\n`);
    await handle.sync();
    await handle.close();
    await rename(`${file}.new`, file);
  } catch (error) {
    throw new LabError(`cannot write ${file} (${reasonOf(error)})`, { cause: error });
  }
  return secret;
}
