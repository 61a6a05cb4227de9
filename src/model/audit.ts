/** Who did what, when, and what it was before and after. */
export interface Actor {
  /** Null for the controller itself. */
  readonly tokenId: string | null;
  readonly name: string;
  readonly role: string;
}

export interface AuditEntry {
  readonly id: string;
  readonly at: string;
  readonly actor: Actor;
  readonly requestId: string;
  readonly operation: string;
  readonly resourceType: string;
  readonly resourceId: string | null;
  readonly before: object | null;
  readonly after: object | null;
}

/** The controller's own doing: background work and commands. */
export const controllerActor: Actor = { tokenId: null, name: 'controller', role: 'admin' };
