/**
 * One up-down request answered (RFC 6492 §3): opened, judged in the protocol's order, carried out, saved, sealed. What
 * cannot be attributed to a child is refused without a signed answer.
 */
import { readAnchor } from '../../rpki/bpki/anchor.js';
import type { BpkiIdentity } from '../../rpki/bpki/identity.js';
import { RpkiError } from '../../rpki/rpki-error.js';
import { nextSigningTime, openUpDown, sealUpDown, type Opened } from '../../rpki/updown/exchange.js';
import { UpDownStatus, type UpDownMessage, type UpDownPayload } from '../../rpki/updown/message.js';
import { UpDownRefusal, type Authority } from './authority.js';
import type { ChildState, ParentState, StateFile } from './state.js';

export interface UpDownOptions {
  readonly state: ParentState;
  readonly file: StateFile;
  readonly identity: BpkiIdentity;
  readonly authority: Authority;
  readonly now: () => Date;
}

export class UpDownService {
  private readonly busy = new Set<ChildState>();

  constructor(private readonly options: UpDownOptions) {}

  /** @returns DER, signed. @throws RpkiError when the request is malformed or not by a child of ours */
  async answer(request: Buffer): Promise<Buffer> {
    const { state, now } = this.options;
    let sender: ChildState | undefined;
    const opened = openUpDown(
      request,
      (handle, recipient) => {
        sender = state.children.find((child) => child.handle === handle);
        if (sender === undefined || recipient !== state.handle) throw new RpkiError('unknown-peer', `${handle} is no child of ${recipient} here`);
        const lastSigningTime = sender.lastReceived === null ? undefined : new Date(sender.lastReceived);
        return { anchor: readAnchor(Buffer.from(sender.anchor, 'base64')), lastSigningTime };
      },
      now(),
    );
    if (sender === undefined) throw new RpkiError('unknown-peer', 'the sender is unknown');
    const child: ChildState = sender;
    if (this.busy.has(child)) return this.seal(child, refusal(UpDownStatus.alreadyProcessing, 'a request of yours is being processed'));
    this.busy.add(child);
    try {
      child.lastReceived = opened.signingTime.toISOString();
      const answer = this.seal(child, this.carryOut(child, opened));
      await this.options.file.save(state);
      return answer;
    } finally {
      this.busy.delete(child);
    }
  }

  private carryOut(child: ChildState, opened: Opened): UpDownPayload {
    try {
      return this.respond(child, opened.message());
    } catch (error) {
      if (error instanceof UpDownRefusal) return refusal(error.status, error.message);
      if (error instanceof RpkiError && error.code === 'unknown-version') return refusal(UpDownStatus.versionNumber, error.message);
      if (error instanceof RpkiError && error.code === 'unknown-type') return refusal(UpDownStatus.unrecognisedType, error.message);
      throw error;
    }
  }

  private respond(child: ChildState, message: UpDownMessage): UpDownPayload {
    const { authority } = this.options;
    switch (message.type) {
      case 'list':
        return { type: 'list_response', classes: authority.list(child) };
      case 'issue':
        return { type: 'issue_response', issued: authority.issue(child, message.className, message.requested, message.csr) };
      case 'revoke':
        authority.revoke(child, message);
        return { type: 'revoke_response', className: message.className, ski: message.ski };
      default:
        throw new UpDownRefusal(UpDownStatus.unrecognisedType, `a ${message.type} is no request`);
    }
  }

  private seal(child: ChildState, payload: UpDownPayload): Buffer {
    const { state, identity, now } = this.options;
    const signingTime = nextSigningTime(now(), child.lastSent === null ? undefined : new Date(child.lastSent));
    child.lastSent = signingTime.toISOString();
    return sealUpDown({ sender: state.handle, recipient: child.handle, ...payload }, identity, signingTime, now());
  }
}

function refusal(status: number, description: string): UpDownPayload {
  return { type: 'error_response', status, description };
}
