/** What other implementations and the registries send: Krill's list, setup messages, requests, anchors. */
import { describe, expect, it } from 'vitest';
import { isSelfIssued, readAnchor } from '../../src/rpki/bpki/anchor.js';
import { readRequest, requireCaRequest } from '../../src/rpki/pkcs10/read.js';
import { readChildRequest } from '../../src/rpki/setup/child-request.js';
import { readParentResponse } from '../../src/rpki/setup/parent-response.js';
import { readPublisherRequest, readRepositoryResponse } from '../../src/rpki/setup/publication.js';
import { openUpDown } from '../../src/rpki/updown/exchange.js';
import { vector, vectorsAbsent } from './vectors.js';

describe.skipIf(vectorsAbsent)('messages of deployed peers (skipped where the vectors are absent)', () => {
  const krill = (anchor: string, at: string) =>
    openUpDown(
      vector('ripe-interop/up-down/krill-ca1-list-pdu.der'),
      () => ({ anchor: readAnchor(vector('ripe-interop/up-down', anchor)), lastSigningTime: undefined }),
      new Date(at),
    );

  it('believes the list of Krill', () => {
    expect(krill('krill-ca1-id-cert.der', '2022-01-11T12:45:00Z').message().type).toBe('list');
  });

  it('refuses it under the anchor of another, and once its CRL is over', () => {
    expect(() => krill('krill-ca2-id-cert.der', '2022-01-11T12:45:00Z')).toThrow(expect.objectContaining({ code: 'untrusted' }));
    expect(() => krill('krill-ca1-id-cert.der', '2022-01-11T13:00:00Z')).toThrow(expect.objectContaining({ code: 'expired' }));
  });

  it.each([
    ['rpki-rs/rfc8183/afrinic-parent-response.xml', 'F3615BDCAF', 'AFRINIC', false],
    ['rpki-rs/rfc8183/apnic-parent-response.xml', 'A91872ED0000', 'APNIC-AP', false],
    ['rpki-rs/rfc8183/krill-0-9-parent-response.xml', 'test', 'test_parent', true],
    ['rpki-rs/rfc8183/rpkid-parent-response-offer.xml', 'Bob', 'Alice', true],
    ['rpki-rs/rfc8183/rpkid-parent-response-referral.xml', '60e445f5-97d1-4fcb-bc95-b8e6ef79319e', 'ripe-ncc-rpkid-test', true],
    ['isc-updown/rpkid-parent-response.xml', '60e445f5-97d1-4fcb-bc95-b8e6ef79319e', 'ripe-ncc-rpkid-test', true],
  ])('reads the parent response %s', (path, childHandle, parentHandle, selfIssued) => {
    const response = readParentResponse(vector(path));
    expect(response).toMatchObject({ childHandle, parentHandle });
    expect(isSelfIssued(response.anchor)).toBe(selfIssued);
  });

  it('reads child and publisher requests', () => {
    expect(readChildRequest(vector('rpki-rs/rfc8183/rpkid-child-id.xml')).childHandle).toBe('Carol');
    expect(readPublisherRequest(vector('rpki-rs/rfc8183/rpkid-publisher-request.xml'))).toMatchObject({ publisherHandle: 'Bob', tag: 'A0001' });
  });

  it('reads repository responses, and gives a base without its last slash that slash', () => {
    expect(readRepositoryResponse(vector('rpki-rs/rfc8183/apnic-repository-response.xml')).siaBase).toBe('rsync://rpki.sub.apnic.net/repository/A91872ED0000/');
    expect(readRepositoryResponse(vector('rpki-rs/rfc8183/krill-0-9-repository-response.xml'))).toMatchObject({
      siaBase: 'rsync://rpki-repo.registro.br/repo/test/',
      rrdpNotificationUri: 'https://rpki-repo.registro.br/rrdp/notification.xml',
    });
  });

  it('takes the CA request and refuses the one of a router', () => {
    expect(requireCaRequest(readRequest(vector('rpki-rs/csr/drl-csr.der'))).caRepository).toBe('rsync://localhost:4404/rpki/Alice/Bob/Carol/3/');
    expect(() => requireCaRequest(readRequest(vector('rpki-rs/csr/router-csr.der')))).toThrow(expect.objectContaining({ name: 'RpkiError' }));
  });

  it('refuses the CA request when its signature is touched', () => {
    const der = vector('rpki-rs/csr/drl-csr.der');
    der[der.length - 1]! ^= 1;
    expect(() => readRequest(der)).toThrow(expect.objectContaining({ code: 'untrusted' }));
  });

  it('reads the anchors, two of which are self-signed', () => {
    const anchors = ['cms_ta.cer', 'id_afrinic.cer', 'id_ta.cer'].map((name) => readAnchor(vector('rpki-rs/bpki', name)));
    expect(anchors.filter(isSelfIssued)).toHaveLength(2);
  });

  it('refuses a self-signed anchor whose signature is touched', () => {
    const der = vector('rpki-rs/bpki/id_ta.cer');
    der[der.length - 1]! ^= 1;
    expect(() => readAnchor(der)).toThrow(expect.objectContaining({ code: 'untrusted' }));
  });
});
