/**
 * The conversation with the parent in one apply or observe: requests one after the other, each signed no earlier than
 * the one before, each answer believed only when it is the parent's and not a replay.
 */
import { RpkiError } from '../../../rpki/rpki-error.js';
import { nextSigningTime, openUpDown, sealUpDown } from '../../../rpki/updown/exchange.js';
import type { ResourceClass, UpDownMessage, UpDownPayload } from '../../../rpki/updown/message.js';
import { Reject, type DeviceHandle } from '../../adapter.js';
import type { ChildMemory } from './child-memory.js';
import type { ParentSettings } from './parent-settings.js';
import { post } from './post.js';
import { refusalToRetry, Refused } from './refused.js';

export class ParentSession {
  constructor(
    readonly device: DeviceHandle,
    readonly settings: ParentSettings,
    readonly memory: ChildMemory,
    readonly now: () => Date,
  ) {}

  /** @throws Retry, Reject */
  async list(): Promise<readonly ResourceClass[]> {
    try {
      return (await this.ask({ type: 'list' }, 'list_response')).classes;
    } catch (error) {
      throw error instanceof Refused ? refusalToRetry(error) : error;
    }
  }

  /**
   * Saves the memory before sending, and again with the signing time of an answer that was believed.
   * @throws Refused for an error_response; Retry when there is no answer; Reject for one that is not to be believed
   */
  async ask<T extends UpDownPayload['type']>(request: UpDownPayload, expected: T): Promise<Extract<UpDownMessage, { type: T }>> {
    const { parent } = this.settings;
    const signingTime = nextSigningTime(this.now(), this.memory.lastSent);
    this.memory.lastSent = signingTime;
    await this.memory.save();
    const message = { sender: parent.childHandle, recipient: parent.parentHandle, ...request };
    const sealed = sealUpDown(message, this.memory.identity, signingTime, this.now());
    const answer = await this.open(await post(parent.serviceUri, sealed, this.device.signal));
    if (answer.type === 'error_response') throw new Refused(answer.status, answer.description);
    if (!isOfType(answer, expected)) throw new Reject(`the parent answered ${request.type} with ${answer.type}`);
    return answer;
  }

  private async open(der: Buffer): Promise<UpDownMessage> {
    const { parent } = this.settings;
    const peerOf = (sender: string, recipient: string) => {
      if (sender !== parent.parentHandle || recipient !== parent.childHandle) throw new RpkiError('unknown-peer', `it is from ${sender} to ${recipient}`);
      return { anchor: parent.anchor, lastSigningTime: this.memory.lastReceived(parent.anchor.ski) };
    };
    try {
      const opened = openUpDown(der, peerOf, this.now());
      this.memory.noteReceived(parent.anchor.ski, opened.signingTime);
      await this.memory.save();
      return opened.message();
    } catch (error) {
      if (error instanceof RpkiError) throw new Reject(`the answer of the parent is not to be believed: ${error.message}`, { cause: error });
      throw error;
    }
  }
}

function isOfType<T extends UpDownPayload['type']>(message: UpDownMessage, type: T): message is Extract<UpDownMessage, { type: T }> {
  return message.type === type;
}
