/**
 * The certification authority of the parent: what each child is entitled to, and the certificates it was issued. Knows
 * no CMS and no HTTP. A child whose entitlement shrinks keeps its certificate until it asks for a smaller one; one that
 * loses a class entirely loses its certificates at once.
 */
import { keyIdentifier } from '../../rpki/keys.js';
import { readRequest, requireCaRequest } from '../../rpki/pkcs10/read.js';
import { buildCaCertificate } from '../../rpki/resource-certificate/build.js';
import { intersectionOfResources, isEmpty, type ResourceSet } from '../../rpki/resources/resource-set.js';
import { parseResources } from '../../rpki/resources/text.js';
import { RpkiError } from '../../rpki/rpki-error.js';
import { UpDownStatus, type KeyReference, type RequestedResources, type ResourceClass } from '../../rpki/updown/message.js';
import { anchorUris, childLifetime, serviceableAnchor, type AnchorUris, type AuthorityOptions } from './anchor.js';
import { requestedRanges, requestedText } from './requested.js';
import type { ChildState, ClassState, IssuedState } from './state.js';

/** A request the protocol answers with error_response. */
export class UpDownRefusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'UpDownRefusal';
  }
}

const day = 24 * 60 * 60_000;
const renewBefore = 28 * day;
const fiveMinutes = 5 * 60_000;

export class Authority {
  private readonly uris: AnchorUris;

  constructor(private readonly options: AuthorityOptions) {
    this.uris = anchorUris(options.siaBase, options.key);
    options.state.anchor = serviceableAnchor(options).toString('base64');
  }

  list(child: ChildState): ResourceClass[] {
    return child.classes.flatMap((entry) => (isEmpty(this.entitlement(entry)) ? [] : [this.resourceClass(entry, entry.issued)]));
  }

  /** @throws UpDownRefusal 1201, 1202, 1203, 1204 */
  issue(child: ChildState, className: string, requested: RequestedResources, csr: Buffer): ResourceClass {
    const { spki, sia } = this.request(csr);
    const entry = this.classOf(child, className, UpDownStatus.noSuchClass);
    const entitlement = this.entitlement(entry);
    if (isEmpty(entitlement)) throw new UpDownRefusal(UpDownStatus.noResources, `no resources in class ${className}`);
    const ski = keyIdentifier(spki).toString('hex');
    if (this.usedElsewhere(entry, ski)) throw new UpDownRefusal(UpDownStatus.keyReuse, 'the key is in use in another class');
    const resources = intersectionOfResources(entitlement, { ...entitlement, ...requested });
    if (isEmpty(resources)) throw new UpDownRefusal(UpDownStatus.noResources, 'none of the resources asked for can be certified');
    const certificate = buildCaCertificate(this.options.key, {
      spki,
      sia,
      resources,
      notBefore: new Date(this.options.now().getTime() - fiveMinutes),
      notAfter: this.notAfter(entry),
      crlUri: this.uris.crl,
      issuerUri: this.uris.certificate,
    });
    const issued: IssuedState = { ski, certificate: certificate.toString('base64'), requested: requestedText(requested) };
    entry.issued = [...entry.issued.filter((other) => other.ski !== ski), issued];
    return this.resourceClass(entry, [issued]);
  }

  /** Revokes all certificates of the key in the class. @throws UpDownRefusal 1301, 1302 */
  revoke(child: ChildState, key: KeyReference): void {
    const entry = this.classOf(child, key.className, UpDownStatus.revokeNoSuchClass);
    const ski = key.ski.toString('hex');
    const kept = entry.issued.filter((issued) => issued.ski !== ski);
    if (kept.length === entry.issued.length) throw new UpDownRefusal(UpDownStatus.revokeNoSuchKey, 'no certificate of that key');
    entry.issued = kept;
  }

  /** What of the class's entitlement the parent itself holds. */
  entitlement(entry: ClassState): ResourceSet {
    const { resources } = this.options;
    return entry.entitlement === 'all' ? resources : intersectionOfResources(resources, parseResources(entry.entitlement));
  }

  private request(csr: Buffer) {
    try {
      const request = readRequest(csr);
      return { spki: request.spki, sia: requireCaRequest(request) };
    } catch (error) {
      if (error instanceof RpkiError) throw new UpDownRefusal(UpDownStatus.badRequest, error.message);
      throw error;
    }
  }

  private classOf(child: ChildState, className: string, status: number): ClassState {
    const entry = child.classes.find((candidate) => candidate.className === className);
    if (entry === undefined) throw new UpDownRefusal(status, `no class ${className}`);
    return entry;
  }

  private usedElsewhere(entry: ClassState, ski: string): boolean {
    const others = this.options.state.children.flatMap((child) => child.classes).filter((other) => other !== entry);
    return others.some((other) => other.issued.some((issued) => issued.ski === ski));
  }

  private notAfter(entry: ClassState): Date {
    const now = this.options.now().getTime();
    if (entry.notAfter === null || Date.parse(entry.notAfter) - now < renewBefore) {
      entry.notAfter = new Date(Math.floor((now + childLifetime) / 1000) * 1000).toISOString();
    }
    return new Date(entry.notAfter);
  }

  private resourceClass(entry: ClassState, issued: readonly IssuedState[]): ResourceClass {
    return {
      className: entry.className,
      issuerUrls: [this.uris.certificate],
      entitlement: this.entitlement(entry),
      notAfter: this.notAfter(entry),
      certificates: issued.map(({ ski, certificate, requested }) => ({
        urls: [`${this.options.siaBase}${ski.toUpperCase()}.cer`],
        certificate: Buffer.from(certificate, 'base64'),
        requested: requestedRanges(requested),
      })),
      issuer: Buffer.from(this.options.state.anchor ?? '', 'base64'),
    };
  }
}
