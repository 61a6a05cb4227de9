/** The PKCS#10 by which a CA asks for its certificate (RFC 6487 §6.1). Carries no resources: those are asked in XML. */
import { encodeDer, encodeInteger, encodeOid, encodeSequence, encodeSet } from '../der/encode.js';
import { contextConstructed } from '../der/tags.js';
import type { KeyPair } from '../keys.js';
import { Oid } from '../oids.js';
import { encodeSubjectInfoAccess, type SubjectInfoAccess } from '../resource-certificate/access.js';
import { basicConstraintsCa, encodeExtension, keyUsageCa } from '../x509/extensions.js';
import { nameOfKey } from '../x509/name.js';
import { signedBy } from '../x509/signed.js';

/** @returns DER, signed by the key itself as proof of possession */
export function buildCaRequest(key: KeyPair, sia: SubjectInfoAccess): Buffer {
  const extensions = encodeSequence(
    basicConstraintsCa(),
    keyUsageCa(),
    encodeExtension(Oid.subjectInfoAccess, false, encodeSubjectInfoAccess(sia)),
  );
  const attribute = encodeSequence(encodeOid(Oid.extensionRequest), encodeSet(extensions));
  return signedBy(key, encodeSequence(encodeInteger(0), nameOfKey(key.ski), key.spki, encodeDer(contextConstructed(0), attribute)));
}
