/**
 * What a Kea 2.2 answers, as it was seen; the emulator and the real one are both held to it, so that neither can leave
 * the other behind.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeaConsole, type KeaMap, type KeaServer } from '../../southbound/adapters/kea/kea-console.js';

const subnet: KeaMap = {
  id: 5,
  subnet: '10.5.0.0/24',
  'valid-lifetime': 7200,
  'renew-timer': 1000,
  'rebind-timer': 2000,
  pools: [{ pool: '10.5.0.2 - 10.5.0.254' }],
  'option-data': [{ name: 'routers', data: '10.5.0.1' }],
};
const subnet6: KeaMap = { id: 9, subnet: '2001:db8:9::/48', 'pd-pools': [{ prefix: '2001:db8:9::', 'prefix-len': 48, 'delegated-len': 56 }] };

/** The change to a good configuration, and the complaint about it. */
const refusals: [what: string, subnets: unknown[], complaint: string][] = [
  ['pools that overlap', [{ ...subnet, pools: [{ pool: '10.5.0.2-10.5.0.9' }, { pool: '10.5.0.8/29' }] }], 'overlaps with an existing pool in the subnet: 10.5.0.0/24'],
  ['a pool outside of its subnet', [{ ...subnet, pools: [{ pool: '10.6.0.2-10.6.0.9' }] }], '10.6.0.2-10.6.0.9 does not match the prefix of a subnet: 10.5.0.0/24'],
  ['a pool that is none', [{ ...subnet, pools: [{ pool: '10.5.0.9' }] }], 'invalid pool definition: 10.5.0.9.'],
  ['a pool backwards', [{ ...subnet, pools: [{ pool: '10.5.0.9-10.5.0.2' }] }], 'Failed to create pool defined by: 10.5.0.9-10.5.0.2'],
  ['a pool without addresses', [{ ...subnet, pools: [{ pool: 'x-y' }] }], 'Failed to parse pool definition: x-y'],
  ['the same prefix twice', [subnet, { ...subnet, id: 6 }], "subnet with the prefix of '10.5.0.0/24' already exists"],
  ['the same id twice', [subnet, { ...subnet, subnet: '10.6.0.0/24', pools: [] }], "ID of the new IPv4 subnet '5' is already in use"],
  ['an id too large', [{ ...subnet, id: 4294967295 }], "The 'id' value (4294967295) is not within expected range: (0 - 4294967294)"],
  ['a subnet without prefix', [{ id: 9 }], "mandatory 'subnet' parameter is missing"],
  ['a prefix without length', [{ ...subnet, subnet: '10.5.0.0' }], 'Invalid subnet syntax (prefix/len expected):10.5.0.0'],
  ['a prefix without address', [{ ...subnet, subnet: 'zz/24' }], "Failed to convert string to address 'zz': Invalid argument"],
  ['an unknown parameter', [{ ...subnet, foo: 1 }], "spurious 'foo' parameter"],
  ['a lifetime in words', [{ ...subnet, 'valid-lifetime': 'x' }], "'valid-lifetime' parameter is not an integer"],
  ['pools in figures', [{ ...subnet, pools: 7 }], "'pools' parameter is not a list"],
  ['a context in words', [{ ...subnet, 'user-context': 'x' }], "'user-context' parameter is not a map"],
  ['T1 after T2', [{ ...subnet, 'renew-timer': 3000 }], 'the value of renew-timer (3000) is greater than the value of rebind-timer (2000)'],
  ['a lifetime out of bounds', [{ ...subnet, 'min-valid-lifetime': 8000, 'max-valid-lifetime': 9000 }], 'valid-lifetime (7200) is not between min-valid-lifetime (8000)'],
  ['an option nobody knows', [{ ...subnet, 'option-data': [{ name: 'nonesuch', data: '1' }] }], "definition for the option 'dhcp4.nonesuch' does not exist"],
  ['a router in words', [{ ...subnet, 'option-data': [{ name: 'routers', data: 'x' }] }], 'option data does not match option definition (space: dhcp4, code: 3)'],
];

/** Commands on a server that holds `subnet` and a lease of 10.5.0.7: arguments, result code, text. */
const answers: [command: string, args: unknown, result: number, text: string | undefined][] = [
  ['nonsense', undefined, 2, "'nonsense' command not supported."],
  ['config-test', undefined, 1, "Missing mandatory 'arguments' parameter."],
  ['config-set', { Dhcp6: {} }, 1, "Missing mandatory 'Dhcp4' parameter."],
  ['config-test', { Dhcp4: {}, hash: 'x' }, 1, "Unsupported 'hash' parameter."],
  ['config-write', { filename: '/nonexistent/x.json' }, 1, 'Error during write-config:Unable to open file /nonexistent/x.json for writing'],
  ['lease4-get', { 'ip-address': '10.5.0.7' }, 0, 'IPv4 lease found.'],
  ['lease4-get', { 'ip-address': '10.5.0.8' }, 3, 'Lease not found.'],
  ['lease4-get', undefined, 1, 'Parameters missing or are not a map.'],
  ['lease4-del', { 'ip-address': '10.5.0.8' }, 3, 'IPv4 lease not found.'],
  ['lease4-del', { 'ip-address': 'zz' }, 1, "Failed to convert string to address 'zz': Invalid argument"],
  ['lease4-add', undefined, 1, 'no parameters specified for the command'],
  ['lease4-add', { 'ip-address': '10.5.0.7', 'hw-address': '1a:1b:1c:1d:1e:02' }, 1, 'IPv4 lease already exists.'],
  ['lease4-add', { 'ip-address': '10.9.0.1', 'hw-address': '1a:1b:1c:1d:1e:02' }, 1, 'subnet-id not specified and failed to find a subnet for address 10.9.0.1'],
  ['lease4-add', { 'ip-address': '10.9.0.1', 'hw-address': '1a:1b:1c:1d:1e:02', 'subnet-id': 5 }, 1, 'The address 10.9.0.1 does not belong to subnet 10.5.0.0/24, subnet-id=5'],
  ['lease4-add', { 'ip-address': '10.5.0.8', 'hw-address': '1a:1b:1c:1d:1e:02', 'subnet-id': 99 }, 1, 'Invalid subnet-id: No IPv4 subnet with subnet-id=99 currently configured.'],
  ['lease4-get-page', { from: 'start', limit: 10 }, 0, '1 IPv4 lease(s) found.'],
  ['lease4-get-page', { from: '10.5.0.7', limit: 10 }, 3, '0 IPv4 lease(s) found.'],
  ['lease4-get-page', { from: 'x', limit: 10 }, 1, "'from' parameter value is neither 'start' keyword nor a valid IPv4 address"],
  ['lease4-get-page', { from: 'start' }, 1, "'limit' parameter not specified"],
  ['lease4-get-page', { from: 'start', limit: 0 }, 1, 'page size of retrieved leases must not be 0'],
  ['stat-lease4-get', { 'subnet-id': 5 }, 0, 'stat-lease4-get[subnet-id=5]: 1 rows found'],
  ['stat-lease4-get', { 'subnet-id': 99 }, 3, 'stat-lease4-get[subnet-id=99]: no matching data, subnet-id: 99 does not exist'],
  ['version-get', undefined, 0, expect.stringMatching(/^2\.\d+\.\d+$/)],
  ['config-reload', undefined, 0, 'Configuration successful.'],
];

export function controlChannelFacts(name: string, start: () => Promise<KeaServer>): void {
  describe(`control channel: ${name}`, () => {
    let server: KeaServer;
    let kea: KeaConsole;

    beforeAll(async () => {
      server = await start();
      kea = new KeaConsole(server);
      await kea.change((configuration) => ({ ...configuration, subnet4: [subnet] }));
      await kea.change((configuration) => ({ ...configuration, subnet6: [subnet6] }), 'dhcp6');
      await kea.must('dhcp4', 'config-write');
      await kea.lease('10.5.0.7', 1);
    });
    afterAll(async () => {
      await server.stop();
    });

    it('shows a subnet with the defaults it added', async () => {
      expect(await kea.subnets()).toEqual([
        {
          ...subnet,
          '4o6-interface': '',
          '4o6-interface-id': '',
          '4o6-subnet': '',
          'calculate-tee-times': false,
          'max-valid-lifetime': 7200,
          'min-valid-lifetime': 7200,
          'option-data': [{ 'always-send': false, code: 3, 'csv-format': true, data: '10.5.0.1', name: 'routers', space: 'dhcp4' }],
          pools: [{ 'option-data': [], pool: '10.5.0.2-10.5.0.254' }],
          relay: { 'ip-addresses': [] },
          reservations: [],
          'store-extended-info': false,
          't1-percent': 0.5,
          't2-percent': 0.875,
        },
      ]);
    });

    it('shows a v6 subnet with the defaults it added', async () => {
      expect(await kea.subnets('dhcp6')).toMatchObject([
        { ...subnet6, pools: [], 'rapid-commit': false, 't2-percent': 0.8, 'pd-pools': [{ prefix: '2001:db8:9::', 'prefix-len': 48, 'delegated-len': 56, 'option-data': [] }] },
      ]);
    });

    it('takes back what it shows, and shows the same again', async () => {
      const shown = await kea.configuration();
      await kea.change((configuration) => configuration);
      expect(await kea.configuration()).toEqual(shown);
    });

    it('takes nested subnets, no id, and host bits in a prefix, and shows them by id', async () => {
      const before = await kea.configuration();
      const taken = [subnet, { subnet: '10.5.0.0/25', pools: [] }, { id: 7, subnet: '10.7.0.5/24' }];
      await kea.must('dhcp4', 'config-set', { Dhcp4: { ...before, subnet4: taken } });
      expect((await kea.subnets()).map((at) => [at['subnet'], at['id']])).toEqual([
        ['10.5.0.0/25', 1],
        ['10.5.0.0/24', 5],
        ['10.7.0.5/24', 7],
      ]);
      await kea.must('dhcp4', 'config-set', { Dhcp4: before });
    });

    it.each(refusals)('refuses %s', async (_what, subnets, complaint) => {
      const before = await kea.configuration();
      for (const command of ['config-test', 'config-set']) {
        expect(await kea.ask('dhcp4', command, { Dhcp4: { ...before, subnet4: subnets } })).toEqual({ result: 1, text: expect.stringContaining(complaint) });
      }
      expect(await kea.configuration()).toEqual(before);
    });

    it.each(answers)('answers %s %j with %i', async (command, args, result, text) => {
      expect(await kea.ask('dhcp4', command, args)).toMatchObject({ result, text });
    });

    it('counts leases by subnet', async () => {
      const counted = (await kea.must('dhcp4', 'stat-lease4-get', {})) as { 'result-set': KeaMap };
      expect(counted['result-set']).toMatchObject({
        columns: ['subnet-id', 'total-addresses', 'cumulative-assigned-addresses', 'assigned-addresses', 'declined-addresses'],
        rows: [[5, 253, 0, 1, 0]],
      });
      const counted6 = (await kea.must('dhcp6', 'stat-lease6-get', {})) as { 'result-set': KeaMap };
      expect(counted6['result-set']).toMatchObject({
        columns: ['subnet-id', 'total-nas', 'cumulative-assigned-nas', 'assigned-nas', 'declined-nas', 'total-pds', 'cumulative-assigned-pds', 'assigned-pds'],
        rows: [[9, 0, 0, 0, 0, 256, 0, 0]],
      });
    });

    it('shows a lease as it was given', async () => {
      expect(await kea.must('dhcp4', 'lease4-get', { 'ip-address': '10.5.0.7' })).toEqual({
        cltt: expect.any(Number),
        'fqdn-fwd': false,
        'fqdn-rev': false,
        hostname: '',
        'hw-address': '1a:1b:1c:1d:1e:01',
        'ip-address': '10.5.0.7',
        state: 0,
        'subnet-id': 5,
        'valid-lft': 7200,
      });
    });

    it('keeps the leases of a subnet that is removed', async () => {
      const before = await kea.configuration();
      await kea.must('dhcp4', 'config-set', { Dhcp4: { ...before, subnet4: [] } });
      expect((await kea.ask('dhcp4', 'lease4-get', { 'ip-address': '10.5.0.7' })).result).toBe(0);
      await kea.must('dhcp4', 'config-set', { Dhcp4: before });
    });

    it('lists the commands it has', async () => {
      const listed = await kea.must('dhcp4', 'list-commands');
      const ours = ['config-get', 'config-reload', 'config-set', 'config-test', 'config-write', 'lease4-add', 'lease4-del', 'lease4-get', 'lease4-get-page', 'stat-lease4-get', 'status-get', 'version-get'];
      expect(listed).toEqual(expect.arrayContaining(ours));
    });

    it('tells how it is', async () => {
      expect(await kea.must('dhcp4', 'status-get')).toMatchObject({ pid: expect.any(Number), uptime: expect.any(Number), reload: expect.any(Number), sockets: { status: 'ready' } });
    });

    it('has no other service', async () => {
      expect(await kea.ask('d2', 'config-get')).toEqual({ result: 1, text: 'forwarding socket is not configured for the server type d2' });
    });

    it('knows no strangers, and takes only commands', async () => {
      const post = async (body: string, login: string): Promise<[number, unknown]> => {
        const headers = { 'content-type': 'application/json', connection: 'close', authorization: `Basic ${btoa(login)}` };
        const response = await fetch(server.url, { method: 'POST', headers, body });
        return [response.status, await response.json()];
      };
      const known = `${server.username}:${server.password}`;
      expect(await post('{"command":"version-get"}', `${server.username}:guess`)).toEqual([401, { result: 401, text: 'Unauthorized' }]);
      expect(await post('xx', known)).toEqual([400, { result: 400, text: 'Bad Request' }]);
      expect(await post('[]', known)).toEqual([200, [{ result: 1, text: 'Error during command processing: Invalid command Element specified, expected map' }]]);
      expect(await post('{"command":"version-get","service":["dhcp4","dhcp6"]}', known)).toMatchObject([200, [{ result: 0 }, { result: 0 }]]);
    });
  });
}
