/** A routing domain (a VRF, the public internet): prefixes may overlap across spaces and never within one. */
export type Labels = Readonly<Record<string, string>>;

export interface Space {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly labels: Labels;
  readonly version: string;
  readonly createdAt: string;
}
