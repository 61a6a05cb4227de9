/** The lab's parent CA as a peer sees it: the protocol's refusals, what HTTP says, and what survives a kill. */
import { cp, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRpkiParent, type RpkiParent } from '../../src/lab/rpki-parent/start.js';
import { createIdentity, type BpkiIdentity } from '../../src/rpki/bpki/identity.js';
import { signCms } from '../../src/rpki/cms/sign.js';
import { generateKey, type KeyPair } from '../../src/rpki/keys.js';
import { buildCaRequest } from '../../src/rpki/pkcs10/build.js';
import { readResourceCertificate } from '../../src/rpki/resource-certificate/read.js';
import { explicitResources } from '../../src/rpki/resource-certificate/verify.js';
import { formatResources, parseRanges } from '../../src/rpki/resources/text.js';
import { writeChildRequest } from '../../src/rpki/setup/child-request.js';
import { readParentResponse, type ParentResponse } from '../../src/rpki/setup/parent-response.js';
import { openUpDown } from '../../src/rpki/updown/exchange.js';
import type { UpDownMessage, UpDownPayload } from '../../src/rpki/updown/message.js';
import { writeUpDown } from '../../src/rpki/updown/write.js';

const resources = { ipv4: ['10.0.0.0/8'], ipv6: ['2001:db8::/32'], asn: ['64500'] };
const sia = { caRepository: 'rsync://example.net/repo/a/', rpkiManifest: 'rsync://example.net/repo/a/x.mft' };

describe("the lab's parent CA", () => {
  let folder: string;
  let parent: RpkiParent;
  let child: BpkiIdentity;
  let key: KeyPair;
  let key2: KeyPair;
  let known: ParentResponse;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'casm-rpki-parent-'));
    [parent, child, key, key2] = await Promise.all([startRpkiParent({ folder, resources }), createIdentity(new Date()), generateKey(), generateKey()]);
    known = readParentResponse(await enrol(parent, 'kid'));
  });
  afterAll(async () => {
    await parent.stop();
    await rm(folder, { recursive: true });
  });

  async function enrol(at: RpkiParent, handle: string): Promise<string> {
    return (await fetch(`${at.url}/enrol`, { method: 'POST', body: writeChildRequest(handle, child.anchor, 'a tag') })).text();
  }
  const seal = (xml: Buffer, at = new Date()) => signCms(child, xml, at, new Date());
  const write = (payload: UpDownPayload, change: { sender?: string; recipient?: string } = {}) =>
    writeUpDown({ sender: 'kid', recipient: 'lab-parent', ...change, ...payload });
  const post = (body: Buffer, uri = known.serviceUri, type = 'application/rpki-updown') =>
    fetch(uri, { method: 'POST', body: new Uint8Array(body), headers: { 'content-type': type } });
  async function ask(payload: UpDownPayload | Buffer, uri = known.serviceUri): Promise<UpDownMessage> {
    const answer = await post(seal(Buffer.isBuffer(payload) ? payload : write(payload)), uri);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/rpki-updown');
    const peer = { anchor: known.anchor, lastSigningTime: undefined };
    return openUpDown(Buffer.from(await answer.arrayBuffer()), () => peer, new Date()).message();
  }
  const issue = (by = key, className = '0', requested = {}): UpDownPayload => ({ type: 'issue', className, requested, csr: buildCaRequest(by, sia) });
  async function certified(payload: UpDownPayload): Promise<unknown> {
    const message = await ask(payload);
    if (message.type !== 'issue_response') return message;
    return formatResources(explicitResources(readResourceCertificate(message.issued.certificates[0]!.certificate))!);
  }

  it('answers an enrolment the same every time, and echoes the tag', async () => {
    const answer = await enrol(parent, 'kid');
    expect(answer).toBe(await enrol(parent, 'kid'));
    expect(answer).toContain('tag="a tag"');
    expect(known).toMatchObject({ childHandle: 'kid', parentHandle: 'lab-parent', serviceUri: `${parent.url}/up-down` });
  });

  it('refuses an enrolment that is none', async () => {
    for (const body of ['', '<child_request/>', '<!DOCTYPE x><x/>']) {
      expect((await fetch(`${parent.url}/enrol`, { method: 'POST', body })).status).toBe(400);
    }
  });

  it('gives all of a type where nothing is asked, what is asked within it, and nothing of a type asked empty', async () => {
    expect(await certified(issue())).toEqual({ asn: '64500', ipv4: '10.0.0.0/8', ipv6: '2001:db8::/32' });
    expect(await certified(issue(key, '0', { ipv4: parseRanges('ipv4', '10.1.0.0/16,11.0.0.0/8') }))).toEqual({ asn: '64500', ipv4: '10.1.0.0/16', ipv6: '2001:db8::/32' });
    expect(await certified(issue(key, '0', { asn: [], ipv6: [] }))).toEqual({ asn: '', ipv4: '10.0.0.0/8', ipv6: '' });
    expect(await certified(issue(key, '0', { asn: [], ipv4: [], ipv6: [] }))).toMatchObject({ status: 1202 });
  });

  it('remembers what was asked, and keeps the end of validity where it is', async () => {
    await ask(issue(key, '0', { asn: [] }));
    const first = await ask({ type: 'list' });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const second = await ask({ type: 'list' });
    if (first.type !== 'list_response' || second.type !== 'list_response') throw new Error('no list');
    expect(first.classes[0]?.certificates[0]?.requested).toEqual({ asn: [] });
    expect(second.classes[0]?.notAfter).toEqual(first.classes[0]?.notAfter);
  });

  it('refuses in the words of the protocol', async () => {
    await parent.setEntitlement('kid', resources, 'other');
    await parent.setEntitlement('kid', { ipv4: [], ipv6: [] }, 'empty');
    await ask(issue());
    expect(await ask(issue(key, 'nowhere'))).toMatchObject({ status: 1201 });
    expect(await ask(issue(key2, 'empty'))).toMatchObject({ status: 1202 });
    expect(await ask({ type: 'issue', className: '0', requested: {}, csr: Buffer.from('3000', 'hex') })).toMatchObject({ status: 1203 });
    const touched = buildCaRequest(key, sia);
    touched[touched.length - 1]! ^= 1;
    expect(await ask({ type: 'issue', className: '0', requested: {}, csr: touched })).toMatchObject({ status: 1203 });
    expect(await ask(issue(key, 'other'))).toMatchObject({ status: 1204 });
    expect(await ask({ type: 'revoke', className: 'nowhere', ski: key.ski })).toMatchObject({ status: 1301 });
    expect(await ask({ type: 'revoke', className: '0', ski: key2.ski })).toMatchObject({ status: 1302 });
    expect(await ask({ type: 'list_response', classes: [] })).toMatchObject({ status: 1103 });
    expect(await ask(Buffer.from(write({ type: 'list' }).toString().replace('version="1" sender', 'version="2" sender')))).toMatchObject({ status: 1102 });
    expect(await ask(Buffer.from(write({ type: 'list' }).toString().replace('type="list"', 'type="lost"')))).toMatchObject({ status: 1103 });
  });

  it('lists no class without resources, and revokes what was issued in it', async () => {
    await parent.setEntitlement('kid', resources, 'brief');
    await ask(issue(key2, 'brief'));
    await parent.setEntitlement('kid', { ipv4: [], ipv6: [] }, 'brief');
    const message = await ask({ type: 'list' });
    expect(message.type === 'list_response' && message.classes.map((entry) => entry.className)).not.toContain('brief');
    expect(await ask({ type: 'revoke', className: 'brief', ski: key2.ski })).toMatchObject({ status: 1302 });
  });

  it('revokes', async () => {
    await ask(issue());
    expect(await ask({ type: 'revoke', className: '0', ski: key.ski })).toMatchObject({ type: 'revoke_response', className: '0', ski: key.ski });
    expect(await ask({ type: 'revoke', className: '0', ski: key.ski })).toMatchObject({ status: 1302 });
  });

  it('tells a child that asks while it is being served to wait, and serves it once', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask({ type: 'list' })));
    const types = answers.map((answer) => (answer.type === 'error_response' ? answer.status : answer.type));
    expect(types).toContain('list_response');
    expect(types.every((type) => type === 'list_response' || type === 1101)).toBe(true);
  });

  it('answers HTTP 400, unsigned, to whom it does not know', async () => {
    const list = write({ type: 'list' });
    const stranger = await createIdentity(new Date());
    const unacceptable: Record<string, Promise<Response>> = {
      'no CMS': post(Buffer.from('hello')),
      'another content type': post(seal(list), known.serviceUri, 'text/xml'),
      'no XML': post(seal(Buffer.from('hello'))),
      'an unknown sender': post(seal(write({ type: 'list' }, { sender: 'nobody' }))),
      'another recipient': post(seal(write({ type: 'list' }, { recipient: 'nobody' }))),
      'the key of another': post(signCms(stranger, list, new Date(), new Date())),
      'a replay': post(seal(list, new Date(Date.now() - 60_000))),
      'too much': post(Buffer.alloc(1024 * 1024 + 1)),
    };
    for (const [what, answer] of Object.entries(unacceptable)) {
      expect([what, (await answer).status]).toEqual([what, what === 'too much' ? 413 : 400]);
    }
    for (const path of ['/nowhere', '//', '/constructor']) expect((await fetch(`${parent.url}${path}`)).status).toBe(404);
  });

  it('shows its state', async () => {
    const status = (await (await fetch(`${parent.url}/`)).json()) as { handle: string; children: { handle: string }[] };
    expect(status).toMatchObject({ handle: 'lab-parent', children: [{ handle: 'kid' }] });
  });

  it('has after a kill all it ever answered', async () => {
    await ask(issue());
    // what is on disk this instant is what a kill would leave, a half-written successor included
    const copy = await mkdtemp(join(tmpdir(), 'casm-rpki-killed-'));
    await cp(folder, copy, { recursive: true });
    await writeFile(join(copy, 'parent.json.new'), '{"version":1,"hand');
    const again = await startRpkiParent({ folder: copy, resources });
    const message = await ask({ type: 'list' }, `${again.url}/up-down`);
    expect(message.type === 'list_response' && message.classes[0]?.certificates).toHaveLength(1);
    const replayed = await post(seal(write({ type: 'list' }), new Date(Date.now() - 60_000)), `${again.url}/up-down`);
    expect(replayed.status).toBe(400);
    await again.stop();
    await rm(copy, { recursive: true });
  });

  it('takes other resources at its next start, with the same key and the same children', async () => {
    await parent.stop();
    parent = await startRpkiParent({ folder, port: parent.port, resources: { ipv4: ['10.0.0.0/8', '192.0.2.0/24'], ipv6: [] } });
    expect(await certified(issue())).toEqual({ asn: '', ipv4: '10.0.0.0/8,192.0.2.0/24', ipv6: '' });
  });

  it('says in one line that its state is broken or its port taken', async () => {
    await expect(startRpkiParent({ folder, port: parent.port, resources })).rejects.toThrow(/cannot listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\)$/);
    const broken = await mkdtemp(join(tmpdir(), 'casm-rpki-broken-'));
    await writeFile(join(broken, 'parent.json'), '{');
    await expect(startRpkiParent({ folder: broken, resources })).rejects.toThrow(/parent\.json is broken; remove it/);
    await rm(broken, { recursive: true });
  });

  it('keeps its keys from others on the machine', async () => {
    const { mode } = await stat(join(folder, 'parent.json'));
    expect(mode & 0o077).toBe(0);
  });
});
