/** API tokens and the roles they carry. A role may do what the roles below it may; `device` stands apart. */
export type Role = 'viewer' | 'operator' | 'admin' | 'device';

export interface Token {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly deviceId: string | null;
  readonly expiresAt: string | null;
  readonly createdAt: string;
}

const ranks: Record<Role, number> = { viewer: 1, operator: 2, admin: 3, device: 0 };

export function mayAct(role: Role, needed: Role): boolean {
  if (role === 'device' || needed === 'device') return role === needed;
  return ranks[role] >= ranks[needed];
}
