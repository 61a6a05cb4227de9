/** If-Match: the change is meant for the version the caller has seen. */
import { CasmError } from '../model/errors.js';

/** @throws CasmError `precondition-failed` when `ifMatch` names another version; undefined and `*` match any. */
export function checkVersion(ifMatch: string | undefined, version: string): void {
  if (ifMatch === undefined || ifMatch === '*' || ifMatch === `"${version}"`) return;
  throw new CasmError('precondition-failed', `it is at version "${version}" by now, not ${ifMatch}: read it again and decide anew`);
}
