/**
 * JSON Schemas of frames: each is made here together with its TypeScript type, and checked here. Knows the few keywords that
 * frames need, and no frame.
 */

declare const typeOf: unique symbol;
const optional = Symbol('optional');

interface Notes {
  readonly title?: string;
  readonly description?: string;
}

interface StringBounds {
  /** In UTF-16 code units. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

interface NumberBounds {
  readonly minimum?: number;
  readonly maximum?: number;
}

interface ArrayBounds {
  readonly minItems?: number;
  readonly maxItems?: number;
}

interface Openness {
  /** Whether fields that are not in the schema are allowed. */
  readonly additionalProperties: boolean;
}

/** A JSON Schema of values of type T. */
export interface Schema<T = unknown>
  extends Notes,
    StringBounds,
    NumberBounds,
    ArrayBounds,
    Partial<Openness> {
  /** Not there when the program runs. */
  readonly [typeOf]?: T;
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Fields;
  readonly required?: readonly string[];
  readonly patternProperties?: Fields;
}

/** Marks a field that may be missing. */
export interface MayBeMissing {
  readonly [optional]: true;
}

export type Fields = Readonly<Record<string, Schema>>;

export interface ObjectSchema<F extends Fields> extends Schema<ObjectOf<F>> {
  readonly properties: F;
}

type OptionalKey<F> = { [K in keyof F]: F[K] extends MayBeMissing ? K : never }[keyof F];
type Flat<T> = { [K in keyof T]: T[K] };
type ObjectOf<F extends Fields> = Flat<
  { [K in Exclude<keyof F, OptionalKey<F>>]: Static<F[K]> } & { [K in OptionalKey<F>]?: Static<F[K]> }
>;

/** The type of the values that a schema allows. */
export type Static<S> = S extends { readonly [typeOf]?: infer T } ? T : never;

/** Makes schemas. */
export const Type = {
  Boolean: (notes?: Notes): Schema<boolean> => ({ type: 'boolean', ...notes }),
  Integer: (how?: Notes & NumberBounds): Schema<number> => ({ type: 'integer', ...how }),
  Number: (how?: Notes & NumberBounds): Schema<number> => ({ type: 'number', ...how }),
  String: (how?: Notes & StringBounds): Schema<string> => ({ type: 'string', ...how }),
  Literal: <const T extends string | boolean>(value: T, notes?: Notes): Schema<T> => ({
    type: typeof value,
    const: value,
    ...notes,
  }),
  Union: <S extends Schema>(anyOf: readonly S[], notes?: Notes): Schema<Static<S>> => ({ anyOf, ...notes }),
  Array: <S extends Schema>(items: S, how?: Notes & ArrayBounds): Schema<Static<S>[]> => ({
    type: 'array',
    items,
    ...how,
  }),
  Optional: <S extends Schema>(schema: S): S & MayBeMissing => ({ ...schema, [optional]: true }),
  Object: <F extends Fields>(properties: F, openness: Openness): ObjectSchema<F> => ({
    type: 'object',
    properties,
    required: Object.keys(properties).filter((name) => !isOptional(properties[name])),
    ...openness,
  }),
  /** An object whose keys are any strings of one line. */
  Record: <S extends Schema>(values: S, notes?: Notes): Schema<Record<string, Static<S>>> => ({
    type: 'object',
    patternProperties: { '^.*$': values },
    additionalProperties: false,
    ...notes,
  }),
};

function isOptional(schema: Schema | undefined): boolean {
  return schema !== undefined && optional in schema;
}

/** Whether a value that came as JSON is what a schema allows. */
export type Check = (value: unknown) => boolean;

/** @returns looks up the check of a frame type; undefined for an unknown type */
export function schemaChecks(schemas: Fields): (type: string) => Check | undefined {
  const compiled = new Map<string, Check>();
  return (type) => {
    const known = compiled.get(type);
    const schema = Object.hasOwn(schemas, type) ? schemas[type] : undefined;
    if (known !== undefined || schema === undefined) return known;
    const check = compileSchema(schema);
    compiled.set(type, check);
    return check;
  };
}

/** Compiled, because every frame is checked: schemas are constants of this program, so the code is as well. */
export function compileSchema(schema: Schema): Check {
  return new Function('value', `return ${condition(schema, 'value')};`) as Check;
}

/** A JavaScript expression: whether the value of another expression is what the schema allows. */
function condition(schema: Schema, value: string): string {
  if (schema.const !== undefined) return `${value} === ${JSON.stringify(schema.const)}`;
  if (schema.anyOf !== undefined) {
    return `(${schema.anyOf.map((each) => condition(each, value)).join(' || ')})`;
  }
  return conditions(schema, value).join(' && ');
}

function conditions(schema: Schema, value: string): string[] {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = schema;
  switch (schema.type) {
    case 'boolean':
      return [`typeof ${value} === 'boolean'`];
    case 'integer':
      return [`Number.isInteger(${value})`, ...between(value, minimum, maximum)];
    case 'number':
      return [`Number.isFinite(${value})`, ...between(value, minimum, maximum)];
    case 'string':
      return [
        `typeof ${value} === 'string'`,
        ...between(`${value}.length`, minLength, maxLength),
        ...(schema.pattern === undefined ? [] : [`${new RegExp(schema.pattern)}.test(${value})`]),
      ];
    case 'array':
      return [
        `Array.isArray(${value})`,
        ...between(`${value}.length`, minItems, maxItems),
        `${value}.every((item) => ${condition(schema.items ?? {}, 'item')})`,
      ];
    case 'object':
      return [
        `typeof ${value} === 'object' && ${value} !== null && !Array.isArray(${value})`,
        ...(schema.properties === undefined ? entries(schema, value) : properties(schema, value)),
      ];
    default:
      throw new RangeError(`no check for a schema of type ${schema.type}`);
  }
}

function between(value: string, least?: number, most?: number): string[] {
  return [
    ...(least === undefined ? [] : [`${value} >= ${least}`]),
    ...(most === undefined ? [] : [`${value} <= ${most}`]),
  ];
}

function properties({ properties = {}, additionalProperties }: Schema, value: string): string[] {
  const count: string[] = [];
  const checks = Object.entries(properties).map(([name, schema]) => {
    const field = `${value}[${JSON.stringify(name)}]`;
    count.push(isOptional(schema) ? `(${field} === undefined ? 0 : 1)` : '1');
    const check = condition(schema, field);
    return isOptional(schema) ? `(${field} === undefined || ${check})` : check;
  });
  // With as many keys as there are known fields, none is unknown.
  if (additionalProperties === false) checks.push(`Object.keys(${value}).length === ${count.join(' + ')}`);
  return checks;
}

function entries({ patternProperties = {} }: Schema, value: string): string[] {
  return Object.entries(patternProperties).map(
    ([pattern, schema]) =>
      `Object.entries(${value}).every(([key, entry]) => ${new RegExp(pattern)}.test(key) && ${condition(schema, 'entry')})`,
  );
}
