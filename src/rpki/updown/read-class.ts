/** A resource class and its certificates, out of the XML of RFC 6492 §3.3.2. Strict. */
import { malformed } from '../rpki-error.js';
import { parseRanges } from '../resources/text.js';
import type { ResourceType } from '../resources/resource-set.js';
import { attribute, base64Text, isNamed, onlyAttributes } from '../xml/fields.js';
import type { XmlElement } from '../xml/read.js';
import { upDownNamespace, type ListedCertificate, type RequestedResources, type ResourceClass } from './message.js';

const requestedAttribute: Readonly<Record<ResourceType, string>> = {
  asn: 'req_resource_set_as',
  ipv4: 'req_resource_set_ipv4',
  ipv6: 'req_resource_set_ipv6',
};

const classAttributes: readonly string[] = [
  'class_name',
  'cert_url',
  'resource_set_as',
  'resource_set_ipv4',
  'resource_set_ipv6',
  'resource_set_notafter',
  'suggested_sia_head',
];

export const requestedNames: readonly string[] = Object.values(requestedAttribute);

/** @throws RpkiError `malformed` */
export function readResourceClass(element: XmlElement): ResourceClass {
  if (!isNamed(element, upDownNamespace, 'class')) throw malformed(`<${element.name}> where <class> belongs`);
  onlyAttributes(element, ...classAttributes);
  const issuer = element.children.at(-1);
  if (issuer === undefined || !isNamed(issuer, upDownNamespace, 'issuer')) throw malformed('<class> does not end with its <issuer>');
  onlyAttributes(issuer);
  return {
    className: readClassName(element),
    issuerUrls: readUrls(element),
    entitlement: {
      asn: parseRanges('asn', attribute(element, 'resource_set_as')),
      ipv4: parseRanges('ipv4', attribute(element, 'resource_set_ipv4')),
      ipv6: parseRanges('ipv6', attribute(element, 'resource_set_ipv6')),
    },
    notAfter: readDateTime(attribute(element, 'resource_set_notafter')),
    suggestedSiaHead: element.attributes.get('suggested_sia_head'),
    certificates: element.children.slice(0, -1).map(readListedCertificate),
    issuer: base64Text(issuer),
  };
}

function readListedCertificate(element: XmlElement): ListedCertificate {
  if (!isNamed(element, upDownNamespace, 'certificate')) throw malformed(`<${element.name}> where <certificate> belongs`);
  onlyAttributes(element, 'cert_url', ...requestedNames);
  return { urls: readUrls(element), requested: readRequested(element), certificate: base64Text(element) };
}

/** Absent means all of the type, "" none: the two must not be confused. */
export function readRequested(element: XmlElement): RequestedResources {
  const read = (type: ResourceType): RequestedResources => {
    const text = element.attributes.get(requestedAttribute[type]);
    return text === undefined ? {} : { [type]: parseRanges(type, text) };
  };
  return { ...read('asn'), ...read('ipv4'), ...read('ipv6') };
}

export function readClassName(element: XmlElement): string {
  const name = attribute(element, 'class_name');
  if (name.length < 1 || name.length > 1024) throw malformed('a class name is of 1 to 1024 characters');
  return name;
}

function readUrls(element: XmlElement): string[] {
  const urls = attribute(element, 'cert_url').split(',').map((url) => url.trim());
  if (!urls.some((url) => url.startsWith('rsync://'))) throw malformed(`<${element.name}> names no rsync URI`);
  return urls;
}

function readDateTime(text: string): Date {
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) || Number.isNaN(date.getTime())) {
    throw malformed(`"${text}" is not a time in UTC`);
  }
  return date;
}
