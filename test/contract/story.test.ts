/** The examples are true: told one after the other, a controller answers what they show, but for ids and times. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Api } from '../support/api.js';
import { startTestController, type TestController } from '../support/controller.js';
import { pastHorizon } from '../support/horizon.js';
import { contractFiles, operationsOf } from './contract-files.js';
import { Story } from './story.js';

const id = (number: number): string => `0192f5f0-0000-7000-8000-0000000000${String(number).padStart(2, '0')}`;
const [spaceId, poolId, bngId, allocationId, operatorId, eastId, nobody] = [id(1), id(2), id(3), id(4), id(6), id(7), id(99)];
const [holdId, waitingRequestId, quotaId] = [id(11), id(12), id(13)];

const story = new Story();
let controller: TestController;
let admin: Api;
let portal: Api;
let bng: Api;

beforeAll(async () => {
  controller = await startTestController();
  admin = controller.api;
  portal = admin.as((await admin.expect(201, 'POST', '/v1/tokens', { body: { name: 'portal', role: 'operator' } })).token);
});
afterAll(() => controller.stop());

test('the plan', async () => {
  await story.tell(admin, 'createSpace');
  await story.tell(portal, 'listSpaces');
  await story.tell(portal, 'createPool', { sent: 'root' });
  // The south comes first.
  await portal.expect(201, 'POST', '/v1/pools', { body: { parentId: story.idOf(operatorId), name: 'region-south', carve: [{ family: 'ipv4', prefixLength: 18 }, { family: 'ipv6', prefixLength: 40 }] } });
  await story.tell(portal, 'createPool', { sent: 'child' });
  await story.tell(portal, 'listPools', { query: '?contains=45.96.64.0/18' });
  await story.tell(portal, 'getPool', { path: { poolId } });
  await story.tell(portal, 'updatePool', { path: { poolId }, query: '?dryRun=true' });
});

test('the devices', async () => {
  await story.tell(admin, 'createDevice', { sent: 'bng' });
  await story.tell(admin, 'createDevice', { sent: 'dhcp' });
  await story.tell(portal, 'listDevices');
  await story.tell(portal, 'getDevice', { path: { deviceId: bngId } });
  await story.tell(admin, 'updateDevice', { path: { deviceId: bngId }, query: '?dryRun=true' });
  bng = admin.as((await admin.expect(201, 'POST', '/v1/tokens', { body: { name: 'bng-north-1', role: 'device', deviceId: story.idOf(bngId) } })).token);
  await story.tell(admin, 'createToken');
});

test('a prefix on its BNG', async () => {
  await portal.expect(201, 'POST', '/v1/allocations', { body: { poolId: story.idOf(poolId), prefix: '45.96.96.0/22', holder: 'wholesale', service: 'internet' } });
  await portal.expect(201, 'POST', '/v1/allocations', { body: { poolId: story.idOf(poolId), family: 'ipv4', prefixLength: 24, holder: 'retail', service: 'internet', deviceId: story.idOf(bngId) } });
  await story.tell(bng, 'pullDocument');
  await story.tell(portal, 'getDeviceDocument', { path: { deviceId: bngId } });
  await story.tell(bng, 'acknowledgeDocument', { sent: 'applied' });
  await story.tell(bng, 'reportUsage');
  await story.tell(portal, 'getAllocation', { path: { allocationId } });
});

test('what else is given out', async () => {
  await story.tell(portal, 'allocatePrefix', { sent: 'exact' });
  await story.tell(portal, 'listAllocations', { query: '?within=45.96.100.0/23' });
  await story.tell(portal, 'runBatch', { query: '?dryRun=true' });
  await story.tell(portal, 'getDrainPlan', { path: { poolId }, query: '?family=ipv4&prefixLength=24&limit=2' });
  await story.tell(portal, 'allocatePrefix', { sent: 'byLength' });
  await story.tell(portal, 'createHold');
  await story.tell(portal, 'getHold', { path: { holdId } });
  await story.tell(portal, 'listHolds');
  await story.tell(portal, 'listFreePrefixes', { path: { poolId }, query: '?family=ipv4&prefixLength=26&limit=3' });
  await story.tell(portal, 'getPoolUsage', { path: { poolId } });
  await story.tell(portal, 'allocatePrefix', { sent: 'waiting', status: 202 });
  await story.tell(portal, 'getWaitingRequest', { path: { waitingRequestId } });
  await story.tell(portal, 'listWaitingRequests');
  await story.tell(portal, 'cancelWaitingRequest', { path: { waitingRequestId } });
  await story.tell(admin, 'createQuota');
  await story.tell(portal, 'getQuota', { path: { quotaId } });
  await story.tell(portal, 'listQuotas');
  await story.tell(admin, 'updateQuota', { path: { quotaId }, query: '?dryRun=true' });
  await story.tell(portal, 'allocateSet', { sent: 'paired', query: '?dryRun=true' });
});

test('what is refused', async () => {
  const refused = (answer: string, status: number, body: object, more: object = {}): Promise<void> => story.tell(portal, 'allocatePrefix', { answer, status, body: { poolId, holder: 'retail', service: 'internet', ...body }, ...more });
  await refused('invalidRequest', 400, { prefixLength: 129 });
  await refused('invalidPrefix', 422, { prefix: '45.96.100.7/24' });
  await refused('notFound', 404, { poolId: nobody, prefixLength: 26 });
  await refused('prefixNotFree', 409, { prefix: '45.96.100.0/26' });
  await refused('poolExhausted', 409, { family: 'ipv4', prefixLength: 18, holder: 'wholesale' });
  await refused('quotaExceeded', 409, { family: 'ipv4', prefixLength: 21 });
  await story.tell(portal, 'createSpace', { answer: 'forbidden', status: 403 });
  await story.tell(portal, 'pullDocument', { answer: 'forbidden', status: 403 });
  const items = [{ operation: 'drainAllocation', path: { allocationId } }, { operation: 'allocatePrefix', body: { poolId: nobody, holder: 'retail', service: 'internet' } }];
  await story.tell(portal, 'runBatch', { body: { mode: 'atomic', items }, answer: 'batchFailed', status: 409 });
  const headers = { 'idempotency-key': 'once' };
  await admin.expect(201, 'POST', '/v1/tokens', { body: { name: 'once', role: 'viewer' }, headers });
  await story.tell(admin, 'createToken', { headers, answer: 'keyReused', status: 422 });
  await story.tell(portal.as('nobody'), 'listSpaces', { answer: 'unauthorized', status: 401 });
  await story.tell(portal, 'updateAllocation', { path: { allocationId }, headers: { 'if-match': '"1"' }, answer: 'preconditionFailed', status: 412 });
});

test('what could become of it', async () => {
  const path = { allocationId };
  for (const operation of ['updateAllocation', 'releaseAllocation', 'drainAllocation', 'resizeAllocation', 'moveAllocation']) await story.tell(portal, operation, { path, query: '?dryRun=true' });
  await portal.expect(200, 'POST', `/v1/allocations/${story.idOf(allocationId)}/drain`);
  await story.tell(portal, 'activateAllocation', { path });
});

test('the pool is cut, joined, and runs empty', async () => {
  await story.tell(portal, 'splitPool', { sent: 'parts', path: { poolId } });
  await story.tell(portal, 'mergePools', { path: { poolId } });
  await story.tell(portal, 'retirePool', { path: { poolId } });
  await story.tell(portal, 'getPoolRemains', { path: { poolId } });
  await story.tell(portal, 'activatePool', { path: { poolId } });
  expect(story.idOf(eastId)).not.toBe(eastId);
});

test('the controller of it all', async () => {
  for (const operation of ['getHealth', 'getReadiness', 'checkIntegrity']) await story.tell(portal, operation);
  await story.tell(portal, 'listAudit', { query: `?resourceId=${poolId}&operation=createPool` });
  await pastHorizon(controller.database);
  await story.tell(portal, 'listEvents', { query: '?resourceType=allocation&holder=voice&limit=1' });
});

test('the BNG gives back', async () => {
  await story.tell(bng, 'requestRanges', { sent: 'now' });
  await story.tell(bng, 'releaseRange');
  const { revision } = await bng.expect(200, 'GET', '/southbound/v1/document');
  await bng.expect(200, 'POST', '/southbound/v1/acks', { body: { revision, applied: true } });
  await story.tell(portal, 'releaseQuarantine', { path: { allocationId } });
});

test('a file of delegations', async () => {
  await story.tell(portal, 'importDelegations', { query: `?spaceId=${spaceId}` });
});

test('whose examples are not told is known', () => {
  const answering = contractFiles.flatMap(operationsOf).filter(({ operation }) => JSON.stringify(operation['responses']).includes('application/json'));
  const untold = answering.map(({ operation }) => String(operation['operationId'])).filter((operationId) => !story.told.has(operationId));
  // They need hours, a million lines, a parent CA or a device that fails.
  const long = ['getForecast', 'getUsageHistory', 'listAlarms', 'listHistory'];
  const large = ['getContract', 'getImport', 'importAllocations', 'importPools', 'listImportRefusals', 'listImports'];
  const others = ['listCertificates', 'listDeliveries', 'listTokens', 'retryDelivery'];
  expect(untold.toSorted()).toEqual([...long, ...large, ...others].toSorted());
});
