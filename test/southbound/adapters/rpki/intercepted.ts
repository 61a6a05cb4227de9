/** A proxy between the adapter and its parent that may change, lose or replace what the parent answers. */
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { restoreIdentity, type BpkiIdentity } from '../../../../src/rpki/bpki/identity.js';
import { readCms } from '../../../../src/rpki/cms/read.js';
import { sealUpDown } from '../../../../src/rpki/updown/exchange.js';
import type { UpDownMessage, UpDownPayload } from '../../../../src/rpki/updown/message.js';
import { readUpDown, readUpDownEnvelope } from '../../../../src/rpki/updown/read.js';
import { startEnrolled, type Enrolled } from './enrolled.js';

export type Tamper = (answer: Buffer, request: UpDownMessage) => Buffer | 'lost' | Promise<Buffer>;

export interface Intercepted {
  readonly lab: Enrolled;
  /** null passes everything on. */
  tamper: Tamper | null;
  /** Tampers with the answers to one type of request only. */
  answering(type: UpDownMessage['type'], tamper: Tamper): void;
  /** Seals as the parent itself would: with its key. */
  asParent(payload: UpDownPayload): Buffer;
  stop(): Promise<void>;
}

export function contentOf(der: Buffer): UpDownMessage {
  return readUpDown(readUpDownEnvelope(readCms(der).content));
}

export async function startIntercepted(): Promise<Intercepted> {
  const lab = await startEnrolled();
  const identity = await identityOfParent(lab.folder);
  const proxy = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const headers = { 'content-type': 'application/rpki-updown' };
    const passed = await fetch(`${lab.parent.url}/up-down`, { method: 'POST', body, headers });
    const answer = Buffer.from(await passed.arrayBuffer());
    const tampered = intercepted.tamper === null ? answer : await intercepted.tamper(answer, contentOf(body));
    if (tampered === 'lost') request.socket.destroy();
    else response.writeHead(passed.status, headers).end(tampered);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const { credentials } = lab.device;
  credentials['parentResponse'] = credentials['parentResponse']!.replace(lab.parent.url, `http://127.0.0.1:${port}`);
  const intercepted: Intercepted = {
    lab,
    tamper: null,
    answering(type, tamper) {
      intercepted.tamper = (answer, request) => (request.type === type ? tamper(answer, request) : answer);
    },
    asParent: (payload) => sealUpDown({ sender: 'lab-parent', recipient: 'edge-rpki', ...payload }, identity, new Date(), new Date()),
    async stop() {
      proxy.closeAllConnections();
      await new Promise<void>((resolve) => proxy.close(() => resolve()));
      await lab.stop();
    },
  };
  return intercepted;
}

async function identityOfParent(folder: string): Promise<BpkiIdentity> {
  const state = JSON.parse(await readFile(join(folder, 'parent.json'), 'utf8')) as { identity: Parameters<typeof restoreIdentity>[0] };
  return restoreIdentity(state.identity);
}
