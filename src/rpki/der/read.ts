/**
 * Reading DER (X.690 §10): definite minimal lengths, nothing left over. Values keep their exact octets, because
 * signatures are over octets. BER is refused, not repaired: two readers of one object must never disagree.
 */
import { malformed } from '../rpki-error.js';

export interface DerValue {
  /** The identifier octet. */
  readonly tag: number;
  readonly content: Buffer;
  /** Identifier, length and content as they came. */
  readonly raw: Buffer;
}

/** The one value the octets hold. @throws RpkiError `malformed` */
export function readDer(bytes: Uint8Array): DerValue {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const value = readAt(buffer, 0);
  if (value.raw.length !== buffer.length) throw malformed('DER: octets after the end of the value');
  return value;
}

/** The values inside a constructed value, in order. @throws RpkiError `malformed` */
export function readChildren(value: DerValue): DerValue[] {
  if ((value.tag & 0x20) === 0) throw malformed(`DER: tag 0x${value.tag.toString(16)} has no members`);
  const children: DerValue[] = [];
  for (let at = 0; at < value.content.length; ) {
    const child = readAt(value.content, at);
    children.push(child);
    at += child.raw.length;
  }
  return children;
}

function readAt(buffer: Buffer, start: number): DerValue {
  const tag = buffer[start];
  const first = buffer[start + 1];
  if (tag === undefined || first === undefined) throw malformed('DER: cut short');
  if ((tag & 0x1f) === 0x1f) throw malformed('DER: tags of several octets are not used in the RPKI');
  let at = start + 2;
  let length = first;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4 || at + octets > buffer.length) throw malformed('DER: length is indefinite or too long');
    length = buffer.readUIntBE(at, octets);
    if (length < 0x80 || length < 2 ** (8 * (octets - 1))) throw malformed('DER: length is not minimal');
    at += octets;
  }
  if (at + length > buffer.length) throw malformed('DER: cut short');
  return { tag, content: buffer.subarray(at, at + length), raw: buffer.subarray(start, at + length) };
}
