import { describe, expect, it } from 'vitest';
import { Retry } from '../../src/southbound/adapter.js';
import { controlChannelFacts } from '../lab/dhcp-emulator/control-channel-facts.js';
import { networkAdapterContract } from '../southbound/adapter-contract.js';
import { keaBehaviour } from '../southbound/adapters/kea/kea-behaviour.js';
import { keaTarget } from '../southbound/adapters/kea/kea-target.js';
import { documentOf, v4Range, v6DelegatedRange } from '../southbound/contract-documents.js';
import { startRealKea } from './real-kea.js';

networkAdapterContract('kea with a real Kea', async () => keaTarget(await startRealKea()));
keaBehaviour('a real Kea', () => startRealKea());
controlChannelFacts('a real Kea', () => startRealKea());

describe('kea adapter: a real Kea whose DHCPv6 server does not run', () => {
  it('waits for it only when it has something to tell it', async () => {
    const target = await keaTarget(await startRealKea({ withoutDhcp6: true }));
    const v4 = v4Range('10.77.0.0/24');
    await target.adapter.apply(target.handle(), documentOf('1', [v4]));
    expect((await target.adapter.observe(target.handle())).ranges).toHaveLength(1);
    const error = await target.adapter.apply(target.handle(), documentOf('2', [v6DelegatedRange('2001:db8:70::/44', 56)])).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Retry);
    expect(String(error)).toContain('the dhcp6 service does not answer');
    expect(await target.console.subnets()).toEqual([]);
    await target.stop();
  });
});

describe('kea adapter: a real Kea with a whole country on it', () => {
  it('puts two thousand ranges at once, and takes them away again', async () => {
    const target = await keaTarget(await startRealKea());
    const ranges = Array.from({ length: 2000 }, (_, n) => v4Range(`10.${64 + (n >> 8)}.${n & 255}.0/24`));
    await target.adapter.apply(target.handle(), documentOf('1', ranges));
    expect((await target.adapter.observe(target.handle())).ranges).toHaveLength(2000);
    await target.adapter.apply(target.handle(), documentOf('2', ranges.slice(1000)));
    expect(await target.console.subnets()).toHaveLength(1000);
    await target.stop();
  });
});
