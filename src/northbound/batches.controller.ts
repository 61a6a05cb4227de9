import { Controller } from '@nestjs/common';
import { done, type Answer } from '../http/answers.js';
import { Ask, type Asked } from '../http/request-context.js';
import { Route } from '../http/route.js';
import { runBatch } from '../operations/batches/run-batch.js';
import { Hall } from '../operations/hall.js';
import { readItem, viewOutcome } from './batch-items.js';

@Controller()
export class BatchesController {
  constructor(private readonly hall: Hall) {}

  @Route('runBatch')
  async run(@Ask() { call, body }: Asked<'runBatch'>): Promise<Answer> {
    const kept = await this.hall.write(call, runBatch, { ...body, items: body.items.map(readItem) });
    return done(kept, ({ outcomes, ...batch }) => ({ ...batch, results: outcomes.map((outcome, index) => viewOutcome(call.requestId, outcome, index)) }));
  }
}
