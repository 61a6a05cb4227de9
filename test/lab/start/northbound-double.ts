/**
 * The northbound API as far as the lab's seed uses it, over real HTTP: every body is checked against the contract, names
 * are taken once, idempotency keys replay. It allocates nothing and delivers nothing.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { startJsonServer, type JsonAnswer, type JsonServer } from '../../../src/lab/json-server.js';

type Thing = Record<string, unknown> & { id: string };

const ajv = new Ajv2020({ strict: false });
formats.default(ajv);
ajv.addSchema(parse(readFileSync('openapi/northbound.yaml', 'utf8')) as object, 'northbound');

const bodies: Record<string, string> = { spaces: 'SpaceRequest', pools: 'PoolRequest', devices: 'DeviceRequest', allocations: 'AllocationRequest', tokens: 'TokenRequest' };

export class NorthboundDouble {
  readonly things: Record<string, Thing[]> = { spaces: [], pools: [], devices: [], allocations: [], tokens: [] };
  /** Every request that changes something and is answered. */
  readonly changes: string[] = [];
  /** The connection breaks after so many changes, before or after the last is done. */
  breakAfter = Infinity;
  private readonly answers = new Map<string, { body: string; thing: Thing }>();
  private server: JsonServer | undefined;

  constructor(private readonly childRequest: string) {}

  get url(): string {
    return this.server?.url ?? '';
  }

  async start(): Promise<void> {
    this.server = await startJsonServer(0, async (request, body) => {
      const url = new URL(request.url ?? '/', 'http://double');
      const [, version, kind = '', id] = url.pathname.split('/');
      const things = this.things[kind];
      if (version !== 'v1' || things === undefined) return problem(404, 'route-not-found');
      if (request.method === 'GET') return id === undefined ? list(things, url.searchParams) : found(things, id);
      const answer = request.method === 'PATCH' ? this.change(things, id ?? '', await body()) : this.create(kind, things, await body(), String(request.headers['idempotency-key']));
      this.changes.push(`${request.method} ${kind}`);
      if (this.changes.length >= this.breakAfter) request.socket.destroy();
      return answer;
    });
  }

  async stop(): Promise<void> {
    await this.server?.stop();
  }

  private create(kind: string, things: Thing[], body: unknown, key: string): JsonAnswer {
    const wrong = check(bodies[kind] ?? '', body);
    if (wrong !== undefined) return problem(400, 'invalid-request', wrong);
    const earlier = this.answers.get(key);
    if (earlier !== undefined) return earlier.body === JSON.stringify(body) ? { status: 201, body: earlier.thing } : problem(422, 'idempotency-key-reused');
    const { credentials, ...request } = body as Record<string, unknown>;
    if (typeof request['name'] === 'string' && things.some((thing) => thing['name'] === request['name'])) return problem(409, 'name-taken');
    const device = { credentialNames: Object.keys((credentials ?? {}) as object), enrolment: request['kind'] === 'rpki' ? this.childRequest : null };
    const thing = { endpoint: null, ...request, id: randomUUID(), ...(kind === 'devices' ? device : {}), ...(kind === 'tokens' ? { token: `casm_${randomUUID()}` } : {}) };
    things.push(thing);
    this.answers.set(key, { body: JSON.stringify(body), thing });
    return { status: 201, body: thing };
  }

  private change(things: Thing[], id: string, body: unknown): JsonAnswer {
    const wrong = check('DeviceUpdate', body);
    const thing = things.find((each) => each.id === id);
    if (wrong !== undefined || thing === undefined) return problem(400, 'invalid-request', wrong);
    const { credentials, ...rest } = body as Record<string, unknown>;
    Object.assign(thing, rest, credentials === undefined ? {} : { credentialNames: Object.keys(credentials as object) });
    return { status: 200, body: thing };
  }
}

function list(things: Thing[], query: URLSearchParams): JsonAnswer {
  const [, label] = query.get('labels')?.split('=') ?? [];
  const items = things.filter((thing) => (!query.has('name') || thing['name'] === query.get('name')) && (label === undefined || (thing['labels'] as { lab?: string }).lab === label));
  return { status: 200, body: { items, nextCursor: null } };
}

function found(things: Thing[], id: string): JsonAnswer {
  const thing = things.find((each) => each.id === id);
  return thing === undefined ? problem(404, 'route-not-found') : { status: 200, body: thing };
}

function check(schema: string, body: unknown): string | undefined {
  return ajv.validate(`northbound#/components/schemas/${schema}`, body) ? undefined : `${schema}: ${ajv.errorsText()}`;
}

function problem(status: number, code: string, detail = code): JsonAnswer {
  return { status, body: { type: `/docs/problems#${code}`, title: code, status, code, detail, requestId: '1' } };
}
