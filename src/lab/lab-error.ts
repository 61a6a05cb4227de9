/**
 * What went wrong in the lab, as the one line a person needs to put it right. Never carries a stack to the screen: the
 * message is all that is printed.
 */
export class LabError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LabError';
  }
}

/** The system's own short reason (`EACCES`, `ENOSPC` …) where there is one, else the message. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : String(error);
}
