/** How long a request would wait for space, and how urgent it is. */
export interface Wait {
  readonly seconds: number;
  /** 0 to 9; the larger comes first. */
  readonly priority?: number;
}

export const defaultPriority = 4;
