/** Up-down messages as XML (RFC 6492 §3.2 to §3.6): canonical sets, UTC times in whole seconds, unpadded key ids. */
import { formatRanges } from '../resources/text.js';
import { xmlElement, escapeXml, type XmlAttributes } from '../xml/write.js';
import { upDownNamespace, type KeyReference, type ListedCertificate, type RequestedResources, type ResourceClass, type UpDownMessage } from './message.js';

export function writeUpDown(message: UpDownMessage): Buffer {
  const attributes = { xmlns: upDownNamespace, version: '1', sender: message.sender, recipient: message.recipient, type: message.type };
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${xmlElement('message', attributes, ...payload(message))}\n`, 'utf8');
}

function payload(message: UpDownMessage): string[] {
  switch (message.type) {
    case 'list':
      return [];
    case 'list_response':
      return message.classes.map(writeClass);
    case 'issue':
      return [xmlElement('request', { class_name: message.className, ...requestedAttributes(message.requested) }, message.csr.toString('base64'))];
    case 'issue_response':
      return [writeClass(message.issued)];
    case 'revoke':
    case 'revoke_response':
      return [writeKey(message)];
    case 'error_response':
      return [
        xmlElement('status', {}, String(message.status)),
        ...(message.description === '' ? [] : [xmlElement('description', { 'xml:lang': 'en-US' }, escapeXml(message.description))]),
      ];
  }
}

function writeClass(resourceClass: ResourceClass): string {
  const { entitlement } = resourceClass;
  const attributes = {
    class_name: resourceClass.className,
    cert_url: writeUrls(resourceClass.issuerUrls),
    resource_set_as: formatRanges('asn', entitlement.asn),
    resource_set_ipv4: formatRanges('ipv4', entitlement.ipv4),
    resource_set_ipv6: formatRanges('ipv6', entitlement.ipv6),
    resource_set_notafter: `${resourceClass.notAfter.toISOString().slice(0, 19)}Z`,
    suggested_sia_head: resourceClass.suggestedSiaHead,
  };
  return xmlElement(
    'class',
    attributes,
    ...resourceClass.certificates.map(writeCertificate),
    xmlElement('issuer', {}, resourceClass.issuer.toString('base64')),
  );
}

function writeCertificate(listed: ListedCertificate): string {
  const attributes = { cert_url: writeUrls(listed.urls), ...requestedAttributes(listed.requested) };
  return xmlElement('certificate', attributes, listed.certificate.toString('base64'));
}

function requestedAttributes(requested: RequestedResources): XmlAttributes {
  return {
    req_resource_set_as: requested.asn && formatRanges('asn', requested.asn),
    req_resource_set_ipv4: requested.ipv4 && formatRanges('ipv4', requested.ipv4),
    req_resource_set_ipv6: requested.ipv6 && formatRanges('ipv6', requested.ipv6),
  };
}

function writeKey({ className, ski }: KeyReference): string {
  return xmlElement('key', { class_name: className, ski: ski.toString('base64url') });
}

/** Commas separate, so a comma inside a URI is escaped (RFC 6492 §3.3.2). */
function writeUrls(urls: readonly string[]): string {
  return urls.map((url) => url.replaceAll(',', '%2C')).join(',');
}
