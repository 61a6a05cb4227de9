import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, newChild, newRoot, unique, type Finding, type Pool } from './plan.js';

let controller: TestController;
let root: Pool;
beforeAll(async () => {
  controller = await startTestController();
  root = await newRoot(controller.api, ['45.96.0.0/24', '45.97.0.0/24', '2a0e:b100::/32'], { policy: { quarantineSeconds: 600 } });
  await allocate(controller.api, root.id, { prefix: '45.96.0.0/26' });
  const resting = await allocate(controller.api, root.id, { prefix: '45.96.0.64/26' });
  await controller.api.expect(200, 'DELETE', `/v1/allocations/${resting.id}`);
  await newChild(controller.api, root.id, { prefixes: ['45.96.0.128/26', '2a0e:b100::/40'] });
});
afterAll(() => controller.stop());

const findings = async (): Promise<[Finding['poolId'], Finding['kind'], Finding['prefix']][]> => {
  const { findings, clean } = await controller.api.expect(200, 'GET', '/v1/integrity');
  expect(clean).toBe(findings.length === 0);
  return findings.map((finding: Finding) => [finding.poolId, finding.kind, finding.prefix]);
};
// Each test breaks and mends: the proof must be clean in between.
beforeEach(async () => expect(await findings()).toEqual([]));

test('a clean tree is proved, with what was looked at', async () => {
  expect(await controller.api.expect(200, 'GET', '/v1/integrity')).toMatchObject({ clean: true, pools: 2, allocations: 2, freeBlocks: 12 });
});

test('space that nobody has is found', async () => {
  const { database } = controller;
  await database.query(`delete from free_blocks where pool_id = $1 and prefix = '45.96.0.192/26'`, [root.id]);
  expect(await findings()).toEqual([[root.id, 'gap', '45.96.0.0/24']]);
  await database.query(`insert into free_blocks values ($1, '45.96.0.192/26', '45.96.0.0/24')`, [root.id]);
});

test.each(['45.96.0.0/28', '45.96.0.64/26', '45.96.0.128/27', '45.97.0.0/25'])('%s, free and in use at once, is found', async (prefix) => {
  const { database } = controller;
  await database.query('insert into free_blocks values ($1, $2::cidr, network(set_masklen($2::cidr, 24)))', [root.id, prefix]);
  const found = await findings();
  expect(found.map(([, kind]) => kind).sort()).toEqual(['gap', 'overlap']);
  await database.query('delete from free_blocks where pool_id = $1 and prefix = $2', [root.id, prefix]);
});

test('free halves that were not joined are found', async () => {
  const { database } = controller;
  await database.query(`delete from free_blocks where pool_id = $1 and prefix = '45.97.0.0/24'`, [root.id]);
  await database.query(`insert into free_blocks values ($1, '45.97.0.0/25', '45.97.0.0/24'), ($1, '45.97.0.128/25', '45.97.0.0/24')`, [root.id]);
  expect(await findings()).toEqual([[root.id, 'unmerged', '45.97.0.0/25']]);
  await database.query(`delete from free_blocks where pool_id = $1 and pool_prefix = '45.97.0.0/24'`, [root.id]);
  await database.query(`insert into free_blocks values ($1, '45.97.0.0/24', '45.97.0.0/24')`, [root.id]);
});

test('a quota that has not counted what its holder has is found, whichever part of its sum is wrong', async () => {
  const { api, database } = controller;
  const holder = unique('holder');
  const quota = await api.expect(201, 'POST', '/v1/quotas', { body: { holder, spaceId: root.spaceId } });
  await allocate(api, root.id, { holder, family: 'ipv4', prefixLength: 28 });
  await allocate(api, root.id, { holder, family: 'ipv6', prefixLength: 80 });
  expect(await findings()).toEqual([]);
  const breaks = [
    ['update quotas set used_ipv4_addresses = used_ipv4_addresses + 1', 'update quotas set used_ipv4_addresses = used_ipv4_addresses - 1', '17 and 1'],
    [`insert into quota_changes values ('${quota.id}', -16, 0)`, 'delete from quota_changes where ipv4_addresses = -16', '0 and 1'],
    ['update quotas set used_ipv6_subnets = used_ipv6_subnets + 8', 'update quotas set used_ipv6_subnets = used_ipv6_subnets - 8', '16 and 9'],
  ] as const;
  for (const [breaking, mending, counted] of breaks) {
    await database.query(breaking);
    const detail = `${holder} has IPv4 addresses and IPv6 /64 subnets: 16 and 1, and is counted with ${counted}`;
    expect((await api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([{ kind: 'miscounted', poolId: null, prefix: null, quotaId: quota.id, detail }]);
    await database.query(mending);
  }
});
