/** A device as the dispatcher would hand it to an adapter, with its memory kept in the test. */
import type { CertificateLog, DeviceHandle, DeviceMemory } from '../../src/southbound/adapter.js';
import { deviceId } from './contract-documents.js';

/** An adapter with ranges has nothing to certify: whoever calls this is wrong. */
const noCertificates: CertificateLog = {
  asked: () => Promise.reject(new Error('an adapter with ranges asked for a certificate')),
  issued: () => Promise.reject(new Error('an adapter with ranges stored a certificate')),
  revoked: () => Promise.reject(new Error('an adapter with ranges revoked a certificate')),
  refused: () => Promise.reject(new Error('an adapter with ranges was refused a certificate')),
};

export function memoryInTest(): DeviceMemory & { readonly text: () => string | undefined } {
  let kept: string | undefined;
  return {
    load: async () => kept,
    save: async (text) => {
      kept = text;
    },
    text: () => kept,
  };
}

export function deviceHandle(given: Partial<DeviceHandle> & Pick<DeviceHandle, 'endpoint' | 'memory'>): DeviceHandle {
  return { id: deviceId, name: 'edge-1', credentials: {}, signal: new AbortController().signal, certificates: noCertificates, ...given };
}
