/**
 * What the journeys import: the CN lines of APNIC's delegation statistics as they were published in 2014. The file is no
 * part of the project; where it is absent a smaller sample of the same form, made here, stands in.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export interface Delegations {
  readonly origin: string;
  readonly text: string;
  /** Of the country alone, counted from the text by this file and nothing of ours. */
  readonly ipv4Lines: number;
  readonly ipv6Lines: number;
  readonly ipv4Addresses: bigint;
  readonly ipv6Addresses: bigint;
}

export const country = 'CN';

const file = resolve(process.env['CASM_SHARED'] ?? resolve(import.meta.dirname, '../../../shared'), 'data/delegated-apnic-2014.txt');

export function readDelegations(): Delegations {
  const real = existsSync(file);
  return count(real ? 'the APNIC file of 2014' : 'a sample, as the APNIC file is absent', real ? readFileSync(file, 'utf8') : sample());
}

function count(origin: string, text: string): Delegations {
  const records = text.split('\n').map((line) => line.split('|')).filter((fields) => fields[1] === country);
  const values = (family: string): bigint[] => records.filter((fields) => fields[2] === family).map((fields) => BigInt(fields[4] ?? ''));
  const [ipv4, ipv6] = [values('ipv4'), values('ipv6')];
  const sum = (numbers: readonly bigint[]): bigint => numbers.reduce((total, number) => total + number, 0n);
  return { origin, text, ipv4Lines: ipv4.length, ipv6Lines: ipv6.length, ipv4Addresses: sum(ipv4), ipv6Addresses: sum(ipv6.map((length) => 1n << (128n - length))) };
}

/** Large blocks, scattered small ones, counts that are no power of two, lines that complete each other, another country. */
function sample(): string {
  const of = (cc: string, family: string, start: string, value: number): string => `apnic|${cc}|${family}|${start}|${value}|20110418|allocated`;
  const scattered = Array.from({ length: 120 }, (_, at) => of(country, 'ipv4', `103.${at + 1}.${(at * 37) % 64 * 4}.0`, at % 5 === 0 ? 768 : 1024));
  return [
    '2|apnic|20140701|132|19850701|20140630|+1000',
    'apnic|*|ipv4|*|124|summary',
    'apnic|*|ipv6|*|6|summary',
    of(country, 'ipv4', '36.128.0.0', 4_194_304),
    of(country, 'ipv4', '42.48.0.0', 131_072),
    of(country, 'ipv4', '42.50.0.0', 131_072),
    ...scattered,
    of('AU', 'ipv4', '1.128.0.0', 2_097_152),
    of(country, 'ipv6', '240e::', 20),
    ...['2400:3200::', '2400:5400::', '2400:5a00::', '2401:1d40::'].map((start) => of(country, 'ipv6', start, 32)),
    of('AU', 'ipv6', '2001:8000::', 20),
    '',
  ].join('\n');
}
