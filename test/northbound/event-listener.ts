/** A client of the event stream as a browser's EventSource is one: reads fields line by line, and keeps the last id. */
export interface Heard {
  readonly id: string;
  readonly type: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- each test names what it expects
  readonly data: any;
}

export class EventListener {
  readonly heard: Heard[] = [];
  lastId = '';
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;

  private constructor(
    readonly response: Response,
    private readonly leaving: AbortController,
  ) {
    this.ended = this.read();
  }

  static async open(url: string, token: string, lastEventId?: string): Promise<EventListener> {
    const leaving = new AbortController();
    const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}`, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) };
    return new EventListener(await fetch(url, { headers, signal: leaving.signal }), leaving);
  }

  async leave(): Promise<void> {
    this.leaving.abort();
    await this.ended;
  }

  private async read(): Promise<void> {
    let text = '';
    try {
      for await (const piece of (this.response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
        text += piece;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) this.take(block);
      }
    } catch {
      // left, or cut off: either way it is over
    }
  }

  private take(block: string): void {
    const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()]));
    this.lastId = fields.get('id') ?? this.lastId;
    const data = fields.get('data');
    if (data !== undefined) this.heard.push({ id: this.lastId, type: fields.get('event') ?? 'message', data: JSON.parse(data) });
  }
}
