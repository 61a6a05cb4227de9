/** A device with a pool to ask from, and a client that speaks as it: what the tests of the device door start from. */
import type { Api, ApiAnswer } from '../support/api.js';
import { asDevice, newDevice, newRoot, type Device, type Pool } from '../northbound/plan.js';

export interface PullingDevice {
  readonly device: Device;
  readonly pool: Pool;
  readonly door: Api;
  /** Pulls, as a device that holds this revision; undefined holds none. */
  pull(holds?: string, waitSeconds?: number): Promise<ApiAnswer>;
  acknowledge(revision: string, more?: object): Promise<ApiAnswer>;
}

export async function pullingDevice(api: Api, prefix = '45.96.0.0/24', policy: object = {}): Promise<PullingDevice> {
  const pool = await newRoot(api, [prefix], { policy });
  const domains = [{ name: 'residential', poolId: pool.id, family: 'ipv4', prefixLength: 26, holder: 'retail', service: 'internet' }];
  const device = await newDevice(api, pool.spaceId, { domains });
  const door = await asDevice(api, device.id);
  return {
    device,
    pool,
    door,
    pull: (holds, waitSeconds) =>
      door.get('/southbound/v1/document', {
        headers: { ...(holds === undefined ? {} : { 'if-none-match': `"${holds}"` }), ...(waitSeconds === undefined ? {} : { prefer: `wait=${waitSeconds}` }) },
      }),
    acknowledge: (revision, more = {}) => door.post('/southbound/v1/acks', { revision, applied: true, ...more }),
  };
}
