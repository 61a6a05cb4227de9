/**
 * A log of lines in a file that does not grow without end: beyond its limit it becomes NAME.1 and is begun anew. What
 * cannot be written is lost; a full disk must not end the lab.
 */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const limitBytes = 10 * 1024 * 1024;

export function openLog(file: string): (line: string) => void {
  mkdirSync(dirname(file), { recursive: true });
  let size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return (line) => {
    try {
      if (size > limitBytes) {
        renameSync(file, `${file}.1`);
        size = 0;
      }
      appendFileSync(file, `${line}\n`);
      size += Buffer.byteLength(line) + 1;
    } catch {
      // see above
    }
  };
}
