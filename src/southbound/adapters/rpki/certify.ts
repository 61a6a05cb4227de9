/**
 * Brings the certificate of one class to the wanted resources. Asks only when the one the parent lists is not already
 * right, so applying a document twice asks once. The parent's list is the truth: an answer lost on the way is found there.
 */
import { exportKey, generateKey, importKey, type KeyPair } from '../../../rpki/keys.js';
import { buildCaRequest } from '../../../rpki/pkcs10/build.js';
import type { SubjectInfoAccess } from '../../../rpki/resource-certificate/access.js';
import type { ResourceCertificate } from '../../../rpki/resource-certificate/read.js';
import type { ResourceSet } from '../../../rpki/resources/resource-set.js';
import { formatResources } from '../../../rpki/resources/text.js';
import { RpkiError } from '../../../rpki/rpki-error.js';
import type { ListedCertificate, ResourceClass } from '../../../rpki/updown/message.js';
import { Reject, Retry, type IssuedCertificate } from '../../adapter.js';
import { certifiesExactly, ignoringRpkiErrors, ownCertificateIn, readOwnCertificate, worthRenewing, type OwnCertificate } from './check-certificate.js';
import type { ClassMemory } from './child-memory.js';
import type { ParentSession } from './parent-session.js';
import { siaOf } from './parent-settings.js';
import { refusalToRetry, Refused, voidsClass } from './refused.js';
import { closeUnanswered, logAsked, logIssued } from './request-log.js';

/** @param wanted not empty, within the class's entitlement. @throws Retry, Reject */
export async function certify(session: ParentSession, offered: ResourceClass, wanted: ResourceSet): Promise<void> {
  const { memory, settings, now } = session;
  const entry = memory.classOf(offered.className) ?? memory.addClass(offered.className, exportKey(await generateKey()));
  const key = importKey(entry.key);
  const sia = siaOf(settings, offered.className, key.ski);
  const own = ownCertificateIn(offered, key);
  const expected = { spki: key.spki, sia, issuer: offered.issuer };
  const current = own && ignoringRpkiErrors(() => readOwnCertificate(own.listed.certificate, expected, now()));
  if (own !== undefined && current !== undefined && certifiesExactly(current, wanted) && !worthRenewing(current, offered.notAfter, now())) {
    await accept(session, entry, { listed: own.listed, certificate: current }, wanted);
    return;
  }
  await issue(session, entry, key, sia, wanted);
}

async function issue(session: ParentSession, entry: ClassMemory, key: KeyPair, sia: SubjectInfoAccess, wanted: ResourceSet): Promise<void> {
  const { memory, device } = session;
  const request = { action: 'issue', subjectKeyIdentifier: key.ski.toString('hex'), resources: formatResources(wanted) } as const;
  const id = await logAsked(device.certificates, memory, entry, request);
  try {
    const csr = buildCaRequest(key, sia);
    const { issued } = await session.ask({ type: 'issue', className: entry.className, requested: wanted, csr }, 'issue_response');
    const [answer] = issued.certificates;
    if (issued.className !== entry.className || answer === undefined) throw new Reject('the parent answered for another class');
    const certificate = verified(answer, issued, key, sia, session.now());
    if (!certifiesExactly(certificate, wanted)) {
      throw new Mismatch('the parent certified other resources than were asked; its entitlement may have changed just now');
    }
    await accept(session, entry, { listed: answer, certificate }, wanted);
  } catch (error) {
    const status = error instanceof Refused ? error.status : null;
    if (error instanceof Refused || error instanceof Reject || error instanceof Mismatch) {
      entry.unanswered = null;
      if (error instanceof Refused && voidsClass(error)) memory.dropClass(entry);
      await device.certificates.refused(id, { status, description: error instanceof Refused ? error.description : error.message });
      await memory.save();
    }
    throw error instanceof Refused ? refusalToRetry(error) : error;
  }
}

/** A verified answer that is not what was asked: listing again will tell why. */
class Mismatch extends Retry {}

function verified(answer: ListedCertificate, issued: ResourceClass, key: KeyPair, sia: SubjectInfoAccess, now: Date): ResourceCertificate {
  try {
    return readOwnCertificate(answer.certificate, { spki: key.spki, sia, issuer: issued.issuer }, now);
  } catch (error) {
    if (error instanceof RpkiError) throw new Reject(`the certificate the parent issued is not to be accepted: ${error.message}`, { cause: error });
    throw error;
  }
}

async function accept(session: ParentSession, entry: ClassMemory, own: OwnCertificate, resources: ResourceSet): Promise<void> {
  const der = own.listed.certificate.toString('base64');
  if (entry.certificate === der && entry.unanswered === null) return;
  const log = session.device.certificates;
  if (entry.certificate === der) await closeUnanswered(log, entry);
  else await logIssued(log, entry, describe(own, resources));
  entry.certificate = der;
  await session.memory.save();
}

function describe({ listed, certificate }: OwnCertificate, resources: ResourceSet): IssuedCertificate {
  return {
    serial: certificate.serial.toString(16),
    subjectKeyIdentifier: certificate.ski.toString('hex'),
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    resources: formatResources(resources),
    certificate: listed.certificate.toString('base64'),
    uri: listed.urls.find((url) => url.startsWith('rsync://')) ?? '',
  };
}
