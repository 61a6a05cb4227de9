/** RIR delegation statistics, line by line: `registry|cc|type|start|value|date|status`. Pure: reads text, decides nothing. */
import { CasmError } from './errors.js';
import { coverRange, familyBits, parseAddress, parsePrefix, type Family, type Prefix } from './prefix.js';

export interface DelegationLine {
  readonly line: number;
  readonly text: string;
  readonly registry: string;
  readonly country: string;
  readonly family: Family;
  /** The fewest prefixes that cover what is delegated. */
  readonly prefixes: readonly Prefix[];
}

export interface RefusedLine {
  readonly line: number;
  readonly text: string;
  readonly detail: string;
}

export interface Delegations {
  readonly lines: readonly DelegationLine[];
  readonly refused: readonly RefusedLine[];
  /** Headers, summaries, comments, AS numbers. */
  readonly ignored: number;
}

/** @throws CasmError `import-invalid` when nothing in it looks like delegation statistics. */
export function parseDelegations(text: string): Delegations {
  const lines: DelegationLine[] = [];
  const refused: RefusedLine[] = [];
  let ignored = 0;
  let known = false;
  text.split(/\r?\n/).forEach((content, at) => {
    const fields = content.split('|');
    const isRecord = fields.length >= 7 && (fields[2] === 'ipv4' || fields[2] === 'ipv6');
    known ||= isRecord || isHeader(fields);
    if (!isRecord) {
      if (content.trim() === '' || content.startsWith('#') || isHeader(fields) || fields[5] === 'summary' || fields[2] === 'asn') ignored += content === '' ? 0 : 1;
      else refused.push({ line: at + 1, text: content.slice(0, 500), detail: 'not a record: registry|cc|type|start|value|date|status' });
      return;
    }
    try {
      lines.push(parseRecord(at + 1, content, fields));
    } catch (error) {
      if (!(error instanceof CasmError)) throw error;
      refused.push({ line: at + 1, text: content.slice(0, 500), detail: error.message });
    }
  });
  if (!known) throw new CasmError('import-invalid', 'no line is of the form registry|cc|type|start|value|date|status');
  return { lines, refused, ignored };
}

function isHeader(fields: readonly string[]): boolean {
  return /^\d+(\.\d+)?$/.test(fields[0] ?? '') && fields.length >= 6;
}

function parseRecord(line: number, text: string, fields: readonly string[]): DelegationLine {
  const [registry = '', country = '', family, start = '', value = ''] = fields as [string, string, Family, string, string];
  if (!/^[a-z]{2,20}$/i.test(registry)) throw new CasmError('import-invalid', `"${registry}" is no registry`);
  if (!/^[a-z]{2}$/i.test(country)) throw new CasmError('import-invalid', `"${country}" is no country code`);
  if (!/^\d{1,10}$/.test(value)) throw new CasmError('import-invalid', `"${value}" is no count of addresses and no length`);
  return { line, text, registry: registry.toLowerCase(), country: country.toUpperCase(), family, prefixes: family === 'ipv4' ? ipv4Range(start, BigInt(value)) : [parseIpv6(start, value)] };
}

/** v4 values are counts of addresses, and not always a power of two. */
function ipv4Range(start: string, count: bigint): Prefix[] {
  const { family, address } = parseAddress(start);
  if (family !== 'ipv4') throw new CasmError('import-invalid', `"${start}" is no IPv4 address`);
  if (count < 1n || address + count > 1n << 32n) throw new CasmError('import-invalid', `${count} addresses from ${start} are no range of IPv4`);
  return coverRange('ipv4', address, address + count - 1n);
}

function parseIpv6(start: string, length: string): Prefix {
  if (Number(length) > familyBits('ipv6') || !start.includes(':')) throw new CasmError('import-invalid', `${start}/${length} is no IPv6 prefix`);
  return parsePrefix(`${start}/${length}`);
}
