/** The operator's own way into a Kea server, past our adapter: what the tests look and meddle with. */
export interface KeaServer {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Stops it and starts it again from what it wrote to its disk. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export type KeaMap = Record<string, unknown>;
export interface KeaReply {
  readonly result: number;
  readonly text?: string;
  readonly arguments?: unknown;
}

export class KeaConsole {
  constructor(private readonly server: Pick<KeaServer, 'url' | 'username' | 'password'>) {}

  async ask(service: string, command: string, args?: unknown): Promise<KeaReply> {
    const { username, password, url } = this.server;
    const response = await fetch(url, {
      method: 'POST',
      // A kept connection would be a dead one after restart().
      headers: { connection: 'close', 'content-type': 'application/json', authorization: `Basic ${btoa(`${username}:${password}`)}` },
      body: JSON.stringify({ command, service: [service], arguments: args }),
    });
    const replies = (await response.json()) as KeaReply[];
    return replies[0] ?? { result: -1 };
  }

  async must(service: string, command: string, args?: unknown): Promise<unknown> {
    const reply = await this.ask(service, command, args);
    if (reply.result !== 0) throw new Error(`${command}: ${reply.text}`);
    return reply.arguments;
  }

  /** The map under Dhcp4 or Dhcp6. */
  async configuration(service: 'dhcp4' | 'dhcp6' = 'dhcp4'): Promise<KeaMap> {
    const shown = (await this.must(service, 'config-get')) as KeaMap;
    return shown[service === 'dhcp4' ? 'Dhcp4' : 'Dhcp6'] as KeaMap;
  }

  async change(edit: (configuration: KeaMap) => KeaMap, service: 'dhcp4' | 'dhcp6' = 'dhcp4'): Promise<void> {
    const root = service === 'dhcp4' ? 'Dhcp4' : 'Dhcp6';
    await this.must(service, 'config-set', { [root]: edit(await this.configuration(service)) });
  }

  async subnets(service: 'dhcp4' | 'dhcp6' = 'dhcp4'): Promise<KeaMap[]> {
    return (await this.configuration(service))[service === 'dhcp4' ? 'subnet4' : 'subnet6'] as KeaMap[];
  }

  /** A lease as a client would have got it. */
  async lease(address: string, last: number, more: KeaMap = {}): Promise<void> {
    const hardware = `1a:1b:1c:1d:1e:${last.toString(16).padStart(2, '0')}`;
    await this.must('dhcp4', 'lease4-add', { 'ip-address': address, 'hw-address': hardware, ...more });
  }
}
