/** What is dear to find out, kept for a while: whoever asks meanwhile shares it, and nobody begins while another is at it. */
export class Recent<T> {
  private kept: { readonly at: number; readonly found: T } | undefined;
  private finding: Promise<T> | undefined;

  /** @param milliseconds for how long, from when it was found */
  constructor(
    private readonly find: () => Promise<T>,
    private readonly milliseconds: number,
    private readonly now: () => Date,
  ) {}

  /** @throws whatever finding throws; the next who asks begins anew */
  async get(): Promise<T> {
    const age = this.now().getTime() - (this.kept?.at ?? -Infinity);
    // A clock that was set back does not keep it any longer.
    if (this.kept !== undefined && age >= 0 && age < this.milliseconds) return this.kept.found;
    this.finding ??= this.findAnew().finally(() => (this.finding = undefined));
    return this.finding;
  }

  private async findAnew(): Promise<T> {
    const found = await this.find();
    this.kept = { at: this.now().getTime(), found };
    return found;
  }
}
