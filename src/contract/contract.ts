/**
 * The contracts at run time: the same YAML files that are served, that types are generated from and that tests check
 * answers against. Knows paths, roles and schemas; knows no controller.
 */
import { readFileSync } from 'node:fs';
import { Ajv2020, type AnySchemaObject, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import type { Role } from '../model/token.js';

export type Place = 'path' | 'query' | 'header' | 'body';

export interface Violation {
  readonly in: Place;
  /** A JSON pointer into the body, or the parameter's name. */
  readonly pointer: string;
  readonly detail: string;
}

export interface Parameter {
  readonly name: string;
  readonly in: Exclude<Place, 'body'>;
}

export interface ContractOperation {
  readonly id: string;
  readonly method: string;
  /** As OpenAPI writes it: `/v1/pools/{poolId}`. */
  readonly path: string;
  readonly role: Role | 'public';
  readonly parameters: readonly Parameter[];
  /** The media type of the body; undefined when it has none, or one that is read as it comes. */
  readonly bodyType: string | undefined;
  /** The media types of a body that is read as it comes, line by line; none when it is read whole. */
  readonly streamTypes: readonly string[];
  readonly successStatus: number;
  /** Reads and completes path, query and header values in place. */
  validateRequest(request: { path: object; query: object; header: object; body: unknown }): Violation[];
  /** What is wrong with one line of a body that is read as it comes. */
  validateLine(value: unknown): Violation[];
  /** What is wrong with an answer; undefined status entries fall to `default`. */
  validateAnswer(status: number, mediaType: string | undefined, body: unknown): string[];
}

interface MediaTypes {
  readonly content?: Record<string, { schema: AnySchemaObject }>;
}

interface OperationObject {
  readonly operationId: string;
  readonly 'x-role'?: Role | 'public';
  readonly parameters?: readonly AnySchemaObject[];
  /** `x-line`: the body is never held whole; each of its lines is of this schema. */
  readonly requestBody?: MediaTypes & { required?: boolean; 'x-line'?: AnySchemaObject };
  readonly responses: Record<string, AnySchemaObject>;
}

interface OpenApi {
  readonly paths: Record<string, Record<string, OperationObject> & { parameters?: readonly AnySchemaObject[] }>;
}

const folder = new URL('../../openapi/', import.meta.url);
const methods = ['get', 'post', 'patch', 'put', 'delete'];

const shared = { strict: false, allErrors: true, validateFormats: true, validateSchema: false } as const;
/** Both contracts are in it, by their names. */
export const bodies = new Ajv2020(shared);
const parameters = new Ajv2020({ ...shared, useDefaults: true });
for (const ajv of [bodies, parameters]) {
  addFormats.default(ajv);
  // Ids are opaque: they are sent as they were given, not as a URN and not in capitals.
  ajv.addFormat('uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  ajv.addFormat('date-time', isTime);
}

function load(name: string): { document: OpenApi; operations: ContractOperation[] } {
  const document = parse(readFileSync(new URL(`${name}.yaml`, folder), 'utf8')) as OpenApi;
  for (const ajv of [bodies, parameters]) ajv.addSchema(document, name);
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [compile(document, name, path, method, operation, item.parameters ?? [])];
    }),
  );
  return { document, operations };
}

/** A time of RFC 3339 that a Date, a timestamptz and an answer of four-digit years can all hold: leap seconds and the year 0 cannot. */
function isTime(text: string): boolean {
  const form = addFormats.default.get('date-time') as { validate(text: string): boolean };
  const at = Date.parse(text);
  return form.validate(text) && /(z|[+-](0\d|1[0-4]):\d\d)$/i.test(text) && at >= Date.parse('0001-01-01T00:00:00Z') && at < Date.UTC(9999, 0);
}

const pointerTo = (...steps: string[]): string => steps.map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');

/** Follows one `$ref` inside the same document; the pointer says where the thing itself stands. */
function resolve(document: OpenApi, thing: AnySchemaObject, pointer: string): { thing: AnySchemaObject; pointer: string } {
  if (typeof thing['$ref'] !== 'string') return { thing, pointer };
  const target = thing['$ref'].slice(1);
  const at = target.split('/').slice(1).reduce<unknown>((within, step) => (within as Record<string, unknown>)[step.replaceAll('~1', '/')], document);
  return { thing: at as AnySchemaObject, pointer: target };
}

function compile(document: OpenApi, name: string, path: string, method: string, operation: OperationObject, ofPath: readonly AnySchemaObject[]): ContractOperation {
  const base = pointerTo('paths', path, method);
  const resolved = [
    ...ofPath.map((parameter, at) => resolve(document, parameter, `${pointerTo('paths', path)}/parameters/${at}`)),
    ...(operation.parameters ?? []).map((parameter, at) => resolve(document, parameter, `${base}/parameters/${at}`)),
  ];
  const places = (['path', 'query', 'header'] as const).map((place) => {
    const here = resolved.filter((one) => one.thing['in'] === place);
    const key = (one: (typeof here)[number]): string => (place === 'header' ? String(one.thing['name']).toLowerCase() : String(one.thing['name']));
    const schema = {
      type: 'object',
      properties: Object.fromEntries(here.map((one) => [key(one), { $ref: `${name}#${one.pointer}/schema`, ...defaultOf(document, one.thing) }])),
      required: here.filter((one) => one.thing['required'] === true).map(key),
      additionalProperties: place !== 'query',
    };
    const types = new Map(here.map((one) => [key(one), resolve(document, one.thing['schema'] as AnySchemaObject, '').thing['type'] as unknown]));
    return { place, types, validate: parameters.compile(schema) };
  });
  const bodyTypes = Object.keys(operation.requestBody?.content ?? {});
  const line = operation.requestBody?.['x-line'];
  const validateLine = line === undefined ? undefined : bodies.compile({ $ref: `${name}#${base}/requestBody/x-line` });
  const bodyType = line === undefined ? bodyTypes[0] : undefined;
  const validateBody = bodyType === undefined ? undefined : bodies.compile({ $ref: `${name}#${base}/requestBody${pointerTo('content', bodyType)}/schema` });
  const answers = new Map<string, ValidateFunction>();
  return {
    id: operation.operationId,
    method: method.toUpperCase(),
    path,
    role: roleOf(operation),
    parameters: resolved.map((one) => ({ name: String(one.thing['name']), in: one.thing['in'] as Parameter['in'] })),
    bodyType,
    streamTypes: line === undefined ? [] : bodyTypes,
    validateLine: (value) => (validateLine === undefined ? [] : violations('body', validateLine, value)),
    successStatus: Number(Object.keys(operation.responses).find((status) => status.startsWith('2'))),
    validateRequest: (request) => [
      ...places.flatMap(({ place, types, validate }) => {
        for (const [name, type] of types) readText(request[place] as Record<string, unknown>, name, type);
        return violations(place, validate, request[place]);
      }),
      ...(validateBody === undefined ? [] : violations('body', validateBody, request.body)),
    ],
    validateAnswer: (status, mediaType, body) => {
      const entry = operation.responses[status] === undefined ? 'default' : String(status);
      const response = resolve(document, operation.responses[entry] ?? {}, `${base}/responses/${entry}`);
      const content = (response.thing as MediaTypes).content;
      if (content === undefined) return body === undefined ? [] : [`a ${status} has no body`];
      if (mediaType === undefined || content[mediaType] === undefined) return [`a ${status} is ${Object.keys(content).join(' or ')}, not ${mediaType}`];
      const pointer = `${name}#${response.pointer}${pointerTo('content', mediaType)}/schema`;
      const validate = answers.get(pointer) ?? bodies.compile({ $ref: pointer });
      answers.set(pointer, validate);
      return violations('body', validate, body).map((one) => `${one.pointer || '/'} ${one.detail}`);
    },
  };
}

/** Of all that a text could be taken for: `true`, `false`, and decimal digits. What is written otherwise stays text, and is refused as such. */
function readText(values: Record<string, unknown>, name: string, type: unknown): void {
  const text = values[name];
  if (typeof text !== 'string') return;
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) values[name] = Number(text);
  if (type === 'boolean' && /^(true|false)$/.test(text)) values[name] = text === 'true';
}

/** Ajv completes defaults beside a property, not behind its `$ref`. */
function defaultOf(document: OpenApi, parameter: AnySchemaObject): { default?: unknown } {
  const { thing } = resolve(document, (parameter['schema'] ?? {}) as AnySchemaObject, '');
  return thing['default'] === undefined ? {} : { default: thing['default'] };
}

function roleOf(operation: OperationObject): Role | 'public' {
  const role = operation['x-role'];
  if (role === undefined) throw new Error(`the contract does not say who may call ${operation.operationId}`);
  return role;
}

function violations(place: Place, validate: ValidateFunction, value: unknown): Violation[] {
  if (validate(value)) return [];
  const errors = validate.errors ?? [];
  // Which branch of a oneOf failed is noise beside the errors that remain when it is left out.
  const plain = errors.filter((error) => !/\/(oneOf|allOf|anyOf)\//.test(error.schemaPath) || error.keyword === 'oneOf');
  return (plain.length > 0 ? plain : errors).slice(0, 20).map((error) => ({ in: place, pointer: place === 'body' ? error.instancePath : nameOf(error), detail: sentence(error) }));
}

function nameOf(error: ErrorObject): string {
  const params = error.params as { missingProperty?: string; additionalProperty?: string };
  return params.missingProperty ?? params.additionalProperty ?? error.instancePath.slice(1);
}

function sentence({ keyword, message, params }: ErrorObject): string {
  const known = params as { additionalProperty?: string; allowedValues?: unknown[] };
  if (keyword === 'additionalProperties') return `${known.additionalProperty} is not known here`;
  if (keyword === 'enum') return `must be one of ${known.allowedValues?.join(', ')}`;
  return message ?? keyword;
}

export const northbound = load('northbound');
export const southbound = load('southbound');

const byId = new Map([...northbound.operations, ...southbound.operations].map((operation) => [operation.id, operation]));

export const allOperations: readonly ContractOperation[] = [...byId.values()];

/** @throws Error for an operationId the contracts do not have. */
export function contractOperation(id: string): ContractOperation {
  const operation = byId.get(id);
  if (operation === undefined) throw new Error(`no contract has an operation ${id}`);
  return operation;
}

/** The operations whose path matches a concrete one, whatever the method; a path without parameters goes before one with. */
export function operationsAt(path: string): ContractOperation[] {
  const exact = allOperations.filter((operation) => operation.path === path);
  return exact.length > 0 ? exact : allOperations.filter((operation) => pathPattern(operation.path).test(path));
}

function pathPattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`);
}
