import { expect, test } from 'vitest';
import { mayAct, type Role } from '../../src/model/token.js';

const mays: Record<Role, readonly Role[]> = { viewer: ['viewer'], operator: ['viewer', 'operator'], admin: ['viewer', 'operator', 'admin'], device: ['device'] };
const roles = Object.keys(mays) as Role[];

test.each(roles.flatMap((role) => roles.map((needed) => [role, needed] as const)))('%s where %s is needed', (role, needed) => {
  expect(mayAct(role, needed)).toBe(mays[role].includes(needed));
});
