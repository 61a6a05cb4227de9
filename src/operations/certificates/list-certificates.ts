import type { Certificate } from '../../model/certificate.js';
import { page, type Page } from '../../model/page.js';
import * as certificates from '../../storage/certificates.js';
import type { Tx } from '../../storage/sql.js';
import { pageRequest, type ListRequest } from '../list.js';

export async function listCertificates(tx: Tx, request: ListRequest & { deviceId?: string; state?: string }): Promise<Page<Certificate>> {
  const asked = pageRequest(request);
  return page(await certificates.listCertificates(tx, asked, request), asked, (certificate) => certificate.id);
}
