/**
 * BBN's certificates, good and bad as their names say, held against the profile reader and verifier. Covered are the
 * certificates; the signed objects, manifests and CRLs of the corpus wait for the code that reads such objects.
 */
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readResourceCertificate } from '../../src/rpki/resource-certificate/read.js';
import { requireValidUnder } from '../../src/rpki/resource-certificate/verify.js';
import { vector, vectorsAbsent, vectorsIn } from './vectors.js';

const certificates = vectorsAbsent ? [] : vectorsIn('bbn-conformance').filter((path) => /\/(good|bad)[^/]*\.cer$/.test(path));

function judge(path: string): void {
  const certificate = readResourceCertificate(vector(path));
  const issuerPath = path.split('/').length > 3 ? `${path.slice(0, path.lastIndexOf('/'))}.cer` : 'bbn-conformance/root.cer';
  const issuer = certificate.selfIssued ? certificate : readResourceCertificate(vector(issuerPath));
  requireValidUnder(certificate, issuer, new Date());
}

describe.skipIf(vectorsAbsent)('BBN conformance certificates (skipped where the vectors are absent)', () => {
  it('are there', () => expect(certificates.length).toBeGreaterThan(60));

  it.each(certificates.filter((path) => basename(path).startsWith('good')))('accepts %s', (path) => judge(path));

  it.each(certificates.filter((path) => basename(path).startsWith('bad')))('refuses %s', (path) => {
    const why = path.includes('BadSig') ? /^untrusted$/ : path.includes('ValFrom') ? /^expired$/ : /^(profile|malformed)$/;
    expect(() => judge(path)).toThrow(expect.objectContaining({ code: expect.stringMatching(why) }));
  });
});
