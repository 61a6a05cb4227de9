/** Identifier octets of the ASN.1 types the RPKI uses (X.690 §8.1.2). Only single-octet tags exist there. */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** `[n]` over a primitive: IMPLICIT OCTET STRING, INTEGER, … */
export function contextPrimitive(n: number): number {
  return 0x80 | n;
}

/** `[n]` over a constructed: EXPLICIT anything, or IMPLICIT SEQUENCE or SET. */
export function contextConstructed(n: number): number {
  return 0xa0 | n;
}
