/**
 * What the child CA remembers between exchanges: its identity, a key for each class, the request that has no answer yet
 * and the signing times that guard against replay. Keys are saved before a parent first hears of them.
 */
import { createIdentity, restoreIdentity, storeIdentity, type BpkiIdentity, type StoredIdentity } from '../../../rpki/bpki/identity.js';
import { Reject, type DeviceMemory, type ResourceSets } from '../../adapter.js';

export interface UnansweredRequest {
  /** Under which the certificate log waits for the answer. */
  readonly id: string;
  readonly action: 'issue' | 'revoke';
  readonly resources: ResourceSets;
}

export interface ClassMemory {
  readonly className: string;
  /** PKCS#8, base64. */
  readonly key: string;
  unanswered: UnansweredRequest | null;
  /** The certificate as last received and verified, DER, base64. */
  certificate: string | null;
}

interface Remembered {
  readonly version: 1;
  readonly handle: string;
  readonly identity: StoredIdentity;
  lastSent: string | null;
  /** Of the parent with that anchor key; another anchor starts anew. */
  received: { readonly anchor: string; readonly at: string } | null;
  classes: ClassMemory[];
}

export class ChildMemory {
  readonly identity: BpkiIdentity;

  private constructor(
    private readonly store: DeviceMemory,
    private readonly remembered: Remembered,
  ) {
    this.identity = restoreIdentity(remembered.identity);
  }

  /** @returns undefined before enrolment. @throws Reject when what was stored is not ours */
  static async load(store: DeviceMemory): Promise<ChildMemory | undefined> {
    const text = await store.load();
    if (text === undefined) return undefined;
    return new ChildMemory(store, rememberedIn(text));
  }

  static async create(store: DeviceMemory, handle: string, now: Date): Promise<ChildMemory> {
    const identity = storeIdentity(await createIdentity(now));
    const memory = new ChildMemory(store, { version: 1, handle, identity, lastSent: null, received: null, classes: [] });
    await memory.save();
    return memory;
  }

  /** Durable when it resolves. */
  async save(): Promise<void> {
    await this.store.save(JSON.stringify(this.remembered));
  }

  /** What we called ourselves; the parent may have answered with another name. */
  get handle(): string {
    return this.remembered.handle;
  }

  get lastSent(): Date | undefined {
    return this.remembered.lastSent === null ? undefined : new Date(this.remembered.lastSent);
  }

  set lastSent(time: Date) {
    this.remembered.lastSent = time.toISOString();
  }

  /** @param anchor SKI of the parent's anchor */
  lastReceived(anchor: Buffer): Date | undefined {
    const { received } = this.remembered;
    return received?.anchor === anchor.toString('hex') ? new Date(received.at) : undefined;
  }

  noteReceived(anchor: Buffer, at: Date): void {
    this.remembered.received = { anchor: anchor.toString('hex'), at: at.toISOString() };
  }

  get classes(): readonly ClassMemory[] {
    return this.remembered.classes;
  }

  classOf(className: string): ClassMemory | undefined {
    return this.remembered.classes.find((entry) => entry.className === className);
  }

  addClass(className: string, key: string): ClassMemory {
    const entry: ClassMemory = { className, key, unanswered: null, certificate: null };
    this.remembered.classes.push(entry);
    return entry;
  }

  /** Replaces the list, so that one being walked through is not disturbed. */
  dropClass(entry: ClassMemory): void {
    this.remembered.classes = this.remembered.classes.filter((other) => other !== entry);
  }
}

function rememberedIn(text: string): Remembered {
  let remembered: Partial<Remembered> | null = null;
  try {
    remembered = JSON.parse(text) as Partial<Remembered> | null;
  } catch {
    // the sentence below says it
  }
  if (remembered?.version !== 1) throw new Reject('the memory of this device was not written by the RPKI adapter');
  return remembered as Remembered;
}
