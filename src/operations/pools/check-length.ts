import { CasmError } from '../../model/errors.js';
import { familyBits, type Family } from '../../model/prefix.js';

/** Whatever a pool allows. @throws CasmError `length-not-allowed` for what is no length of the family */
export function checkLength(family: Family, length: number): void {
  const bits = familyBits(family);
  if (length > bits) throw new CasmError('length-not-allowed', `/${length} is no length of ${family}`, { allowed: [`/0 to /${bits}`] });
}
