/** The table of certificates: each request to a parent CA, and what came of it. */
import type { Certificate, CertificateState, ResourceSets } from '../model/certificate.js';
import type { PageRequest } from '../model/page.js';
import { rows, time, type Tx } from './sql.js';

interface CertificateRow {
  id: string;
  device_id: string;
  action: 'issue' | 'revoke';
  class_name: string;
  state: CertificateState;
  subject_key_identifier: string;
  requested: ResourceSets;
  issued: Certificate['issued'];
  error: Certificate['error'];
  requested_at: Date;
  answered_at: Date | null;
}

function toCertificate(found: CertificateRow): Certificate {
  return {
    id: found.id,
    deviceId: found.device_id,
    action: found.action,
    className: found.class_name,
    state: found.state,
    subjectKeyIdentifier: found.subject_key_identifier,
    requested: found.requested,
    issued: found.issued,
    error: found.error,
    requestedAt: time(found.requested_at),
    answeredAt: time(found.answered_at),
  };
}

export async function insertCertificateRequest(
  tx: Tx,
  request: Pick<Certificate, 'id' | 'deviceId' | 'action' | 'className' | 'subjectKeyIdentifier' | 'requested'>,
): Promise<void> {
  await rows(
    tx,
    `insert into certificates (id, device_id, action, class_name, state, subject_key_identifier, requested) values ($1, $2, $3, $4, 'requested', $5, $6)`,
    [request.id, request.deviceId, request.action, request.className, request.subjectKeyIdentifier, request.requested],
  );
}

/** The certificate came: it takes the place of the earlier ones for the same key and class. */
export async function noteIssued(tx: Tx, id: string, issued: NonNullable<Certificate['issued']>): Promise<void> {
  await rows(
    tx,
    `with now_issued as (update certificates set state = 'issued', issued = $2, answered_at = now() where id = $1 returning *)
     update certificates c set state = 'superseded' from now_issued n
     where c.device_id = n.device_id and c.class_name = n.class_name and c.state = 'issued' and c.id <> n.id`,
    [id, issued],
  );
}

/** The parent has revoked the key: nothing issued for it stands any more. */
export async function noteRevoked(tx: Tx, id: string): Promise<void> {
  await rows(
    tx,
    `with revocation as (update certificates set state = 'revoked', answered_at = now() where id = $1 returning *)
     update certificates c set state = 'revoked' from revocation r
     where c.device_id = r.device_id and c.subject_key_identifier = r.subject_key_identifier and c.state = 'issued' and c.id <> r.id`,
    [id],
  );
}

export async function noteRefused(tx: Tx, id: string, error: NonNullable<Certificate['error']>): Promise<void> {
  await rows(tx, `update certificates set state = 'refused', error = $2, answered_at = now() where id = $1`, [id, error]);
}

export async function listCertificates(tx: Tx, page: PageRequest, filter: { deviceId?: string; state?: string }): Promise<Certificate[]> {
  const found = await rows<CertificateRow>(
    tx,
    `select * from certificates where ($1::uuid is null or id > $1) and ($2::uuid is null or device_id = $2) and ($3::text is null or state = $3)
     order by id limit $4`,
    [page.after, filter.deviceId ?? null, filter.state ?? null, page.limit + 1],
  );
  return found.map(toCertificate);
}
