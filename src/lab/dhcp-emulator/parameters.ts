/** The parameters a server knows and the defaults it shows for them in config-get, as Kea 2.2 does. */
import type { DhcpFamily } from './dhcp-family.js';
import type { JsonObject } from './kea-json.js';

const timers = ['valid-lifetime', 'min-valid-lifetime', 'max-valid-lifetime', 'renew-timer', 'rebind-timer'];
const preferred = ['preferred-lifetime', 'min-preferred-lifetime', 'max-preferred-lifetime'];
const everywhere = ['user-context', 'comment', 'option-data', 'calculate-tee-times', 't1-percent', 't2-percent', 'store-extended-info', ...timers];
const reservations = ['reservation-mode', 'reservations-global', 'reservations-in-subnet', 'reservations-out-of-pool'];
const ddns = [
  'ddns-generated-prefix',
  'ddns-override-client-update',
  'ddns-override-no-update',
  'ddns-qualifying-suffix',
  'ddns-replace-client-name',
  'ddns-send-updates',
  'ddns-update-on-renew',
  'ddns-use-conflict-resolution',
  'hostname-char-replacement',
  'hostname-char-set',
];
const subnetOnly = ['id', 'subnet', 'pools', 'reservations', 'client-class', 'require-client-classes', 'interface', 'relay', 'cache-max-age', 'cache-threshold'];
const bootp = ['authoritative', 'boot-file-name', 'match-client-id', 'next-server', 'server-hostname'];
const serverOnly = ['client-classes', 'hosts-database', 'hosts-databases', 'option-def', 'shared-networks', 'reservations', 'cache-max-age', 'cache-threshold', 'config-control'];

export function knownInSubnet({ digit }: DhcpFamily): ReadonlySet<string> {
  const own = digit === 4 ? ['4o6-interface', '4o6-interface-id', '4o6-subnet', ...bootp] : ['pd-pools', 'rapid-commit', 'interface-id', ...preferred];
  return new Set([...everywhere, ...reservations, ...ddns, ...subnetOnly, ...own]);
}

export function knownInServer(at: DhcpFamily): ReadonlySet<string> {
  const own = at.digit === 4 ? bootp : preferred;
  return new Set([...everywhere, ...reservations, ...ddns, ...serverOnly, ...own, ...Object.keys(serverDefaults(at))]);
}

/** What a server shows that was told nothing. */
export function serverDefaults({ service, digit, subnets }: DhcpFamily): JsonObject {
  const own: JsonObject =
    digit === 4
      ? { authoritative: false, 'boot-file-name': '', 'echo-client-id': true, 'match-client-id': true, 'next-server': '0.0.0.0', 'server-hostname': '' }
      : { 'data-directory': '/var/lib/kea', 'mac-sources': ['any'], 'preferred-lifetime': 3600, 'relay-supplied-options': ['65'], 'server-id': { type: 'LLT', persist: true } };
  return {
    ...own,
    'calculate-tee-times': digit === 6,
    'control-socket': { 'socket-name': `/run/kea/${service}.sock`, 'socket-type': 'unix' },
    'ddns-send-updates': true,
    'decline-probation-period': 86_400,
    'dhcp-ddns': { 'enable-updates': false, 'server-ip': '127.0.0.1', 'server-port': 53_001 },
    'dhcp-queue-control': { capacity: 64, 'enable-queue': false, 'queue-type': `kea-ring${digit}` },
    'dhcp4o6-port': 0,
    'early-global-reservations-lookup': false,
    'expired-leases-processing': { 'hold-reclaimed-time': 3600, 'max-reclaim-leases': 100, 'reclaim-timer-wait-time': 10 },
    'hooks-libraries': ['lease', 'stat'].map((hook) => ({ library: `/usr/lib/kea/hooks/libdhcp_${hook}_cmds.so` })),
    'host-reservation-identifiers': ['hw-address', 'duid'],
    'interfaces-config': { interfaces: [], 're-detect': true },
    'ip-reservations-unique': true,
    'lease-database': { 'lfc-interval': 3600, persist: true, type: 'memfile' },
    loggers: [{ debuglevel: 0, name: `kea-${service}`, severity: 'INFO' }],
    'multi-threading': { 'enable-multi-threading': false, 'packet-queue-size': 64, 'thread-pool-size': 0 },
    'option-data': [],
    'option-def': [],
    'parked-packet-limit': 256,
    'reservations-lookup-first': false,
    'sanity-checks': { 'lease-checks': 'warn' },
    'server-tag': '',
    'shared-networks': [],
    'statistic-default-sample-age': 0,
    'statistic-default-sample-count': 20,
    'store-extended-info': false,
    [subnets]: [],
    't1-percent': 0.5,
    't2-percent': digit === 4 ? 0.875 : 0.8,
    'valid-lifetime': 7200,
  };
}

/** What every subnet shows, apart from its lifetimes. */
export function subnetDefaults({ digit }: DhcpFamily): JsonObject {
  const own: JsonObject = digit === 4 ? { '4o6-interface': '', '4o6-interface-id': '', '4o6-subnet': '' } : { 'pd-pools': [], 'rapid-commit': false };
  return {
    ...own,
    'calculate-tee-times': digit === 6,
    'option-data': [],
    pools: [],
    relay: { 'ip-addresses': [] },
    reservations: [],
    'store-extended-info': false,
    't1-percent': 0.5,
    't2-percent': digit === 4 ? 0.875 : 0.8,
  };
}
