/**
 * Exchanges that break: the controller dies at any durable act, an answer is lost, or somebody in between answers with
 * what is forged, replayed or meant for another. Whatever happens, no key is lost and nothing false is believed.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createIdentity } from '../../../../src/rpki/bpki/identity.js';
import { sealUpDown } from '../../../../src/rpki/updown/exchange.js';
import { documentOf, holdings, type Enrolled } from './enrolled.js';
import { contentOf, startIntercepted, type Intercepted } from './intercepted.js';

const reject = (message: RegExp) => expect.objectContaining({ name: 'Reject', message: expect.stringMatching(message) });
const retry = (message: RegExp) => expect.objectContaining({ name: 'Retry', message: expect.stringMatching(message) });
const handle = 'edge-rpki';

describe('a broken exchange', () => {
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
    await lab.parent.setEntitlement(handle, holdings);
    await lab.apply();
    lab.device.log.length = 0;
  });

  const outcomes = () => lab.device.log.map(({ action, outcome }) => `${action} ${outcome}`);

  it('recovers from the death of the controller at every durable act of a growth', async () => {
    let deaths = 0;
    for (let act = 0; ; act += 1) {
      await lab.apply('10.0.0.0/24');
      lab.device.crashAt(act);
      const died = await lab.apply('10.0.0.0/24', '10.0.2.0/24').then(
        () => false,
        () => true,
      );
      expect(lab.device.restart()).toBe(died);
      if (!died) break;
      deaths += 1;
      await lab.apply('10.0.0.0/24', '10.0.2.0/24');
      expect(await lab.observed()).toEqual(['10.0.0.0/24', '10.0.2.0/24']);
      expect(lab.device.log.at(-1)).toMatchObject({ outcome: 'issued', resources: { ipv4: '10.0.0.0/24,10.0.2.0/24' } });
    }
    expect(deaths).toBeGreaterThanOrEqual(7);
  });

  it('recovers from the death of the controller at every durable act of a first request and of a revocation', async () => {
    for (const [before, after] of [
      [[], ['10.0.0.0/24']],
      [['10.0.0.0/24'], []],
    ] as const) {
      for (let act = 0; ; act += 1) {
        await lab.apply(...before);
        lab.device.crashAt(act);
        const died = await lab.apply(...after).then(
          () => false,
          () => true,
        );
        lab.device.restart();
        if (!died) break;
        await lab.apply(...after);
        expect(await lab.observed()).toEqual(after);
      }
    }
  });

  it('finds a certificate whose answer was lost in the list, and asks no second time', async () => {
    line.answering('issue', () => 'lost');
    await expect(lab.apply('10.0.0.0/24')).rejects.toThrow(retry(/cannot reach/));
    expect(outcomes()).toEqual(['issue asked']);
    line.tamper = null;
    await lab.apply('10.0.0.0/24');
    expect(outcomes()).toEqual(['issue issued']);
  });

  it('closes a request that another one overtook', async () => {
    line.answering('issue', () => 'lost');
    await expect(lab.apply('10.0.0.0/24')).rejects.toThrow(retry(/cannot reach/));
    line.tamper = null;
    await lab.apply('10.0.2.0/24');
    expect(outcomes()).toEqual(['issue refused', 'issue issued']);
  });

  it('closes a request that never arrived once it is no longer wanted', async () => {
    await lab.apply('10.0.0.0/24');
    line.answering('list', (answer) => {
      lab.parent.failNext(503);
      return answer;
    });
    await expect(lab.apply()).rejects.toThrow(retry(/HTTP 503/));
    line.tamper = null;
    await lab.apply('10.0.0.0/24');
    expect(outcomes()).toEqual(['issue issued', 'revoke refused']);
  });

  it('takes a revocation whose answer was lost for done', async () => {
    await lab.apply('10.0.0.0/24');
    line.answering('revoke', () => 'lost');
    await expect(lab.apply()).rejects.toThrow(retry(/cannot reach/));
    line.tamper = null;
    await lab.apply();
    expect(outcomes()).toEqual(['issue issued', 'revoke revoked']);
    expect(await lab.observed()).toEqual([]);
  });

  it('refuses an answer signed by another', async () => {
    const other = await createIdentity(new Date());
    line.answering('list', (answer) => sealUpDown(contentOf(answer), other, new Date(), new Date()));
    await expect(lab.apply('10.0.0.0/24')).rejects.toThrow(reject(/not to be believed.*chain/));
  });

  it('refuses an answer with one octet changed', async () => {
    line.answering('list', (answer) => {
      answer[answer.indexOf('10.0.0.0/8')]! ^= 1;
      return answer;
    });
    await expect(lab.apply('10.0.0.0/24')).rejects.toThrow(reject(/not what was signed/));
  });

  it('refuses an old answer played again', async () => {
    let old: Buffer | undefined;
    line.answering('list', (answer) => (old ??= answer));
    await lab.apply('10.0.0.0/24');
    await new Promise((resolve) => setTimeout(resolve, 1100)); // signing times are whole seconds
    line.tamper = null;
    await lab.apply('10.0.0.0/24');
    line.answering('list', () => old!);
    await expect(lab.apply('10.0.0.0/24')).rejects.toThrow(reject(/before one already accepted/));
  });

  it('refuses an answer to another question', async () => {
    let listed: Buffer | undefined;
    line.tamper = (answer, request) => {
      if (request.type === 'list') listed = answer;
      return request.type === 'issue' ? listed! : answer;
    };
    await expect(lab.apply('10.0.0.0/24')).rejects.toThrow(reject(/answered issue with list_response/));
    expect(outcomes()).toEqual(['issue refused']);
  });

  it('refuses what is no CMS at all', async () => {
    line.answering('list', () => Buffer.from('<html>it works!</html>'));
    await expect(lab.apply('10.0.0.0/24')).rejects.toThrow(reject(/not to be believed/));
  });

  it('is read to a mebibyte and no further', async () => {
    line.answering('list', () => Buffer.alloc(1024 * 1024 + 1));
    await expect(lab.apply('10.0.0.0/24')).rejects.toThrow(retry(/exceeds a mebibyte/));
  });

  it('ends at once when the exchange is ended while the parent is silent', async () => {
    line.answering('issue', () => new Promise<Buffer>(() => {}));
    const ending = new AbortController();
    const applied = lab.adapter.apply(lab.device.handle(ending.signal), documentOf('10.0.0.0/24'));
    setTimeout(() => ending.abort(), 500);
    const began = performance.now();
    await expect(applied).rejects.toThrow(retry(/was ended/));
    expect(performance.now() - began).toBeLessThan(5000);
    line.tamper = null;
    await lab.apply('10.0.0.0/24');
    expect(outcomes()).toEqual(['issue issued']);
  });

  it('asks again when the entitlement changed between the list and the request', async () => {
    line.tamper = async (answer, request) => {
      if (request.type === 'list') await lab.parent.setEntitlement(handle, { ipv4: ['10.0.0.0/24'], ipv6: [] });
      return answer;
    };
    await expect(lab.apply('10.0.0.0/24', '10.0.2.0/24')).rejects.toThrow(retry(/other resources than were asked/));
    await expect(lab.apply('10.0.0.0/24', '10.0.2.0/24')).rejects.toThrow(reject(/does not entitle us to 10.0.2.0\/24;/));
    expect(await lab.observed()).toEqual(['10.0.0.0/24']);
  });

  it('forgets a class the parent says is void, and starts it anew', async () => {
    await lab.apply('10.0.0.0/24');
    const { subjectKeyIdentifier } = lab.device.log[0]!;
    line.tamper = async (answer, request) => {
      if (request.type === 'list') await lab.parent.setEntitlement(handle, { ipv4: [], ipv6: [] });
      return answer;
    };
    await expect(lab.apply('10.0.2.0/24')).rejects.toThrow(retry(/refused with 1202/));
    expect(lab.device.log.at(-1)).toMatchObject({ outcome: 'refused', error: { status: 1202 } });
    line.tamper = null;
    await lab.parent.setEntitlement(handle, holdings);
    await lab.adapter.apply(lab.device.handle(), documentOf('10.0.2.0/24'));
    expect(lab.device.log.at(-1)).toMatchObject({ outcome: 'issued' });
    expect(lab.device.log.at(-1)?.subjectKeyIdentifier).not.toBe(subjectKeyIdentifier);
  });
});
