/**
 * What can be wrong with an RPKI object or message, as a closed set. Knows no HTTP and no up-down status: whoever
 * received the object decides what the sender is told.
 */
export type RpkiErrorCode =
  /** Not the DER, XML or text it claims to be. */
  | 'malformed'
  /** Well-formed, but outside the profile the RPKI allows. */
  | 'profile'
  /** A signature, name or key that does not lead to the trust anchor. */
  | 'untrusted'
  /** Outside its time: a certificate or a CRL. */
  | 'expired'
  | 'revoked'
  /** Signed earlier than a message already accepted from the same peer. */
  | 'replayed'
  | 'unknown-peer'
  | 'unknown-version'
  | 'unknown-type';

export class RpkiError extends Error {
  constructor(
    readonly code: RpkiErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'RpkiError';
  }
}

export function malformed(message: string, options?: ErrorOptions): RpkiError {
  return new RpkiError('malformed', message, options);
}

export function outsideProfile(message: string): RpkiError {
  return new RpkiError('profile', message);
}
