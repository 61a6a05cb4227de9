/**
 * Enrolment: a child_request in, a parent_response out (RFC 8183). The same request always gives the same answer; a
 * handle that another key holds is refused.
 */
import { RpkiError } from '../../rpki/rpki-error.js';
import { readChildRequest } from '../../rpki/setup/child-request.js';
import { writeParentResponse } from '../../rpki/setup/parent-response.js';
import type { ParentState } from './state.js';

export const defaultClass = '0';

/** Adds the child when it is new. @throws RpkiError `malformed`, `profile`, `untrusted` (the handle is another's) */
export function enrolChild(state: ParentState, xml: Buffer, serviceUri: string): string {
  const request = readChildRequest(xml);
  const anchor = request.anchor.der.toString('base64');
  const known = state.children.find((child) => child.handle === request.childHandle);
  if (known !== undefined && known.anchor !== anchor) throw new RpkiError('untrusted', `the handle ${request.childHandle} belongs to another key`);
  if (known === undefined) {
    state.children.push({
      handle: request.childHandle,
      anchor,
      lastReceived: null,
      lastSent: null,
      classes: [{ className: defaultClass, entitlement: 'all', notAfter: null, issued: [] }],
    });
  }
  return writeParentResponse({
    serviceUri,
    childHandle: request.childHandle,
    parentHandle: state.handle,
    anchor: Buffer.from(state.identity.anchor, 'base64'),
    tag: request.tag,
  });
}
