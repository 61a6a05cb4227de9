/**
 * One up-down message sealed for a peer, or opened from one. Opening checks in the order that tells an unknown sender
 * nothing: form, XML, who it is, signature and chain, replay, and last the version (RFC 6492 §3.1.2).
 */
import { signCms } from '../cms/sign.js';
import { readCms } from '../cms/read.js';
import { requireNotReplayed, verifyCms } from '../cms/verify.js';
import type { BpkiIdentity } from '../bpki/identity.js';
import type { Certificate } from '../x509/certificate.js';
import { readUpDown, readUpDownEnvelope, type UpDownEnvelope } from './read.js';
import type { UpDownMessage } from './message.js';
import { writeUpDown } from './write.js';

export interface Peer {
  readonly anchor: Certificate;
  /** Signing time of the last message accepted from this peer. */
  readonly lastSigningTime: Date | undefined;
}

export interface Opened {
  readonly envelope: UpDownEnvelope;
  readonly signingTime: Date;
  /** @throws RpkiError `unknown-version`, `unknown-type`, `malformed`: of a sender that is who it says */
  message(): UpDownMessage;
}

/** @returns DER to post as application/rpki-updown */
export function sealUpDown(message: UpDownMessage, identity: BpkiIdentity, signingTime: Date, now: Date): Buffer {
  return signCms(identity, writeUpDown(message), signingTime, now);
}

/**
 * @param peerOf throws `unknown-peer` for a sender or recipient that is none of ours
 * @throws RpkiError of every code but `unknown-version` and `unknown-type`
 */
export function openUpDown(der: Uint8Array, peerOf: (sender: string, recipient: string) => Peer, now: Date): Opened {
  const cms = readCms(der);
  const envelope = readUpDownEnvelope(cms.content);
  const peer = peerOf(envelope.sender, envelope.recipient);
  verifyCms(cms, peer.anchor, now);
  const { signingTime } = cms.attributes;
  requireNotReplayed(signingTime, peer.lastSigningTime);
  return { envelope, signingTime, message: () => readUpDown(envelope) };
}

/** The time to sign with: never before the last one, in whole seconds, so that a clock set back does not lock us out. */
export function nextSigningTime(now: Date, last: Date | undefined): Date {
  const seconds = Math.floor(now.getTime() / 1000) * 1000;
  return new Date(Math.max(seconds, last?.getTime() ?? 0));
}
