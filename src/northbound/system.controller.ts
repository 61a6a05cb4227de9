import { Controller } from '@nestjs/common';
import { northbound } from '../contract/contract.js';
import { Answer } from '../http/answers.js';
import { Route } from '../http/route.js';
import { getReadiness } from '../operations/health/get-readiness.js';
import { Hall } from '../operations/hall.js';
import { JobRunner } from '../operations/background/job-runner.js';
import { Metrics } from './metrics.js';

@Controller()
export class SystemController {
  constructor(
    private readonly hall: Hall,
    private readonly worker: JobRunner,
    private readonly metrics: Metrics,
  ) {}

  @Route('getHealth')
  health(): unknown {
    return { status: 'ok' };
  }

  @Route('getReadiness')
  async readiness(): Promise<Answer> {
    const checks = await this.hall.read(getReadiness, { workerRuns: this.worker.runs }).then(
      (found) => ({ database: 'ok', ...found }),
      () => ({ database: 'cannot be reached', migrations: 'unknown', work: 'unknown' }),
    );
    const ready = Object.values(checks).every((check) => check === 'ok');
    return new Answer({ status: ready ? 'ready' : 'not-ready', checks }, {}, ready ? 200 : 503);
  }

  @Route('getMetrics')
  async figures(): Promise<Answer> {
    return new Answer(await this.metrics.text(), { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  }

  @Route('getContract')
  contract(): unknown {
    return northbound.document;
  }
}
