/** Octets from anybody: whatever arrives, the readers answer with a value or an RpkiError, and never with anything else. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readAnchor } from '../../src/rpki/bpki/anchor.js';
import { createIdentity } from '../../src/rpki/bpki/identity.js';
import { readCms } from '../../src/rpki/cms/read.js';
import { signCms } from '../../src/rpki/cms/sign.js';
import { verifyCms } from '../../src/rpki/cms/verify.js';
import { generateKey } from '../../src/rpki/keys.js';
import { buildCaRequest } from '../../src/rpki/pkcs10/build.js';
import { readRequest, requireCaRequest } from '../../src/rpki/pkcs10/read.js';
import { buildTrustAnchor } from '../../src/rpki/resource-certificate/build.js';
import { readResourceCertificate } from '../../src/rpki/resource-certificate/read.js';
import { parseResources } from '../../src/rpki/resources/text.js';
import { RpkiError } from '../../src/rpki/rpki-error.js';
import { writeUpDown } from '../../src/rpki/updown/write.js';
import { readUpDown, readUpDownEnvelope } from '../../src/rpki/updown/read.js';

describe('hostile octets', () => {
  const now = new Date();
  const samples: { what: string; octets: Buffer; read: (octets: Buffer) => unknown }[] = [];
  beforeAll(async () => {
    const [identity, key] = await Promise.all([createIdentity(now), generateKey()]);
    const anchor = readAnchor(identity.anchor);
    const sia = { caRepository: 'rsync://example.net/a/', rpkiManifest: 'rsync://example.net/a/x.mft' };
    const resources = parseResources({ asn: '1-9', ipv4: '10.0.0.0/8,11.0.0.1-11.0.0.9', ipv6: '2001:db8::/32' });
    const certificate = buildTrustAnchor(key, { notBefore: now, notAfter: new Date(now.getTime() + 1e9), resources, sia });
    const xml = writeUpDown({
      sender: 'a',
      recipient: 'b',
      type: 'list_response',
      classes: [{ className: '0', issuerUrls: ['rsync://example.net/a.cer'], entitlement: resources, notAfter: now, certificates: [], issuer: certificate }],
    });
    samples.push(
      { what: 'CMS', octets: signCms(identity, xml, now, now), read: (octets) => verifyCms(readCms(octets), anchor, now) },
      { what: 'a certificate', octets: certificate, read: readResourceCertificate },
      { what: 'a request', octets: buildCaRequest(key, sia), read: (octets) => requireCaRequest(readRequest(octets)) },
      { what: 'XML', octets: xml, read: (octets) => readUpDown(readUpDownEnvelope(octets)) },
    );
  });

  it.each([0, 1, 2, 3])('sample %i', (index) => {
    const { what, octets, read } = samples[index]!;
    read(octets);
    const changes = fc.array(fc.tuple(fc.nat(octets.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(changes, fc.option(fc.nat(octets.length), { nil: undefined, freq: 4 }), (edits, cut) => {
        const hostile = Buffer.from(octets.subarray(0, cut));
        for (const [at, value] of edits) if (at < hostile.length) hostile[at] = value;
        try {
          read(hostile);
        } catch (error) {
          expect(error, what).toBeInstanceOf(RpkiError);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
