/** Lifetimes as a scope shows them: inherited from the one around it, with bounds that default to the value itself. */
import { integerIn, type JsonObject, Refusal } from './kea-json.js';

/** @throws Refusal */
export function lifetimesOf(scope: JsonObject, around: JsonObject, names: readonly string[]): JsonObject {
  const shown: JsonObject = {};
  for (const name of names) {
    const own = integerIn(scope, name);
    const value = own ?? integerIn(around, name) ?? 7200;
    const inherited = own === undefined ? around : {};
    const least = integerIn(scope, `min-${name}`) ?? integerIn(inherited, `min-${name}`) ?? value;
    const most = integerIn(scope, `max-${name}`) ?? integerIn(inherited, `max-${name}`) ?? value;
    if (value < least || value > most) {
      throw new Refusal(`subnet configuration failed: the value of (default) ${name} (${value}) is not between min-${name} (${least}) and max-${name} (${most})`);
    }
    Object.assign(shown, { [name]: value, [`min-${name}`]: least, [`max-${name}`]: most });
  }
  const renew = integerIn(scope, 'renew-timer') ?? integerIn(around, 'renew-timer');
  const rebind = integerIn(scope, 'rebind-timer') ?? integerIn(around, 'rebind-timer');
  if (renew !== undefined && rebind !== undefined && renew > rebind) {
    throw new Refusal(`subnet configuration failed: the value of renew-timer (${renew}) is greater than the value of rebind-timer (${rebind})`);
  }
  if (renew !== undefined) shown['renew-timer'] = renew;
  if (rebind !== undefined) shown['rebind-timer'] = rebind;
  return shown;
}
