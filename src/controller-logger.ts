/** One JSON line an event on stdout, errors on stderr. What the framework says of its own wiring is left out. */
import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import type { Config } from './config.js';

const levels: readonly LogLevel[] = ['debug', 'log', 'warn', 'error', 'fatal'];
const wiring = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

export class ControllerLogger extends ConsoleLogger {
  constructor(least: Config['logLevel']) {
    super({ json: true, colors: false, logLevels: levels.slice(levels.indexOf(least)) });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (!wiring.has(String(rest.at(-1)))) super.log(message, ...(rest as [string]));
  }
}
