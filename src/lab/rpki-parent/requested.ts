/** What a request asked for, as the state file keeps it: text, with absent and empty kept apart. */
import { formatRanges, parseRanges, type ResourceText } from '../../rpki/resources/text.js';
import type { RequestedResources } from '../../rpki/updown/message.js';

export type RequestedText = Readonly<Partial<ResourceText>>;

export function requestedText(requested: RequestedResources): RequestedText {
  return {
    ...(requested.asn && { asn: formatRanges('asn', requested.asn) }),
    ...(requested.ipv4 && { ipv4: formatRanges('ipv4', requested.ipv4) }),
    ...(requested.ipv6 && { ipv6: formatRanges('ipv6', requested.ipv6) }),
  };
}

export function requestedRanges({ asn, ipv4, ipv6 }: RequestedText): RequestedResources {
  return {
    ...(asn !== undefined && { asn: parseRanges('asn', asn) }),
    ...(ipv4 !== undefined && { ipv4: parseRanges('ipv4', ipv4) }),
    ...(ipv6 !== undefined && { ipv6: parseRanges('ipv6', ipv6) }),
  };
}
