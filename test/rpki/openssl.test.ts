/** What we emit, judged by the openssl command. Skipped where it is not installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIdentity, type BpkiIdentity } from '../../src/rpki/bpki/identity.js';
import { signCms } from '../../src/rpki/cms/sign.js';
import { generateKey, type KeyPair } from '../../src/rpki/keys.js';
import { buildCaRequest } from '../../src/rpki/pkcs10/build.js';
import { buildCaCertificate, buildTrustAnchor } from '../../src/rpki/resource-certificate/build.js';
import { parseResources } from '../../src/rpki/resources/text.js';

const absent = spawnSync('openssl', ['version']).status !== 0;

describe.skipIf(absent)('openssl (skipped where the command is absent)', () => {
  const now = new Date();
  const sia = { caRepository: 'rsync://example.net/repo/a/', rpkiManifest: 'rsync://example.net/repo/a/x.mft', rpkiNotify: 'https://example.net/n.xml' };
  const resources = parseResources({ asn: '64500-64510,64512', ipv4: '10.0.0.0/8,192.0.2.0-192.0.2.9', ipv6: '2001:db8::/32' });
  let folder: string;
  let identity: BpkiIdentity;
  let key: KeyPair;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'casm-openssl-'));
    [identity, key] = await Promise.all([createIdentity(now), generateKey()]);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });
  async function file(name: string, content: Buffer): Promise<string> {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  }
  /** @returns what it printed, both ways; throws when it fails */
  function openssl(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
    return stdout + stderr;
  }

  it('verifies our CMS messages under our anchor, CRL included', async () => {
    const content = Buffer.from('<message xmlns="http://www.apnic.net/specs/rescerts/up-down/"/>');
    const message = await file('message.der', signCms(identity, content, now, now));
    execFileSync('openssl', ['x509', '-inform', 'DER', '-in', await file('anchor.der', identity.anchor), '-out', join(folder, 'anchor.pem')]);
    // -crl_check takes the CRL out of the message: there is no other
    const trust = ['-CAfile', join(folder, 'anchor.pem'), '-crl_check', '-purpose', 'any'];
    const printed = openssl('cms', '-verify', '-inform', 'DER', '-in', message, ...trust);
    expect(printed).toContain(content.toString());
    expect(printed).toMatch(/CMS Verification successful/i);
    const structure = openssl('cms', '-cmsout', '-print', '-inform', 'DER', '-in', message);
    expect(structure).toMatch(/eContentType: id-ct-xml/);
    expect(structure).toMatch(/d\.subjectKeyIdentifier/);
  });

  it('verifies our certification requests', async () => {
    const request = await file('request.der', buildCaRequest(key, sia));
    const printed = openssl('req', '-inform', 'DER', '-in', request, '-verify', '-noout', '-text');
    expect(printed).toMatch(/verify OK/);
    expect(printed).toMatch(/CA Repository - URI:rsync:\/\/example\.net\/repo\/a\//);
  });

  it('reads the resources out of our certificates, and verifies them under our trust anchor', async () => {
    const times = { notBefore: new Date(now.getTime() - 60_000), notAfter: new Date(now.getTime() + 86_400_000) };
    const uris = { crlUri: 'rsync://example.net/ta/ta.crl', issuerUri: 'rsync://example.net/ta.cer' };
    const anchor = await file('ta.der', buildTrustAnchor(identity.anchorKey, { ...times, resources, sia }));
    const certificate = await file('ca.der', buildCaCertificate(identity.anchorKey, { ...times, ...uris, resources, sia, spki: key.spki }));
    const text = openssl('x509', '-inform', 'DER', '-in', certificate, '-noout', '-text').replaceAll(/\s+/g, ' ');
    expect(text).toContain('sbgp-ipAddrBlock: critical IPv4: 10.0.0.0/8 192.0.2.0-192.0.2.9 IPv6: 2001:db8::/32');
    expect(text).toContain('Autonomous System Numbers: 64500-64510 64512');
    expect(text).toContain('Policy: ipAddr-asNumber');
    expect(text).toContain('CA:TRUE');
    execFileSync('openssl', ['x509', '-inform', 'DER', '-in', anchor, '-out', join(folder, 'ta.pem')]);
    execFileSync('openssl', ['x509', '-inform', 'DER', '-in', certificate, '-out', join(folder, 'ca.pem')]);
    expect(openssl('verify', '-x509_strict', '-CAfile', join(folder, 'ta.pem'), join(folder, 'ca.pem'))).toContain('OK');
  });
});
