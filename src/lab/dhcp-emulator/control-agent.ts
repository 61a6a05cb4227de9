/** The control agent: takes one command, forwards it to the services it names, and answers for those it does not have. */
import type { DhcpServer } from './dhcp-server.js';
import { isMap, type Json } from './kea-json.js';
import { type Reply, resultCode } from './reply.js';

const ownCommands = ['list-commands', 'version-get'];

export class ControlAgent {
  constructor(private readonly servers: ReadonlyMap<string, DhcpServer>) {}

  /** @returns one reply per service, in the order asked for */
  answer(request: Json): Reply[] {
    if (!isMap(request)) return [failure('Error during command processing: Invalid command Element specified, expected map')];
    const { command, service, arguments: args } = request;
    if (typeof command !== 'string') return [failure("Error during command processing: Invalid command: 'command' parameter missing or not a string")];
    if (service === undefined || (Array.isArray(service) && service.length === 0)) return [this.ownAnswer(command)];
    if (!Array.isArray(service)) return [failure("'service' value must be a list")];
    return service.map((name) => {
      const server = this.servers.get(String(name));
      return server === undefined ? failure(`forwarding socket is not configured for the server type ${String(name)}`) : server.answer(command, args);
    });
  }

  private ownAnswer(command: string): Reply {
    if (command === 'list-commands') return { result: resultCode.success, arguments: ownCommands };
    if (command === 'version-get') return { result: resultCode.success, text: '2.2.0', arguments: { extended: '2.2.0\nemulated' } };
    return { result: resultCode.unsupported, text: `'${command}' command not supported. You did not include "service" parameter in the command.` };
  }
}

function failure(text: string): Reply {
  return { result: resultCode.error, text };
}
