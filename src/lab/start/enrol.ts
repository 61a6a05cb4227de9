/**
 * Makes the lab's parent CA and the controller known to each other, the way an operator does it with a real parent (RFC
 * 8183): the controller's child_request goes to the parent, its parent_response comes back as the device's credentials.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../lab-error.js';
import type { Northbound, NorthboundClient } from './northbound-client.js';

/** Where the controller's objects would be published. */
const siaBase = 'rsync://rpki.example.net/repository/casm/';
const enrolmentSeconds = 30;

/** Does nothing when it was done with this parent at this URL. @throws LabError */
export async function enrol(api: NorthboundClient, device: Northbound['Device'], parentUrl: string, signal: AbortSignal): Promise<void> {
  if (device.endpoint === parentUrl && device.credentialNames.includes('parentResponse')) return;
  const response = await fetch(`${parentUrl}/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/xml' },
    body: await childRequest(api, device.id, signal),
    signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]),
  });
  const parentResponse = await response.text();
  if (!response.ok) throw new LabError(`the parent CA refused the enrolment (${response.status}): ${parentResponse.slice(0, 200)}`);
  await api.updateDevice(device.id, { endpoint: parentUrl, credentials: { parentResponse, siaBase } });
}

async function childRequest(api: NorthboundClient, deviceId: string, signal: AbortSignal): Promise<string> {
  for (const deadline = Date.now() + enrolmentSeconds * 1000; Date.now() < deadline; ) {
    const { enrolment } = await api.device(deviceId);
    if (enrolment !== null) return enrolment;
    await sleep(100, undefined, { signal });
  }
  throw new LabError(`the controller had no child_request for the parent CA within ${enrolmentSeconds} s`);
}
