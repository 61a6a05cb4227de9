/**
 * The one error of the controller and the closed list of codes it may carry. A code is a promise to automation: it is
 * stable, it is listed in openapi/northbound.yaml, and it alone decides what a program does next. Knows no HTTP.
 */
export const errorCodes = [
  'allocation-not-found',
  'batch-failed',
  'body-too-large',
  'busy',
  'certification-refused',
  'credentials-invalid',
  'device-in-use',
  'device-not-found',
  'device-unsuitable',
  'forbidden',
  'hold-expired',
  'hold-not-found',
  'idempotency-key-reused',
  'import-invalid',
  'import-not-found',
  'internal-error',
  'invalid-cursor',
  'invalid-prefix',
  'invalid-request',
  'length-not-allowed',
  'malformed-body',
  'method-not-allowed',
  'name-taken',
  'not-ready',
  'parent-not-found',
  'pool-exhausted',
  'pool-in-use',
  'pool-mismatch',
  'pool-not-found',
  'pool-retiring',
  'pool-unsuitable',
  'precondition-failed',
  'prefix-not-free',
  'prefix-outside-pool',
  'prefix-overlap',
  'quota-exceeded',
  'quota-not-found',
  'request-timeout',
  'revision-unknown',
  'route-not-found',
  'space-not-found',
  'special-purpose',
  'state-conflict',
  'subnet-conflict',
  'subnet-mismatch',
  'token-not-found',
  'unauthorized',
  'unsupported-media-type',
  'waiting-request-not-found',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** What a caller can act on besides the code: always plain JSON. */
export type ErrorDetails = Record<string, unknown>;

export class CasmError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'CasmError';
  }
}
