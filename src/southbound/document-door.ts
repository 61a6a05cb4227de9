/** Serves a device its current document, or waits until there is a newer one than it holds. */
import type { DeviceDocument } from '../model/document.js';
import { CasmError } from '../model/errors.js';
import { renderedDelivery, seenDevice } from '../operations/deliveries/note-delivery.js';
import { getDeviceDocument, getWantedRevision } from '../operations/documents/get-device-document.js';
import type { Hall } from '../operations/hall.js';
import type { RevisionWatch } from './revision-watch.js';

/** However the wake-up call got lost, a waiting device looks again by itself after so long. */
const lookAgainMs = 5_000;

export class DocumentDoor {
  constructor(
    private readonly hall: Hall,
    private readonly watch: RevisionWatch,
  ) {}

  /**
   * @returns undefined when the device holds the current revision.
   * @throws CasmError `device-unsuitable` while the device is suspended.
   */
  async pull(deviceId: string, ifNoneMatch: string | undefined, waitSeconds: number): Promise<DeviceDocument | undefined> {
    const deadline = Date.now() + waitSeconds * 1000;
    await this.hall.act('pullDocument', seenDevice, { deviceId });
    for (;;) {
      const woken = this.watch.next(deviceId, Math.min(lookAgainMs, Math.max(0, deadline - Date.now())));
      const wanted = await this.hall.glance(getWantedRevision, { deviceId });
      if (ifNoneMatch !== `"${wanted}"`) break;
      if (Date.now() >= deadline) return undefined;
      await woken;
    }
    const { device, delivery, document } = await this.hall.read(getDeviceDocument, { deviceId });
    if (device.state === 'suspended') throw new CasmError('device-unsuitable', `${device.name} is suspended: it keeps what it holds and gets nothing new`);
    if (BigInt(delivery.renderedRevision) < BigInt(document.revision)) {
      await this.hall.act('renderDocument', renderedDelivery, { deviceId, revision: document.revision });
    }
    return document;
  }
}
