/**
 * The lab's hands on the northbound API, with an admin token: typed by its contract, one attempt a call, refusals as
 * NorthboundProblem.
 */
import type { components } from '../../contract/northbound.generated.js';

export type Northbound = components['schemas'];

export class NorthboundProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    request: string,
    detail: string,
  ) {
    super(`${request} answered ${status} ${code}: ${detail}`);
    this.name = 'NorthboundProblem';
  }
}

export class NorthboundClient {
  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {}

  spaces(): Promise<Northbound['Space'][]> {
    return this.list<Northbound['SpaceList']>('/v1/spaces?limit=1000');
  }

  pools(spaceId: string, name: string): Promise<Northbound['Pool'][]> {
    return this.list<Northbound['PoolList']>(`/v1/pools?${new URLSearchParams({ spaceId, name })}`);
  }

  devices(name: string): Promise<Northbound['Device'][]> {
    return this.list<Northbound['DeviceList']>(`/v1/devices?${new URLSearchParams({ name })}`);
  }

  allocations(labels: string): Promise<Northbound['Allocation'][]> {
    return this.list<Northbound['AllocationList']>(`/v1/allocations?${new URLSearchParams({ labels })}`);
  }

  createSpace(body: Northbound['SpaceRequest'], key: string): Promise<Northbound['Space']> {
    return this.send('POST', '/v1/spaces', body, key);
  }

  createPool(body: Northbound['PoolRequest'], key: string): Promise<Northbound['Pool']> {
    return this.send('POST', '/v1/pools', body, key);
  }

  createDevice(body: Northbound['DeviceRequest'], key: string): Promise<Northbound['Device']> {
    return this.send('POST', '/v1/devices', body, key);
  }

  device(id: string): Promise<Northbound['Device']> {
    return this.send('GET', `/v1/devices/${id}`);
  }

  updateDevice(id: string, body: Northbound['DeviceUpdate']): Promise<Northbound['Device']> {
    return this.send('PATCH', `/v1/devices/${id}`, body);
  }

  allocate(body: Northbound['AllocationRequest'], key: string): Promise<Northbound['Allocation']> {
    return this.send('POST', '/v1/allocations', body, key);
  }

  createToken(body: Northbound['TokenRequest'], key: string): Promise<Northbound['TokenWithSecret']> {
    return this.send('POST', '/v1/tokens', body, key);
  }

  private async list<T extends { items: unknown[] }>(path: string): Promise<T['items']> {
    return (await this.send<T>('GET', path)).items;
  }

  private async send<T>(method: string, path: string, body?: object, key?: string): Promise<T> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.token}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (key !== undefined) headers['idempotency-key'] = key;
    const response = await fetch(this.url + path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.any([this.signal, AbortSignal.timeout(30_000)]),
    });
    if (response.ok) return (await response.json()) as T;
    const problem = (await response.json().catch(() => ({}))) as Partial<Northbound['Problem']>;
    throw new NorthboundProblem(response.status, problem.code ?? 'unknown', `${method} ${path.split('?')[0]}`, problem.detail ?? 'no detail');
  }
}
