/**
 * The configuration: read from the environment once, validated, frozen. The table in README.md says the same.
 * A secret may be given in a file instead: NAME_FILE wins over nothing, and giving both is refused.
 */
import { readFileSync } from 'node:fs';

export interface Config {
  readonly databaseUrl: string;
  readonly databaseConnections: number;
  readonly host: string;
  readonly port: number;
  /** The bootstrap admin token; undefined when the tokens made since are all there is. */
  readonly adminToken: string | undefined;
  /** 32 bytes that seal credentials and keys in the database. */
  readonly secretKey: Buffer;
  /** Apply pending migrations at start. Off where a job of its own applies them. */
  readonly migrate: boolean;
  /** How many background jobs run at a time. */
  readonly workers: number;
  /** How many years the audit, and with it the history of addresses, is kept. */
  readonly historyYears: number;
  readonly logLevel: 'debug' | 'log' | 'warn' | 'error';
}

export class ConfigError extends Error {}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ConfigError naming the variable, what is wrong with it and what it takes. */
export function readConfig(environment: Environment): Config {
  const databaseUrl = readDatabaseUrl(environment);
  const adminToken = secret(environment, 'CASM_ADMIN_TOKEN');
  if (adminToken !== undefined && !/^[\x21-\x7e]{8,512}$/.test(adminToken)) {
    throw new ConfigError('CASM_ADMIN_TOKEN must be 8 to 512 visible ASCII characters');
  }
  const secretKey = Buffer.from(secret(environment, 'CASM_SECRET_KEY') ?? '', 'base64');
  if (secretKey.length !== 32) {
    throw new ConfigError('CASM_SECRET_KEY must be 32 random bytes in base64 (openssl rand -base64 32)');
  }
  return Object.freeze({
    databaseUrl,
    databaseConnections: integer(environment, 'CASM_DATABASE_CONNECTIONS', 20, 4, 500),
    host: environment['CASM_HOST'] || '127.0.0.1',
    port: integer(environment, 'CASM_PORT', 8080, 0, 65535),
    adminToken,
    secretKey,
    migrate: oneOf(environment, 'CASM_MIGRATE', ['on', 'off']) === 'on',
    workers: integer(environment, 'CASM_WORKERS', 4, 1, 64),
    historyYears: integer(environment, 'CASM_HISTORY_YEARS', 7, 1, 100),
    logLevel: oneOf(environment, 'CASM_LOG_LEVEL', ['log', 'debug', 'warn', 'error']),
  });
}

/** The database alone: for the commands that need nothing else. */
export function readDatabaseUrl(environment: Environment): string {
  const url = secret(environment, 'DATABASE_URL');
  if (url === undefined || !/^postgres(ql)?:\/\//.test(url)) {
    throw new ConfigError('DATABASE_URL must be a postgres:// URL (PostgreSQL 15 or newer)');
  }
  return url;
}

function secret(environment: Environment, name: string): string | undefined {
  const value = environment[name] || undefined;
  const file = environment[`${name}_FILE`] || undefined;
  if (file === undefined) return value;
  if (value !== undefined) throw new ConfigError(`${name} and ${name}_FILE are both set: give one`);
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (cause) {
    throw new ConfigError(`${name}_FILE cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function integer(environment: Environment, name: string, fallback: number, least: number, most: number): number {
  const text = environment[name] || String(fallback);
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new ConfigError(`${name} must be a whole number from ${least} to ${most}, not "${text}"`);
  }
  return value;
}

function oneOf<T extends string>(environment: Environment, name: string, allowed: readonly [T, ...T[]]): T {
  const text = environment[name] || allowed[0];
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw new ConfigError(`${name} must be one of ${allowed.join(', ')}, not "${text}"`);
  return found;
}
