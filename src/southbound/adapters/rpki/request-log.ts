/**
 * The bond between a request and its entry in the certificate log. A request without an answer keeps its entry: asked
 * again as it was, it is the same request; replaced by another, its entry is closed.
 */
import type { ChildMemory, ClassMemory, UnansweredRequest } from './child-memory.js';
import type { CertificateLog, IssuedCertificate, ResourceSets } from '../../adapter.js';

/** @returns the entry's id; it and the class are durable then. */
export async function logAsked(
  log: CertificateLog,
  memory: ChildMemory,
  entry: ClassMemory,
  request: { action: UnansweredRequest['action']; subjectKeyIdentifier: string; resources: ResourceSets },
): Promise<string> {
  const { action, resources } = request;
  const before = entry.unanswered;
  if (before !== null && before.action === action && sameText(before.resources, resources)) return before.id;
  await closeUnanswered(log, entry);
  const id = await log.asked({ ...request, className: entry.className });
  entry.unanswered = { id, action, resources };
  await memory.save();
  return id;
}

/**
 * The certificate that is there now answers the request that asked for it. One the parent issued while we took its
 * answer for a refusal gets an entry of its own: no certificate is without one. Not yet saved.
 */
export async function logIssued(log: CertificateLog, entry: ClassMemory, certificate: IssuedCertificate): Promise<void> {
  const { unanswered, className } = entry;
  const { subjectKeyIdentifier, resources } = certificate;
  const answers = unanswered?.action === 'issue' && sameText(unanswered.resources, resources);
  if (!answers) await closeUnanswered(log, entry);
  const id = answers ? unanswered.id : await log.asked({ action: 'issue', className, subjectKeyIdentifier, resources });
  await log.issued(id, certificate);
  entry.unanswered = null;
}

/** Ends the entry of a request that will not be repeated. Not yet saved. */
export async function closeUnanswered(log: CertificateLog, entry: ClassMemory): Promise<void> {
  if (entry.unanswered === null) return;
  await log.refused(entry.unanswered.id, { status: null, description: 'no answer came, and it is no longer wanted' });
  entry.unanswered = null;
}

function sameText(a: ResourceSets, b: ResourceSets): boolean {
  return a.asn === b.asn && a.ipv4 === b.ipv4 && a.ipv6 === b.ipv6;
}
