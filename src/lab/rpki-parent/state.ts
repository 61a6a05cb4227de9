/**
 * What the parent CA must not lose, in one file: its keys, its children and what was issued to them. The file is
 * replaced whole (written aside, synced, renamed), so a kill at any moment leaves the old or the new state.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../lab-error.js';
import type { StoredIdentity } from '../../rpki/bpki/identity.js';
import type { ResourceText } from '../../rpki/resources/text.js';
import type { RequestedText } from './requested.js';

export interface IssuedState {
  /** SKI of the subject, hex. */
  readonly ski: string;
  /** DER, base64. */
  readonly certificate: string;
  /** As asked: a type left out was not limited. */
  readonly requested: RequestedText;
}

export interface ClassState {
  readonly className: string;
  entitlement: ResourceText | 'all';
  /** Kept until it nears, so that children do not renew without end. */
  notAfter: string | null;
  issued: IssuedState[];
}

export interface ChildState {
  readonly handle: string;
  /** DER of the child's BPKI anchor, base64. */
  readonly anchor: string;
  lastReceived: string | null;
  lastSent: string | null;
  classes: ClassState[];
}

export interface ParentState {
  readonly version: 1;
  readonly handle: string;
  readonly identity: StoredIdentity;
  readonly caKey: string;
  /** The CA's own certificate, DER, base64. */
  anchor: string | null;
  children: ChildState[];
}

export class StateFile {
  private last: Promise<void> = Promise.resolve();

  private constructor(private readonly folder: string) {}

  static async in(folder: string): Promise<StateFile> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new StateFile(folder);
  }

  /** @returns undefined before the first save. @throws LabError when the file is broken */
  async load(): Promise<ParentState | undefined> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return JSON.parse(text) as ParentState;
    } catch (cause) {
      throw new LabError(`${this.path} is broken; remove it to start the parent CA afresh`, { cause });
    }
  }

  /** Durable when it resolves. Saves follow each other, and each writes the state as it is when its turn comes. */
  save(state: ParentState): Promise<void> {
    const turn = this.last.then(() => this.write(state));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when no save is under way. */
  async settled(): Promise<void> {
    await this.last;
  }

  private get path(): string {
    return join(this.folder, 'parent.json');
  }

  private async write(state: ParentState): Promise<void> {
    const aside = `${this.path}.new`;
    const file = await open(aside, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(state, null, 1));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, this.path);
    const folder = await open(this.folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}
