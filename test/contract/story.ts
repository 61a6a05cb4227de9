/** Tells the examples of the contracts to a controller, and holds what it answers against what they show. */
import { expect } from 'vitest';
import { contractOperation } from '../../src/contract/contract.js';
import type { Api } from '../support/api.js';
import { contractFiles, operationsOf, target, type Node } from './contract-files.js';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const anyUuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const time = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Secrets, cursors, names of requests and numbers of entries: each time another. */
function isFresh(key: string, value: unknown): boolean {
  return ['token', 'nextCursor', 'requestId'].includes(key) || (key === 'id' && !uuid.test(String(value)));
}

/** What an operation takes or answers, by the name of the example; `''` where there is but one. */
function shownBy(operationId: string, part: 'requestBody' | number): Record<string, unknown> {
  for (const file of contractFiles) {
    const found = operationsOf(file).find(({ operation }) => operation['operationId'] === operationId);
    if (found === undefined) continue;
    const resolved = (one: Node): Node => (typeof one['$ref'] === 'string' ? (target(file.document, one['$ref']) as Node) : one);
    const answers = found.operation['responses'] as Record<string, Node>;
    const holder = part === 'requestBody' ? (found.operation['requestBody'] as Node | undefined) : resolved(answers[part] ?? answers['default'] ?? {});
    const [media] = Object.values((holder?.['content'] ?? {}) as Record<string, Node>);
    const named = Object.entries((media?.['examples'] ?? {}) as Record<string, Node>).map(([name, one]) => [name, resolved(one)['value']] as const);
    return media?.['example'] === undefined ? Object.fromEntries(named) : { '': media['example'] };
  }
  throw new Error(`no contract has an operation ${operationId}`);
}

function only(examples: Record<string, unknown>, name: string | undefined, where: string): unknown {
  const found = name === undefined ? Object.values(examples)[0] : examples[name];
  expect(found, `${where} has no example ${name ?? ''}`).toBeDefined();
  return found;
}

export interface Telling {
  /** Which example is sent; the only one unless named. */
  readonly sent?: string;
  /** Which is answered; the one of the same name, or else the first. */
  readonly answer?: string;
  /** Parameters of the path, in the words of the examples, and of the query. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** Instead of an example. */
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status?: number;
}

export class Story {
  /** Ids of the examples, and what they are here. */
  private readonly ids = new Map<string, string>();
  readonly told = new Set<string>();

  idOf(example: string): string {
    return this.ids.get(example) ?? example;
  }

  async tell(api: Api, operationId: string, { sent, answer, path = {}, query = '', body, headers, status: asked }: Telling = {}): Promise<void> {
    const { method, path: pattern, bodyType, successStatus } = contractOperation(operationId);
    const status = asked ?? successStatus;
    const at = pattern.replace(/\{([^}]+)\}/g, (_, name: string) => this.idOf(path[name] ?? ''));
    const where = `${operationId} ${sent ?? ''} ${status}`;
    const taken = bodyType === undefined ? undefined : (body ?? only(shownBy(operationId, 'requestBody'), sent, where));
    const told = await api.expect(status, method, `${at}${this.here(query)}`, { body: taken === undefined ? undefined : JSON.parse(this.here(JSON.stringify(taken))), headers });
    const shown = shownBy(operationId, status);
    this.same(only(shown, answer ?? (sent !== undefined && sent in shown ? sent : undefined), where), told, where, query.includes('dryRun=true'));
    this.told.add(operationId);
  }

  /** A text in which the ids of the examples are those of here. */
  private here(text: string): string {
    return text.replace(anyUuid, (id) => this.idOf(id));
  }

  /** Equal but for ids, which are learnt where they are met first, times, and what is another each time. */
  private same(shown: unknown, told: unknown, where: string, forgotten: boolean): void {
    if (shown !== null && typeof shown === 'object' && told !== null && typeof told === 'object') {
      expect.soft(Object.keys(told).toSorted(), where).toEqual(Object.keys(shown).toSorted());
      for (const [key, value] of Object.entries(shown)) if (!isFresh(key, value)) this.same(value, (told as Node)[key], `${where}/${key}`, forgotten);
    } else if (typeof shown === 'string' && uuid.test(shown)) {
      expect.soft(told, where).toMatch(uuid);
      if (this.ids.has(shown)) expect.soft(told, where).toBe(this.ids.get(shown));
      else if (!forgotten) this.ids.set(shown, String(told));
    } else if (typeof shown === 'string' && time.test(shown)) expect.soft(told, where).toMatch(time);
    else expect.soft(typeof told === 'string' && typeof shown === 'string' ? told.replace(anyUuid, 'an id') : told, where).toEqual(typeof shown === 'string' ? shown.replace(anyUuid, 'an id') : shown);
  }
}
