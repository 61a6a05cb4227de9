/**
 * A parent CA that speaks RFC 6492 over HTTP on loopback, as a registry would. It keeps its state in a folder of its
 * own and shares nothing with the controller but the protocol; a restart or a kill finds all as it was.
 */
import { createIdentity, restoreIdentity, storeIdentity } from '../../rpki/bpki/identity.js';
import { exportKey, generateKey, importKey } from '../../rpki/keys.js';
import { isEmpty } from '../../rpki/resources/resource-set.js';
import { formatResources, parseResources, type ResourceText } from '../../rpki/resources/text.js';
import { RpkiError } from '../../rpki/rpki-error.js';
import { upDownContentType } from '../../rpki/updown/message.js';
import { Authority } from './authority.js';
import { defaultClass, enrolChild } from './enrolment.js';
import { serve, text, type Answer } from './http.js';
import { StateFile, type ParentState } from './state.js';
import { UpDownService } from './up-down.js';

/** Prefixes, ranges or AS numbers, in any order. */
export interface ResourceLists {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly asn?: readonly string[];
}

export interface RpkiParentOptions {
  /** 0 or absent: any free one. */
  readonly port?: number;
  /** Created when absent. One parent at a time. */
  readonly folder: string;
  /** Used when the folder is new. */
  readonly handle?: string;
  /** What the parent holds, and every child is entitled to unless setEntitlement says otherwise. */
  readonly resources: ResourceLists;
  /** rsync URI of the directory the parent would publish in. */
  readonly siaBase?: string;
  readonly now?: () => Date;
}

export interface RpkiParent {
  /** Without a slash at the end; POST `/enrol`, POST `/up-down`, GET `/`. */
  readonly url: string;
  readonly port: number;
  /** Durable when it resolves. Nothing left in a class revokes what was issued there. @throws Error for a handle that is not enrolled */
  setEntitlement(handle: string, resources: ResourceLists, className?: string): Promise<void>;
  /** The next up-down requests are answered with this HTTP status and nothing else. */
  failNext(status: number, times?: number): void;
  stop(): Promise<void>;
}

export async function startRpkiParent(options: RpkiParentOptions): Promise<RpkiParent> {
  const now = options.now ?? (() => new Date());
  const file = await StateFile.in(options.folder);
  const state = (await file.load()) ?? (await createState(options.handle ?? 'lab-parent', now()));
  const authority = new Authority({
    state,
    key: importKey(state.caKey),
    resources: parseResources(textOf(options.resources)),
    siaBase: options.siaBase ?? 'rsync://localhost/lab-parent/',
    now,
  });
  await file.save(state);
  const upDown = new UpDownService({ state, file, identity: restoreIdentity(state.identity), authority, now });
  const failures: number[] = [];
  let url = '';

  const { server, port } = await serve(options.port ?? 0, {
    'GET /': async () => ({ status: 200, contentType: 'application/json', body: JSON.stringify(statusOf(state, authority), null, 1) }),
    'POST /enrol': async ({ body }) => {
      return refusingMalformed(async () => {
        const answer = enrolChild(state, body, `${url}/up-down`);
        await file.save(state);
        return { status: 200, contentType: 'application/xml', body: answer };
      });
    },
    'POST /up-down': async ({ contentType, body }) => {
      const failure = failures.shift();
      if (failure !== undefined) return text(failure, 'failing as told');
      if (contentType.split(';')[0]?.trim() !== upDownContentType) return text(400, `post ${upDownContentType}`);
      return refusingMalformed(async () => ({ status: 200, contentType: upDownContentType, body: await upDown.answer(body) }));
    },
  });
  url = `http://127.0.0.1:${port}`;

  return {
    url,
    port,
    async setEntitlement(handle, resources, className = defaultClass) {
      const child = state.children.find((candidate) => candidate.handle === handle);
      if (child === undefined) throw new Error(`${handle} is not enrolled`);
      let entry = child.classes.find((candidate) => candidate.className === className);
      if (entry === undefined) child.classes.push((entry = { className, entitlement: 'all', notAfter: null, issued: [] }));
      entry.entitlement = formatResources(parseResources(textOf(resources)));
      if (isEmpty(authority.entitlement(entry))) entry.issued = [];
      await file.save(state);
    },
    failNext(status, times = 1) {
      failures.push(...Array.from({ length: times }, () => status));
    },
    async stop() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await file.settled();
    },
  };
}

async function createState(handle: string, now: Date): Promise<ParentState> {
  const [identity, caKey] = await Promise.all([createIdentity(now), generateKey()]);
  return { version: 1, handle, identity: storeIdentity(identity), caKey: exportKey(caKey), anchor: null, children: [] };
}

async function refusingMalformed(answer: () => Promise<Answer>): Promise<Answer> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof RpkiError) return text(400, error.message);
    throw error;
  }
}

function statusOf(state: ParentState, authority: Authority) {
  const children = state.children.map((child) => ({
    handle: child.handle,
    lastReceived: child.lastReceived,
    classes: child.classes.map((entry) => ({
      className: entry.className,
      entitlement: formatResources(authority.entitlement(entry)),
      notAfter: entry.notAfter,
      certificates: entry.issued.length,
    })),
  }));
  return { handle: state.handle, children };
}

function textOf({ ipv4, ipv6, asn = [] }: ResourceLists): ResourceText {
  return { ipv4: ipv4.join(','), ipv6: ipv6.join(','), asn: asn.join(',') };
}
