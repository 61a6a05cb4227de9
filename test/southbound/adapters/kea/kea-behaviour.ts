/** What the Kea adapter promises beyond the contract; run against the emulator and, in interop, against a real Kea. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DocumentRange } from '../../../../src/model/document.js';
import { type DeviceHandle, Reject, Retry } from '../../../../src/southbound/adapter.js';
import { KeaAdapter } from '../../../../src/southbound/adapters/kea/kea-adapter.js';
import { deviceHandle, memoryInTest } from '../../contract-device.js';
import { deviceId, documentOf, v4Range, v6AddressRange, v6DelegatedRange } from '../../contract-documents.js';
import type { KeaMap, KeaServer } from './kea-console.js';
import { type KeaTarget, keaTarget } from './kea-target.js';

const north = v4Range('10.77.0.0/24');
const south = v4Range('10.77.1.0/24');
const foreign: KeaMap = {
  id: 40,
  subnet: '10.50.0.0/24',
  'valid-lifetime': 900,
  pools: [{ pool: '10.50.0.10-10.50.0.20' }],
  'option-data': [{ name: 'routers', data: '10.50.0.1' }],
  'user-context': { site: 'lab', casm: { note: 'not a tag of ours' }, exact: 1.5 },
};

export function keaBehaviour(name: string, start: () => Promise<KeaServer>): void {
  describe(`kea adapter: ${name}`, () => {
    let target: KeaTarget;
    let revision = 0;
    const apply = (ranges: readonly DocumentRange[], device: DeviceHandle = target.handle()): Promise<void> =>
      target.adapter.apply(device, documentOf(String((revision += 1)), ranges));
    const idOf = async (prefix: string): Promise<unknown> => (await target.console.subnets()).find((subnet) => subnet['subnet'] === prefix)?.['id'];

    beforeEach(async () => {
      target = await keaTarget(await start());
    });
    afterEach(async () => {
      await target.stop();
    });

    it('writes a range as one subnet, tagged, with its pool, router and lifetimes', async () => {
      await apply([north]);
      expect(await target.console.subnets()).toMatchObject([
        {
          id: 1,
          subnet: '10.77.0.0/24',
          pools: [{ pool: '10.77.0.2-10.77.0.254' }],
          'option-data': [{ name: 'routers', code: 3, data: '10.77.0.1' }],
          'valid-lifetime': 7200,
          'renew-timer': 1800,
          'rebind-timer': 3150,
          'user-context': { casm: { device: deviceId, range: north.id } },
        },
      ]);
    });

    it('leaves the gateway out of the pool wherever it lies', async () => {
      await apply([{ ...north, gateway: '10.77.0.100' }]);
      expect((await target.console.subnets())[0]?.['pools']).toMatchObject([{ pool: '10.77.0.2-10.77.0.99' }, { pool: '10.77.0.101-10.77.0.254' }]);
    });

    it('writes v6 ranges, delegated and not', async () => {
      await apply([v6DelegatedRange('2001:db8:70::/44', 56), v6AddressRange('2001:db8:a::/64')]);
      expect(await target.console.subnets('dhcp6')).toMatchObject([
        { subnet: '2001:db8:70::/44', 'pd-pools': [{ prefix: '2001:db8:70::', 'prefix-len': 44, 'delegated-len': 56 }], pools: [], 'preferred-lifetime': 3600 },
        { subnet: '2001:db8:a::/64', 'pd-pools': [], pools: [{ pool: '2001:db8:a::1-2001:db8:a:0:ffff:ffff:ffff:ffff' }] },
      ]);
      const { ranges } = await target.adapter.observe(target.handle());
      expect(ranges.map((range) => range.total)).toEqual(['4096', '18446744073709551615']);
    });

    it('leaves what is not ours exactly as it was', async () => {
      const network = { name: 'campus', subnet4: [{ ...foreign, id: 41, subnet: '10.51.0.0/24', pools: [] }] };
      await target.console.change((configuration) => ({ ...configuration, subnet4: [foreign], 'shared-networks': [network], 'next-server': '10.0.0.9' }));
      const before = await target.console.configuration();
      await apply([north, south]);
      await apply([{ ...north, state: 'draining' }]);
      await apply([]);
      expect(await target.console.configuration()).toEqual(before);
    });

    it('keeps what others add to a subnet of ours, and repairs what they change of ours', async () => {
      await apply([north]);
      await target.console.change((configuration) => {
        const [subnet] = configuration['subnet4'] as KeaMap[];
        const options = [...((subnet?.['option-data'] ?? []) as KeaMap[]), { name: 'domain-name-servers', data: '10.0.0.53' }];
        return { ...configuration, subnet4: [{ ...subnet, 'option-data': options, pools: [{ pool: '10.77.0.200-10.77.0.201' }] }] };
      });
      await apply([north]);
      const [subnet] = await target.console.subnets();
      expect(subnet?.['pools']).toMatchObject([{ pool: '10.77.0.2-10.77.0.254' }]);
      expect(((subnet?.['option-data'] ?? []) as KeaMap[]).map((option) => option['name']).toSorted()).toEqual(['domain-name-servers', 'routers']);
    });

    it('refuses to overlap with a subnet of others, and names it', async () => {
      await target.console.change((configuration) => ({ ...configuration, subnet4: [foreign] }));
      const error = await apply([v4Range('10.50.0.128/25')]).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Reject);
      expect(String(error)).toContain('10.50.0.0/24 (id 40) of another party');
      expect(await target.console.subnets()).toHaveLength(1);
    });

    it('never uses a subnet id twice, nor one at or below what was seen', async () => {
      await apply([north, south]);
      expect([await idOf(north.prefix), await idOf(south.prefix)]).toEqual([1, 2]);
      await apply([north]);
      await apply([north, v4Range('10.77.2.0/24')]);
      expect(await idOf('10.77.2.0/24')).toBe(3);
      await target.console.change((configuration) => ({ ...configuration, subnet4: [...(configuration['subnet4'] as KeaMap[]), foreign] }));
      await apply([north, v4Range('10.77.3.0/24')]);
      expect(await idOf('10.77.3.0/24')).toBe(41);
    });

    it('gives a subnet that was lost on the server its own id back', async () => {
      await apply([north, south]);
      await target.console.change((configuration) => ({ ...configuration, subnet4: [] }));
      await apply([south]);
      expect(await idOf(south.prefix)).toBe(2);
    });

    it('takes over its own subnets when its memory is lost', async () => {
      await apply([north, south]);
      const before = target.changes?.();
      await apply([north, south], { ...target.handle(), memory: memoryInTest() });
      expect(target.changes?.()).toBe(before);
    });

    it('survives a restart of the server', async () => {
      await apply([north, v6DelegatedRange('2001:db8:70::/44', 56)]);
      await target.server.restart();
      expect(await target.held()).toHaveLength(2);
    });

    it('waits for the leases of a withdrawn range, hands out no more of it, and removes it after the last', async () => {
      await apply([north, south]);
      await target.console.lease('10.77.0.9', 1);
      await target.console.lease('10.77.0.200', 2);
      await target.console.lease('10.77.1.9', 3);
      const added = v4Range('10.77.5.0/24');
      const error = await apply([south, added]).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Retry);
      expect(String(error)).toContain('10.77.0.0/24 still has 2 leases');
      expect(await target.held()).toEqual([
        { prefix: '10.77.0.0/24', state: 'draining' },
        { prefix: '10.77.1.0/24', state: 'active' },
        { prefix: '10.77.5.0/24', state: 'active' },
      ]);
      for (const address of ['10.77.0.9', '10.77.0.200']) await target.console.must('dhcp4', 'lease4-del', { 'ip-address': address });
      await apply([south, added]);
      expect(await idOf(north.prefix)).toBeUndefined();
      expect((await target.console.ask('dhcp4', 'lease4-get', { 'ip-address': '10.77.1.9' })).result).toBe(0);
    });

    it('deletes the leases of a withdrawn range where the operator chose that', async () => {
      await apply([north]);
      await target.console.lease('10.77.0.9', 1);
      await apply([], target.with({ onRemoval: 'release' }));
      expect(await target.held()).toEqual([]);
      expect((await target.console.ask('dhcp4', 'lease4-get', { 'ip-address': '10.77.0.9' })).result).toBe(3);
    });

    it('does not wait for leases that have ended, and does not leave them behind', async () => {
      await apply([north]);
      await target.console.lease('10.77.0.9', 1);
      const tomorrow = new KeaAdapter(() => new Date(Date.now() + 86_400_000));
      await tomorrow.apply(target.handle(), documentOf('9', []));
      expect(await target.held()).toEqual([]);
      expect((await target.console.ask('dhcp4', 'lease4-get', { 'ip-address': '10.77.0.9' })).result).toBe(3);
    });

    it('waits for delegated prefixes too', async () => {
      const homes = v6DelegatedRange('2001:db8:70::/44', 56);
      await apply([homes]);
      const lease = { 'ip-address': '2001:db8:70:100::', type: 'IA_PD', 'prefix-len': 56, duid: '00:03:00:01:1a:1b:1c:1d:1e:01', iaid: 1, 'subnet-id': 1 };
      await target.console.must('dhcp6', 'lease6-add', lease);
      await expect(apply([])).rejects.toThrow('2001:db8:70::/44 still has 1 lease,');
      expect((await target.adapter.observe(target.handle())).ranges).toMatchObject([{ state: 'draining', assigned: '1' }]);
      await apply([], target.with({ onRemoval: 'release' }));
      expect(await target.held()).toEqual([]);
    });

    it('drains by taking the pool away, or by guarding it where the operator chose that', async () => {
      await apply([{ ...north, state: 'draining' }]);
      expect((await target.console.subnets())[0]?.['pools']).toEqual([]);
      await apply([{ ...north, state: 'draining' }], target.with({ drain: 'active' }));
      expect((await target.console.subnets())[0]?.['pools']).toMatchObject([{ pool: '10.77.0.2-10.77.0.254', 'client-class': 'casm-draining' }]);
      expect((await target.adapter.observe(target.handle())).ranges).toMatchObject([{ state: 'draining', total: '253' }]);
      await expect(apply([north], target.with({ drain: 'gently' }))).rejects.toThrow('drain must be passive or active');
    });

    it('observes how many leases each range has', async () => {
      await apply([north, south]);
      for (const last of [5, 6, 7]) await target.console.lease(`10.77.0.${last}`, last);
      expect((await target.adapter.observe(target.handle())).ranges).toEqual([
        { prefix: '10.77.0.0/24', state: 'active', assigned: '3', total: '253' },
        { prefix: '10.77.1.0/24', state: 'active', assigned: '0', total: '253' },
      ]);
    });

    it('loses no change that somebody else makes at the same time', async () => {
      let meddled = 0;
      target.line.before = async ({ body }) => {
        if (!body.includes('"config-test"') || (meddled += 1) > 1) return;
        await target.console.change((configuration) => ({ ...configuration, subnet4: [foreign] }));
      };
      await apply([north]);
      expect((await target.console.subnets()).map((subnet) => subnet['subnet']).toSorted()).toEqual(['10.50.0.0/24', '10.77.0.0/24']);
      expect(await idOf(north.prefix)).toBe(41);
    });

    it('gives up for now when somebody else does not stop changing things', async () => {
      let meddled = 0;
      target.line.before = async ({ body }) => {
        if (!body.includes('"config-test"')) return;
        meddled += 1;
        await target.console.change((configuration) => ({ ...configuration, 'valid-lifetime': 5000 + meddled }));
      };
      await expect(apply([north])).rejects.toBeInstanceOf(Retry);
      expect(meddled).toBe(4);
      expect(await target.held()).toEqual([]);
    });

    it('parks the delivery when its password is wrong', async () => {
      await expect(apply([north], target.with({ password: 'guess' }))).rejects.toBeInstanceOf(Reject);
    });

    it('says so when what answers is no control agent, and sends no password in clear beyond this machine', async () => {
      const device = (endpoint: string): DeviceHandle => deviceHandle({ endpoint, memory: memoryInTest(), credentials: { username: 'casm', password: 'x' } });
      await expect(apply([north], device('http://kea.example.net:8000/'))).rejects.toThrow('in clear');
    });
  });
}
