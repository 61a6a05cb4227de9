/** One device as its adapter sees it: reach and credentials in clear, a durable memory, a log of certificates. */
import type { Device } from '../model/device.js';
import type { Hall } from '../operations/hall.js';
import { askCertificate, issueCertificate, refuseCertificate, revokeCertificate } from '../operations/certificates/log-certificates.js';
import { loadMemory, openCredentials, saveMemory } from '../storage/devices.js';
import type { SecretBox } from '../storage/secret-box.js';
import type { Transactions } from '../storage/transactions.js';
import type { CertificateLog, DeviceHandle, DeviceMemory } from './adapter.js';

export class DeviceHandles {
  constructor(
    private readonly transactions: Transactions,
    private readonly box: SecretBox,
    private readonly hall: Hall,
  ) {}

  async of(device: Device, signal: AbortSignal): Promise<DeviceHandle> {
    const credentials = await this.transactions.snapshot((tx) => openCredentials(tx, this.box, device.id));
    return { id: device.id, name: device.name, endpoint: device.endpoint ?? '', credentials, signal, memory: this.memoryOf(device), certificates: this.certificatesOf(device) };
  }

  private memoryOf({ id }: Device): DeviceMemory {
    return {
      load: () => this.transactions.snapshot((tx) => loadMemory(tx, this.box, id)),
      save: (text) => this.transactions.write((tx) => saveMemory(tx, this.box, id, text)),
    };
  }

  private certificatesOf({ id: deviceId }: Device): CertificateLog {
    return {
      asked: (request) => this.hall.act('askCertificate', askCertificate, { deviceId, ...request }),
      issued: (id, { subjectKeyIdentifier: _, ...issued }) => this.hall.act('issueCertificate', issueCertificate, { id, issued }),
      revoked: (id) => this.hall.act('revokeCertificate', revokeCertificate, { id }),
      refused: (id, error) => this.hall.act('refuseCertificate', refuseCertificate, { id, error }),
    };
  }
}
