/**
 * The certification authority of the parent: what each child is entitled to, and the certificates it was issued. Knows
 * no CMS and no HTTP. A child whose entitlement shrinks keeps its certificate until it asks for a smaller one; one that
 * loses a class entirely loses its certificates at once.
 */
import { keyIdentifier, type KeyPair } from '../../rpki/keys.js';
import { readRequest, requireCaRequest } from '../../rpki/pkcs10/read.js';
import { buildCaCertificate, buildTrustAnchor } from '../../rpki/resource-certificate/build.js';
import { explicitResources } from '../../rpki/resource-certificate/verify.js';
import { readResourceCertificate } from '../../rpki/resource-certificate/read.js';
import { equalResources, intersectionOfResources, isEmpty, type ResourceSet } from '../../rpki/resources/resource-set.js';
import { formatRanges, parseRanges, parseResources } from '../../rpki/resources/text.js';
import { RpkiError } from '../../rpki/rpki-error.js';
import { UpDownStatus, type KeyReference, type RequestedResources, type ResourceClass } from '../../rpki/updown/message.js';
import type { ChildState, ClassState, IssuedState, ParentState } from './state.js';

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
const lifetime = 364 * day;
const renewBefore = 28 * day;
const fiveMinutes = 5 * 60_000;

export interface AuthorityOptions {
  readonly state: ParentState;
  readonly key: KeyPair;
  readonly resources: ResourceSet;
  /** rsync URI of a directory, with the slash at its end. */
  readonly siaBase: string;
  readonly now: () => Date;
}

export class Authority {
  constructor(private readonly options: AuthorityOptions) {
    if (!this.anchorServes()) this.renewAnchor();
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
      crlUri: `${this.options.siaBase}${this.keyName}.crl`,
      issuerUri: this.issuerUri,
    });
    const issued: IssuedState = { ski, certificate: certificate.toString('base64'), requested: textOf(requested) };
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
      entry.notAfter = new Date(Math.floor((now + lifetime) / 1000) * 1000).toISOString();
    }
    return new Date(entry.notAfter);
  }

  private resourceClass(entry: ClassState, issued: readonly IssuedState[]): ResourceClass {
    return {
      className: entry.className,
      issuerUrls: [this.issuerUri],
      entitlement: this.entitlement(entry),
      notAfter: this.notAfter(entry),
      certificates: issued.map(({ ski, certificate, requested }) => ({
        urls: [`${this.options.siaBase}${ski.toUpperCase()}.cer`],
        certificate: Buffer.from(certificate, 'base64'),
        requested: rangesOf(requested),
      })),
      issuer: Buffer.from(this.options.state.anchor ?? '', 'base64'),
    };
  }

  private get keyName(): string {
    return this.options.key.ski.toString('hex').toUpperCase();
  }

  private get issuerUri(): string {
    return `${this.options.siaBase}${this.keyName}.cer`;
  }

  /** The stored certificate names the resources of today and lasts longer than anything issued under it. */
  private anchorServes(): boolean {
    const { state, resources, now } = this.options;
    if (state.anchor === null) return false;
    const anchor = readResourceCertificate(Buffer.from(state.anchor, 'base64'));
    const held = explicitResources(anchor);
    return held !== undefined && equalResources(held, resources) && anchor.notAfter.getTime() > now().getTime() + 2 * lifetime;
  }

  private renewAnchor(): void {
    const { state, key, resources, siaBase, now } = this.options;
    const time = now().getTime();
    state.anchor = buildTrustAnchor(key, {
      notBefore: new Date(time - fiveMinutes),
      notAfter: new Date(time + 10 * lifetime),
      resources,
      sia: { caRepository: siaBase, rpkiManifest: `${siaBase}${this.keyName}.mft` },
    }).toString('base64');
  }
}

function textOf(requested: RequestedResources): IssuedState['requested'] {
  return {
    ...(requested.asn && { asn: formatRanges('asn', requested.asn) }),
    ...(requested.ipv4 && { ipv4: formatRanges('ipv4', requested.ipv4) }),
    ...(requested.ipv6 && { ipv6: formatRanges('ipv6', requested.ipv6) }),
  };
}

function rangesOf({ asn, ipv4, ipv6 }: IssuedState['requested']): RequestedResources {
  return {
    ...(asn !== undefined && { asn: parseRanges('asn', asn) }),
    ...(ipv4 !== undefined && { ipv4: parseRanges('ipv4', ipv4) }),
    ...(ipv6 !== undefined && { ipv6: parseRanges('ipv6', ipv6) }),
  };
}
