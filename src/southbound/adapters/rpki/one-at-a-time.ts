/** Runs tasks of one key one after the other: a parent answers 1101 to a child that asks twice at once. */
export class OneAtATime {
  private readonly last = new Map<string, Promise<unknown>>();

  /** @returns what the task returns; a failed task does not keep the next from running. */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.last.get(key) ?? Promise.resolve();
    const turn = before.then(task, task);
    this.last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.last.get(key) === turn) this.last.delete(key);
    }
  }
}
