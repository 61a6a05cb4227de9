/** What the operator told us about the parent CA and about where our own CA publishes, out of the device's credentials. */
import { createHash } from 'node:crypto';
import type { SubjectInfoAccess } from '../../../rpki/resource-certificate/access.js';
import { RpkiError } from '../../../rpki/rpki-error.js';
import { readParentResponse, type ParentResponse } from '../../../rpki/setup/parent-response.js';
import { Reject, type DeviceHandle } from '../../adapter.js';

export interface ParentSettings {
  readonly parent: ParentResponse;
  /** rsync URI of a directory, with the slash at its end. */
  readonly siaBase: string;
  readonly rrdpNotificationUri: string | undefined;
}

/** The endpoint of the device is not used: the parent's own response says where to ask. @throws Reject that says what to do */
export function parentSettings(credentials: DeviceHandle['credentials']): ParentSettings {
  const { parentResponse, siaBase, rrdpNotificationUri } = credentials;
  if (parentResponse === undefined) {
    throw new Reject(
      "the parent CA is not known yet: send it this device's enrolment (a child_request), " +
        'and store its parent_response XML as the credential parentResponse',
    );
  }
  if (siaBase === undefined) {
    throw new Reject('store as the credential siaBase the rsync URI of the directory our CA publishes in, such as rsync://rpki.example.net/repo/casm/');
  }
  if (!isDirectoryUri(siaBase)) throw new Reject(`the credential siaBase is not the rsync URI of a directory below a module: "${siaBase}"`);
  if (rrdpNotificationUri !== undefined && !/^https:\/\/[\x21-\x7e]+$/.test(rrdpNotificationUri)) {
    throw new Reject(`the credential rrdpNotificationUri is not an https URI: "${rrdpNotificationUri}"`);
  }
  return { parent: readResponse(parentResponse), siaBase: siaBase.endsWith('/') ? siaBase : `${siaBase}/`, rrdpNotificationUri };
}

/** A directory for each class and a manifest for each key, so that no two CAs ever share either. */
export function siaOf(settings: ParentSettings, className: string, ski: Buffer): SubjectInfoAccess {
  const caRepository = `${settings.siaBase}${directoryOf(className)}/`;
  return {
    caRepository,
    rpkiManifest: `${caRepository}${ski.toString('hex').toUpperCase()}.mft`,
    rpkiNotify: settings.rrdpNotificationUri,
  };
}

function isDirectoryUri(uri: string): boolean {
  return /^rsync:\/\/[^/\s]+(\/[\x21-\x2e\x30-\x7e]+)+\/?$/.test(uri) && !/\/\.{1,2}(\/|$)/.test(uri);
}

/** Class names are any text; those that are no plain file name are replaced by their hash. */
function directoryOf(className: string): string {
  return /^[A-Za-z0-9_-]{1,64}$/.test(className) ? className : createHash('sha256').update(className).digest('hex').slice(0, 32);
}

function readResponse(xml: string): ParentResponse {
  try {
    return readParentResponse(xml);
  } catch (error) {
    if (error instanceof RpkiError) throw new Reject(`the credential parentResponse is no usable parent_response: ${error.message}`, { cause: error });
    throw error;
  }
}
