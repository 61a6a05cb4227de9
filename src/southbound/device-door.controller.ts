/** The pull door: devices fetch their document, confirm it, report, ask for more and give back. */
import { Controller } from '@nestjs/common';
import { Answer, done, retryAfterSeconds } from '../http/answers.js';
import { waitOf } from '../http/preferences.js';
import { Ask, type Asked, type OperationId } from '../http/request-context.js';
import { Route } from '../http/route.js';
import { CasmError } from '../model/errors.js';
import { acknowledgeDocument } from '../operations/deliveries/acknowledge-document.js';
import { Hall } from '../operations/hall.js';
import { releaseRange } from '../operations/ranges/release-range.js';
import { reportUsage } from '../operations/ranges/report-usage.js';
import { requestRanges } from '../operations/ranges/request-ranges.js';
import { tokenIsValid } from '../storage/tokens.js';
import { DocumentDoor } from './document-door.js';

/** In seconds, a pull. */
const longestWait = 60;

@Controller()
export class DeviceDoorController {
  constructor(
    private readonly hall: Hall,
    private readonly documents: DocumentDoor,
  ) {}

  @Route('pullDocument')
  async pull(@Ask() asked: Asked<'pullDocument'>): Promise<Answer> {
    const waitSeconds = waitOf(asked.header['prefer'], longestWait);
    const held = asked.header['if-none-match'];
    const document = await this.documents.pull(deviceOf(asked), held, waitSeconds);
    if (waitSeconds > 0 && document !== undefined) await this.stillKnown(asked);
    return document === undefined ? new Answer(undefined, { etag: held ?? '' }, 304) : new Answer(document, { etag: `"${document.revision}"` });
  }

  @Route('acknowledgeDocument')
  async acknowledge(@Ask() asked: Asked<'acknowledgeDocument'>): Promise<unknown> {
    const { result } = await this.hall.write(asked.call, acknowledgeDocument, { ...asked.body, deviceId: deviceOf(asked) });
    return { wantedRevision: result.wantedRevision, appliedRevision: result.appliedRevision };
  }

  @Route('reportUsage')
  async report(@Ask() asked: Asked<'reportUsage'>): Promise<unknown> {
    return (await this.hall.write(asked.call, reportUsage, { ...asked.body, deviceId: deviceOf(asked) })).result;
  }

  @Route('requestRanges')
  async request(@Ask() asked: Asked<'requestRanges'>): Promise<Answer> {
    const kept = await this.hall.write(asked.call, requestRanges, { ...asked.body, deviceId: deviceOf(asked) });
    const ranges = kept.result.granted.map(({ id, prefix, state }) => ({ id, prefix, state }));
    const waiting = kept.result.waiting.map(({ id, expiresAt }) => ({ id, expiresAt }));
    const { body, headers } = done(kept, () => (waiting.length === 0 ? { ranges } : { ranges, waiting }));
    return waiting.length === 0 ? new Answer(body, headers) : new Answer(body, { ...headers, 'retry-after': retryAfterSeconds }, 202);
  }

  @Route('releaseRange')
  async release(@Ask() asked: Asked<'releaseRange'>): Promise<unknown> {
    const { result } = await this.hall.write(asked.call, releaseRange, { ...asked.body, deviceId: deviceOf(asked) });
    return { range: result.id, state: result.state };
  }

  /** A token may end while its device waits. */
  private async stillKnown({ token }: Asked<OperationId>): Promise<void> {
    if (token === undefined || !(await this.hall.glance(tokenIsValid, token.id))) throw new CasmError('unauthorized', 'the API token is no longer valid');
  }
}

/** The device the token is bound to: who calls is never said in the request itself. */
function deviceOf({ token }: Asked<OperationId>): string {
  if (token?.deviceId == null) throw new CasmError('forbidden', 'the token is bound to no device');
  return token.deviceId;
}
