/** The adapter against the lab's parent CA, over HTTP. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Reject, Retry } from '../../../../src/southbound/adapter.js';
import { RpkiAdapter } from '../../../../src/southbound/adapters/rpki/rpki-adapter.js';
import { TestDevice } from './device-handle.js';
import { documentOf, enrol, holdings, startEnrolled, type Enrolled } from './enrolled.js';

const nobody = { ipv4: [], ipv6: [], asn: [] };
const handle = 'edge-rpki';

describe('the RPKI adapter', () => {
  let lab: Enrolled;
  beforeAll(async () => {
    lab = await startEnrolled();
  });
  afterAll(async () => {
    await lab.stop();
  });
  beforeEach(async () => {
    await lab.parent.setEntitlement(handle, holdings);
    await lab.apply();
    lab.device.log.length = 0;
  });
  const outcomes = () => lab.device.log.map(({ action, outcome, resources }) => `${action} ${resources.ipv4} ${resources.ipv6}: ${outcome}`);

  it('enrols once and tells the same ever after', async () => {
    const first = await lab.adapter.enrol(lab.device.handle());
    expect(await lab.adapter.enrol(lab.device.handle())).toBe(first);
    expect(first).toContain(`child_handle="${handle}"`);
    expect(await enrol(lab.parent, first)).toBe(lab.device.credentials['parentResponse']);
  });

  it('is refused a handle that another key holds', async () => {
    const other = await new RpkiAdapter().enrol(new TestDevice().handle());
    await expect(enrol(lab.parent, other)).rejects.toThrow(/belongs to another key/);
  });

  it('grows, shrinks and ends in a revocation, and asks nothing when nothing differs', async () => {
    await lab.apply('10.0.0.0/24', '2001:db8:1::/48');
    await lab.apply('10.0.0.0/24', '2001:db8:1::/48');
    expect(await lab.observed()).toEqual(['10.0.0.0/24', '2001:db8:1::/48']);
    await lab.apply('10.0.0.0/24', '10.0.2.0/24', '2001:db8:1::/48');
    await lab.apply('10.0.2.0/24');
    expect(await lab.observed()).toEqual(['10.0.2.0/24']);
    await lab.apply();
    await lab.apply();
    expect(await lab.observed()).toEqual([]);
    expect(outcomes()).toEqual([
      'issue 10.0.0.0/24 2001:db8:1::/48: issued',
      'issue 10.0.0.0/24,10.0.2.0/24 2001:db8:1::/48: issued',
      'issue 10.0.2.0/24 : issued',
      'revoke 10.0.2.0/24 : revoked',
    ]);
  });

  it('logs the certificate with what an operator looks for', async () => {
    await lab.apply('10.0.0.0/24', '10.0.1.0/24');
    const { certificate } = lab.device.log[0]!;
    expect(certificate).toMatchObject({
      resources: { asn: '', ipv4: '10.0.0.0/23', ipv6: '' },
      subjectKeyIdentifier: lab.device.log[0]!.subjectKeyIdentifier,
      uri: `rsync://localhost/lab-parent/${certificate?.subjectKeyIdentifier.toUpperCase()}.cer`,
    });
    expect(Date.parse(certificate!.notAfter) - Date.now()).toBeGreaterThan(300 * 86_400_000);
  });

  it('certifies a hundred prefixes of both families in one certificate', async () => {
    const prefixes = Array.from({ length: 50 }, (_, i) => [`10.1.${i * 2}.0/24`, `2001:db8:${(i * 2).toString(16)}::/48`]).flat();
    await lab.apply(...prefixes);
    expect((await lab.observed()).toSorted()).toEqual(prefixes.map((prefix) => prefix.replace('2001:db8:0::', '2001:db8::')).toSorted());
    expect(lab.device.log).toHaveLength(1);
  });

  it('certifies what it is entitled to and names the rest', async () => {
    await expect(lab.apply('10.0.0.0/24', '172.16.0.0/12', '2001:db9::/32')).rejects.toThrow(
      new Reject('the parent does not entitle us to 172.16.0.0/12, 2001:db9::/32; everything else of the document is certified'),
    );
    expect(await lab.observed()).toEqual(['10.0.0.0/24']);
  });

  it('gives up what the parent takes back, and takes it again when it returns', async () => {
    await lab.apply('10.0.0.0/24', '192.0.2.0/24');
    await lab.parent.setEntitlement(handle, { ipv4: ['192.0.2.0/24'], ipv6: [] });
    await expect(lab.apply('10.0.0.0/24', '192.0.2.0/24')).rejects.toBeInstanceOf(Reject);
    expect(await lab.observed()).toEqual(['192.0.2.0/24']);
    await lab.parent.setEntitlement(handle, nobody);
    await expect(lab.apply('10.0.0.0/24', '192.0.2.0/24')).rejects.toBeInstanceOf(Reject);
    expect(lab.device.log.at(-1)).toMatchObject({ action: 'revoke', outcome: 'revoked' });
    await lab.parent.setEntitlement(handle, holdings);
    await lab.apply('10.0.0.0/24', '192.0.2.0/24');
    expect(await lab.observed()).toEqual(['10.0.0.0/24', '192.0.2.0/24']);
  });

  it('splits over classes when no class has all, with a key for each', async () => {
    await lab.parent.setEntitlement(handle, { ipv4: ['10.0.0.0/9'], ipv6: [] });
    await lab.parent.setEntitlement(handle, { ipv4: ['10.128.0.0/9'], ipv6: ['2001:db8::/32'] }, 'second class');
    await lab.apply('10.0.0.0/24', '10.200.0.0/16', '2001:db8::/48');
    expect(outcomes()).toEqual(['issue 10.0.0.0/24 : issued', 'issue 10.200.0.0/16 2001:db8::/48: issued']);
    expect(new Set(lab.device.log.map((entry) => entry.subjectKeyIdentifier)).size).toBe(2);
    expect(await lab.observed()).toEqual(['10.0.0.0/24', '10.200.0.0/16', '2001:db8::/48']);
    await lab.apply('10.0.0.0/24');
    expect(lab.device.log.at(-1)).toMatchObject({ action: 'revoke', className: 'second class', outcome: 'revoked' });
    await lab.parent.setEntitlement(handle, nobody, 'second class');
  });

  it('finds a restarted parent as it left it', async () => {
    await lab.apply('10.0.0.0/24');
    const before = lab.device.log.length;
    await lab.restartParent();
    await lab.apply('10.0.0.0/24');
    expect(lab.device.log).toHaveLength(before);
    expect(await lab.observed()).toEqual(['10.0.0.0/24']);
  });

  it('asks for a new certificate when our place of publication moves', async () => {
    await lab.apply('10.0.0.0/24');
    const { siaBase } = lab.device.credentials;
    lab.device.credentials['siaBase'] = 'rsync://rpki.example.net/repo/moved/';
    await lab.apply('10.0.0.0/24');
    expect(lab.device.log).toHaveLength(2);
    lab.device.credentials['siaBase'] = siaBase!;
  });

  it('gives up what the parent itself lost, though its certificate still says otherwise', async () => {
    await lab.apply('10.0.0.0/24', '192.0.2.0/24');
    await lab.restartParent({ resources: { ipv4: ['192.0.2.0/24'], ipv6: [] } });
    await expect(lab.apply('10.0.0.0/24', '192.0.2.0/24')).rejects.toThrow(/does not entitle us to 10.0.0.0\/24;/);
    expect(await lab.observed()).toEqual(['192.0.2.0/24']);
    await lab.restartParent();
  });

  it.each([400, 404, 500, 503])('tries again after HTTP %i', async (status) => {
    lab.parent.failNext(status);
    await expect(lab.apply('10.0.0.0/24')).rejects.toThrow(expect.objectContaining({ name: 'Retry', message: expect.stringContaining(`HTTP ${status}`) }));
    await lab.apply('10.0.0.0/24');
    expect(await lab.observed()).toEqual(['10.0.0.0/24']);
  });

  it('tries again when the parent is away, and finishes when it is back', async () => {
    const { port } = lab.parent;
    await lab.parent.stop();
    await expect(lab.apply('10.0.0.0/24')).rejects.toThrow(expect.objectContaining({ name: 'Retry', message: expect.stringContaining('cannot reach the parent') }));
    await lab.restartParent({ port });
    await lab.apply('10.0.0.0/24');
    expect(await lab.observed()).toEqual(['10.0.0.0/24']);
  });

  it('does nothing when the exchange was ended before it began', async () => {
    await expect(lab.adapter.apply(lab.device.handle(AbortSignal.abort()), documentOf('10.0.0.0/24'))).rejects.toBeInstanceOf(Retry);
    expect(lab.device.log).toEqual([]);
  });

  it('serves one exchange at a time', async () => {
    await Promise.all([lab.apply('10.0.0.0/24'), lab.observed(), lab.apply('10.0.0.0/24'), lab.observed()]);
    expect(outcomes()).toEqual(['issue 10.0.0.0/24 : issued']);
  });

  it.each([
    ['parentResponse', undefined, /send it this device's enrolment/],
    ['parentResponse', '<parent_response/>', /no usable parent_response/],
    ['siaBase', undefined, /rsync URI of the directory/],
    ['siaBase', 'https://rpki.example.net/', /not the rsync URI of a directory/],
    ['siaBase', 'rsync://rpki.example.net/repo/../x', /not the rsync URI of a directory/],
    ['rrdpNotificationUri', 'http://rpki.example.net/n.xml', /not an https URI/],
  ])('says what to do about the credential %s when it is %s', async (name, value, sentence) => {
    const before = lab.device.credentials;
    const { [name]: _, ...others } = before;
    lab.device.credentials = value === undefined ? others : { ...others, [name]: value };
    await expect(lab.apply('10.0.0.0/24')).rejects.toThrow(expect.objectContaining({ name: 'Reject', message: expect.stringMatching(sentence) }));
    lab.device.credentials = before;
  });

  it.each(['', 'null', '{}', '{"version":2}'])('refuses a memory it did not write: %s', async (text) => {
    const stranger = new TestDevice();
    stranger.credentials = lab.device.credentials;
    stranger.text = text;
    await expect(lab.adapter.apply(stranger.handle(), documentOf())).rejects.toThrow(expect.objectContaining({ name: 'Reject', message: expect.stringMatching(/not written by/) }));
  });

  it('says that a device was never enrolled', async () => {
    const stranger = new TestDevice();
    stranger.credentials = lab.device.credentials;
    await expect(lab.adapter.apply(stranger.handle(), documentOf())).rejects.toThrow(/never enrolled/);
  });
});

describe('the RPKI adapter over a year', () => {
  const day = 24 * 60 * 60_000;
  let time = Date.parse('2026-03-01T00:00:00Z');
  let lab: Enrolled;
  beforeAll(async () => {
    lab = await startEnrolled(() => new Date(time));
  });
  afterAll(async () => {
    await lab.stop();
  });

  it('renews when the parent offers a later end, and not before', async () => {
    await lab.apply('10.0.0.0/24');
    for (const days of [1, 100, 200, 30]) {
      time += days * day;
      await lab.apply('10.0.0.0/24');
    }
    expect(lab.device.log).toHaveLength(1);
    time += 10 * day;
    await lab.apply('10.0.0.0/24');
    await lab.apply('10.0.0.0/24');
    expect(lab.device.log).toHaveLength(2);
    const [first, second] = lab.device.log;
    expect(Date.parse(second!.certificate!.notAfter) - Date.parse(first!.certificate!.notAfter)).toBeGreaterThan(300 * day);
    expect(second!.subjectKeyIdentifier).toBe(first!.subjectKeyIdentifier);
  });

  it('goes on when its clock is set back', async () => {
    time -= 4 * 60_000;
    await lab.apply('10.0.0.0/24', '10.0.2.0/24');
    expect(await lab.observed()).toEqual(['10.0.0.0/24', '10.0.2.0/24']);
  });

  it('asks for a new certificate when the old one ended while nobody looked', async () => {
    time += 800 * day;
    await lab.apply('10.0.0.0/24');
    expect(lab.device.log.at(-1)).toMatchObject({ action: 'issue', outcome: 'issued' });
  });
});
