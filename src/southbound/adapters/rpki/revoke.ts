/** Gives a class up: its key is revoked at the parent and forgotten here. A certificate is never asked to be empty. */
import { importKey } from '../../../rpki/keys.js';
import { readResourceCertificate } from '../../../rpki/resource-certificate/read.js';
import { explicitResources } from '../../../rpki/resource-certificate/verify.js';
import { noResources } from '../../../rpki/resources/resource-set.js';
import { formatResources } from '../../../rpki/resources/text.js';
import { Reject } from '../../adapter.js';
import type { ClassMemory } from './child-memory.js';
import type { ParentSession } from './parent-session.js';
import { meansRevoked, refusalToRetry, Refused } from './refused.js';
import { logAsked } from './request-log.js';

/** @throws Retry, Reject */
export async function revoke(session: ParentSession, entry: ClassMemory): Promise<void> {
  const { memory, device } = session;
  const { ski } = importKey(entry.key);
  const held = entry.certificate === null ? undefined : explicitResources(readResourceCertificate(Buffer.from(entry.certificate, 'base64')));
  const request = { action: 'revoke', subjectKeyIdentifier: ski.toString('hex'), resources: formatResources(held ?? noResources) } as const;
  const id = await logAsked(device.certificates, memory, entry, request);
  try {
    const answer = await session.ask({ type: 'revoke', className: entry.className, ski }, 'revoke_response');
    if (answer.className !== entry.className || !answer.ski.equals(ski)) throw new Reject('the parent says it revoked another key');
  } catch (error) {
    if (!(error instanceof Refused && meansRevoked(error))) {
      if (error instanceof Refused || error instanceof Reject) {
        entry.unanswered = null;
        const status = error instanceof Refused ? error.status : null;
        await device.certificates.refused(id, { status, description: error instanceof Refused ? error.description : error.message });
        await memory.save();
      }
      throw error instanceof Refused ? refusalToRetry(error) : error;
    }
  }
  await device.certificates.revoked(id);
  memory.dropClass(entry);
  await memory.save();
}
