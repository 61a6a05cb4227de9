/** The line to a real PostgreSQL, which a test can cut and mend: to the controller the database is away, and back. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface DatabaseLine {
  /** The database as it is reached over this line. */
  readonly url: string;
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Lets nobody through until it is mended. @returns how many have been turned away so far */
  turnAway(): () => number;
}

export async function databaseLine(databaseUrl: string): Promise<DatabaseLine> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let turnedAway: number | undefined;
  const server = createServer((near) => {
    if (turnedAway !== undefined) {
      turnedAway += 1;
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    for (const [socket, other] of [[near, far], [far, near]] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    cut: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    mend: async () => {
      turnedAway = undefined;
      if (!server.listening) await listen(port);
    },
    turnAway: () => {
      turnedAway = 0;
      for (const socket of sockets) socket.destroy();
      return () => turnedAway ?? 0;
    },
  };
}
