/** Answers the parent really signed, and what they lead to: every error_response, and certificates that are not as asked. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateKey } from '../../../../src/rpki/keys.js';
import { buildCaCertificate, buildTrustAnchor } from '../../../../src/rpki/resource-certificate/build.js';
import { readResourceCertificate } from '../../../../src/rpki/resource-certificate/read.js';
import { resourcesOfPrefixes } from '../../../../src/rpki/resources/resource-set.js';
import { parsePrefix } from '../../../../src/model/prefix.js';
import type { ResourceClass } from '../../../../src/rpki/updown/message.js';
import { holdings, type Enrolled } from './enrolled.js';
import { contentOf, startIntercepted, type Intercepted } from './intercepted.js';

describe('an answer the parent signed', () => {
  let line: Intercepted;
  let lab: Enrolled;
  beforeAll(async () => {
    line = await startIntercepted();
    lab = line.lab;
  });
  afterAll(async () => {
    await line.stop();
  });
  beforeEach(async () => {
    line.tamper = null;
    await lab.parent.setEntitlement('edge-rpki', holdings);
    await lab.apply();
    lab.device.log.length = 0;
  });
  const last = () => lab.device.log.at(-1);

  it.each([
    [1101, 'already processing', { name: 'Retry', afterSeconds: 10 }],
    [1104, 'come tomorrow', { name: 'Retry', afterSeconds: 86_400 }],
    [1201, 'no such class', { name: 'Retry' }],
    [1202, 'no resources', { name: 'Retry' }],
    [1203, 'bad request', { name: 'Retry' }],
    [1204, 'key in use', { name: 'Retry' }],
    [2001, 'on fire', { name: 'Retry' }],
  ])('%i to a request is tried again, its words passed on and logged', async (status, description, error) => {
    line.answering('issue', () => line.asParent({ type: 'error_response', status, description }));
    const refused = { ...error, message: `the parent refused with ${status}: ${description}` };
    await expect(lab.apply('10.0.0.0/24')).rejects.toThrow(expect.objectContaining(refused));
    expect(last()).toMatchObject({ action: 'issue', outcome: 'refused', error: { status, description } });
    const keyBefore = last()!.subjectKeyIdentifier;
    line.tamper = null;
    await lab.apply('10.0.0.0/24');
    expect(last()).toMatchObject({ outcome: 'issued' });
    expect(last()!.subjectKeyIdentifier === keyBefore).toBe(![1201, 1202, 1204].includes(status));
  });

  it.each([1201, 1202, 1301, 1302])('%i to a revocation means that it is revoked already', async (status) => {
    await lab.apply('10.0.0.0/24');
    line.answering('revoke', () => line.asParent({ type: 'error_response', status, description: '' }));
    await lab.apply();
    expect(last()).toMatchObject({ action: 'revoke', outcome: 'revoked' });
  });

  it('2001 to a revocation is tried again', async () => {
    await lab.apply('10.0.0.0/24');
    line.answering('revoke', () => line.asParent({ type: 'error_response', status: 2001, description: 'on fire' }));
    await expect(lab.apply()).rejects.toThrow(expect.objectContaining({ name: 'Retry' }));
    expect(last()).toMatchObject({ action: 'revoke', outcome: 'refused' });
    line.tamper = null;
    await lab.apply();
    expect(last()).toMatchObject({ action: 'revoke', outcome: 'revoked' });
  });

  /** The parent's answer with another certificate in it, and another issuer. */
  async function answerWith(change: (asked: ResourceClass) => Promise<{ certificate: Buffer; issuer?: Buffer }>): Promise<void> {
    line.answering('issue', async (answer) => {
      const message = contentOf(answer);
      if (message.type !== 'issue_response') throw new Error(`a ${message.type} from the lab's parent`);
      const { certificate, issuer = message.issued.issuer } = await change(message.issued);
      const [listed] = message.issued.certificates;
      return line.asParent({ type: 'issue_response', issued: { ...message.issued, issuer, certificates: [{ ...listed!, certificate }] } });
    });
  }
  const ofAnotherCa = async (issued: ResourceClass, subject?: Buffer, caRepository?: string) => {
    const ca = await generateKey();
    const asked = readResourceCertificate(issued.certificates[0]!.certificate);
    const resources = resourcesOfPrefixes([parsePrefix('10.0.0.0/24')]);
    const times = { notBefore: asked.notBefore, notAfter: asked.notAfter };
    const sia = caRepository === undefined ? asked.sia : { caRepository, rpkiManifest: `${caRepository}x.mft` };
    const uris = { crlUri: 'rsync://localhost/x/x.crl', issuerUri: 'rsync://localhost/x/x.cer' };
    return {
      certificate: buildCaCertificate(ca, { ...times, ...uris, resources, sia, spki: subject ?? asked.spki }),
      issuer: buildTrustAnchor(ca, { ...times, resources, sia: asked.sia }),
    };
  };

  it('is taken when its issuer and everything else is in order', async () => {
    await answerWith((issued) => ofAnotherCa(issued));
    await lab.apply('10.0.0.0/24');
    expect(last()).toMatchObject({ outcome: 'issued' });
  });

  it.each([
    ['a certificate another CA issued', /names another issuer/, async (issued: ResourceClass) => ({ certificate: (await ofAnotherCa(issued)).certificate })],
    ['a certificate for another key', /for another key/, async (issued: ResourceClass) => ofAnotherCa(issued, (await generateKey()).spki)],
    ['another place of publication', /another place of publication/, async (issued: ResourceClass) => ofAnotherCa(issued, undefined, 'rsync://localhost/other/')],
    ['a certificate that is none', /not to be accepted/, async () => ({ certificate: Buffer.from('3000', 'hex') })],
  ])('is rejected with %s', async (_, sentence, change) => {
    await answerWith(change);
    await expect(lab.apply('10.0.0.0/24')).rejects.toThrow(expect.objectContaining({ name: 'Reject', message: expect.stringMatching(sentence) }));
    expect(last()).toMatchObject({ outcome: 'refused', error: { status: null } });
    line.tamper = null;
    await lab.apply('10.0.0.0/24');
    expect(last()).toMatchObject({ outcome: 'issued' });
  });
});
