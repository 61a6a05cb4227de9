/** Documents for the emulators' tests, as the controller would render them. */
import type { DeviceDocument, DocumentRange } from '../../../src/model/document.js';

export const device = '0192f5f0-0000-7000-8000-00000000000d';

export function v4Range(prefix: string, change: Partial<DocumentRange> = {}): DocumentRange {
  const [address = '', length = ''] = prefix.split('/');
  const stem = address.replace(/\d+$/, '');
  const first = Number(address.slice(stem.length));
  return {
    id: `0192f5f0-0000-7000-8000-${address.split('.').map((part) => part.padStart(3, '0')).join('')}`,
    prefix,
    family: 'ipv4',
    state: 'active',
    holder: 'retail',
    service: 'internet',
    gateway: `${stem}${first + 1}`,
    delegatedLength: null,
    lowerAddress: `${stem}${first + 2}`,
    upperAddress: `${stem}${first + 2 ** (32 - Number(length)) - 2}`,
    routes: { announce: true, discardRoute: true, tag: 0 },
    lifetimes: { preferred: 3600, valid: 7200, t1: 1800, t2: 2880 },
    ...change,
  };
}

export function v6Range(prefix: string, delegatedLength = 56): DocumentRange {
  return { ...v4Range('0.0.0.0/24'), id: '0192f5f0-0000-7000-8000-000000000006', prefix, family: 'ipv6', gateway: null, delegatedLength, lowerAddress: null, upperAddress: null };
}

export function documentOf(revision: number, ranges: readonly DocumentRange[]): DeviceDocument {
  return { device, revision: String(revision), space: null, ranges, resources: [] };
}
