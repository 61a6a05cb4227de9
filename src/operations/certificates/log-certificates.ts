/** What the RPKI adapter asks of a parent CA and what comes: each step durable, and audited, by itself. */
import type { Certificate, ResourceSets } from '../../model/certificate.js';
import { insertCertificateRequest, noteIssued, noteRefused, noteRevoked } from '../../storage/certificates.js';
import type { Work } from '../work.js';

export interface CertificateRequest {
  readonly deviceId: string;
  readonly action: 'issue' | 'revoke';
  readonly className: string;
  readonly subjectKeyIdentifier: string;
  readonly resources: ResourceSets;
}

/** @returns the id under which the answer is logged. */
export async function askCertificate(work: Work, { resources, ...request }: CertificateRequest): Promise<string> {
  const id = work.newId();
  await insertCertificateRequest(work.tx, { id, ...request, requested: resources });
  work.audit({ resourceType: 'certificate', resourceId: id, before: null, after: { ...request, requested: resources } });
  return id;
}

export async function issueCertificate(work: Work, { id, issued }: { id: string; issued: NonNullable<Certificate['issued']> }): Promise<void> {
  await noteIssued(work.tx, id, issued);
  work.audit({ resourceType: 'certificate', resourceId: id, before: { state: 'requested' }, after: { state: 'issued', issued } });
}

export async function revokeCertificate(work: Work, { id }: { id: string }): Promise<void> {
  await noteRevoked(work.tx, id);
  work.audit({ resourceType: 'certificate', resourceId: id, before: { state: 'requested' }, after: { state: 'revoked' } });
}

export async function refuseCertificate(work: Work, { id, error }: { id: string; error: NonNullable<Certificate['error']> }): Promise<void> {
  await noteRefused(work.tx, id, error);
  work.audit({ resourceType: 'certificate', resourceId: id, before: { state: 'requested' }, after: { state: 'refused', error } });
}
