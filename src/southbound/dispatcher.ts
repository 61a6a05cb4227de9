/**
 * Brings stale devices up to date: renders the whole document, has the adapter apply it, settles at the rendered
 * revision. What happened in between stays stale and is delivered next. Killed at any point, the job runs again.
 */
import { Logger } from '@nestjs/common';
import type { Device } from '../model/device.js';
import { failedDelivery, renderedDelivery } from '../operations/deliveries/note-delivery.js';
import { settlePush } from '../operations/deliveries/settle-push.js';
import { enrolDevice } from '../operations/devices/enrol-device.js';
import { getDeviceDocument, type CurrentDocument } from '../operations/documents/get-device-document.js';
import type { Hall } from '../operations/hall.js';
import { CasmError } from '../model/errors.js';
import { Reject, Retry, type Adapter, type DeviceHandle } from './adapter.js';
import type { DeviceHandles } from './device-handle.js';

const exchangeMs = 120_000;
const longestBackOffSeconds = 300;

export class Dispatcher {
  private readonly logger = new Logger('dispatcher');
  private readonly adapters: ReadonlyMap<string, Adapter>;

  constructor(
    private readonly hall: Hall,
    private readonly handles: DeviceHandles,
    adapters: readonly Adapter[],
    private readonly now: () => Date,
    private readonly random: () => number,
  ) {
    this.adapters = new Map(adapters.map((adapter) => [adapter.kind, adapter]));
  }

  async deliver(deviceId: string, stopping: AbortSignal): Promise<void> {
    const current = await this.hall.read(getDeviceDocument, { deviceId }).catch((error: unknown) => {
      if (error instanceof CasmError && error.code === 'device-not-found') return undefined;
      throw error;
    });
    if (current === undefined) return;
    const { device, delivery, document } = current;
    const adapter = this.adapters.get(device.adapter);
    if (adapter === undefined || delivery.state === 'suspended' || delivery.state === 'settled') return;
    const { revision } = document;
    await this.hall.act('renderDocument', renderedDelivery, { deviceId, revision });
    try {
      const signal = AbortSignal.any([stopping, AbortSignal.timeout(exchangeMs)]);
      const handle = await this.handles.of(device, signal);
      await this.enrol(device, adapter, handle);
      await adapter.apply(handle, document);
    } catch (error) {
      await this.fail(current, error);
      return;
    }
    await this.hall.act('settleDelivery', settlePush, { deviceId, revision });
  }

  private async enrol(device: Device, adapter: Adapter, handle: DeviceHandle): Promise<void> {
    if (device.enrolment !== null || adapter.enrol === undefined) return;
    const enrolment = await adapter.enrol(handle);
    await this.hall.act('enrolDevice', enrolDevice, { deviceId: device.id, enrolment });
  }

  private async fail({ device, delivery, document: { revision } }: CurrentDocument, error: unknown): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error);
    const retryAt = error instanceof Reject ? null : this.backOff(delivery.attempts, error instanceof Retry ? error.afterSeconds : undefined);
    if (!(error instanceof Reject || error instanceof Retry)) this.logger.error(`${device.name}: the adapter failed: ${error instanceof Error ? error.stack : reason}`);
    else this.logger.warn(`${device.name}: ${retryAt === null ? 'parked' : 'will be tried again'}: ${reason}`);
    await this.hall.act('failDelivery', failedDelivery, { deviceId: device.id, revision, error: reason.slice(0, 2000), retryAt });
  }

  /** Doubling from one second to five minutes, spread by half either way so that devices do not come in step. */
  private backOff(attempts: number, asked: number | undefined): Date {
    const seconds = asked ?? Math.min(longestBackOffSeconds, 2 ** Math.min(attempts, 16));
    return new Date(this.now().getTime() + seconds * 1000 * (0.5 + this.random()));
  }
}
