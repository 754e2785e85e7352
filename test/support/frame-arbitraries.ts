/** Frames for property tests: what a schema allows, what it nearly allows, and what no one would send. */
import fc from 'fast-check';
import type { Schema } from '../../lib/protocol/schema.js';
import { hostileText } from '../fixtures/hostile-text.js';

/** Values for fields by name, in place of any that the schema allows. A missing field has any. */
export type FieldValues = Readonly<Record<string, fc.Arbitrary<unknown>>>;

const hostile = fc.constantFrom(...hostileText.map(({ text }) => text));
export const anyText = fc.oneof(
  hostile,
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
);

/** Values that the schema allows, strings of every kind among them. */
export function valuesOf(schema: Schema, fields: FieldValues = {}): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((each) => valuesOf(each, fields)));
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return integers(schema);
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case 'string':
      return strings(schema);
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}, fields), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, 4),
      });
    case 'object':
      return schema.properties === undefined ? records(schema, fields) : objects(schema, fields);
    default:
      throw new Error(`No values for the schema ${JSON.stringify(schema)}.`);
  }
}

function records({ patternProperties = {} }: Schema, fields: FieldValues): fc.Arbitrary<object> {
  const [values = {}] = Object.values(patternProperties);
  const keys = (fields.room ?? anyText) as fc.Arbitrary<string>;
  return fc.dictionary(keys, valuesOf(values, fields), { maxKeys: 4 });
}

function objects({ properties = {}, required = [] }: Schema, fields: FieldValues): fc.Arbitrary<object> {
  const model: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, each] of Object.entries(properties)) {
    model[name] = each.const === undefined ? (fields[name] ?? valuesOf(each, fields)) : valuesOf(each);
  }
  return fc.record(model, { requiredKeys: Object.keys(model).filter((name) => required.includes(name)) });
}

function integers({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Schema): fc.Arbitrary<number> {
  const small = Math.min(maximum, minimum + 100);
  return fc.oneof(fc.integer({ min: minimum, max: small }), fc.constantFrom(minimum, maximum));
}

function strings({ pattern, minLength = 0, maxLength = 1_000 }: Schema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  const fits = (text: string) => text.length >= minLength && text.length <= maxLength;
  return fc.oneof(anyText.filter(fits), fc.constantFrom('x'.repeat(maxLength), 'x'.repeat(minLength)));
}

/** JSON values that break careless programs. */
const junk: fc.Arbitrary<unknown> = fc.oneof(
  hostile,
  fc.constantFrom<unknown>(
    ...[null, true, 0, -1, -0, 0.5, 1e308, -1e308, 2 ** 31, 2 ** 53, 2 ** 64],
    ...['', '0', '\0', '\ud800', '__proto__', 'constructor', 'toString', 'x'.repeat(5_000)],
    ...[[], {}, [[]], [null], { length: -1 }, { toString: null, valueOf: 1 }],
    Object.fromEntries([['__proto__', { admin: true }]]),
    nested(15),
    nested(200),
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

/** A list in a list, so many levels deep. */
function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

const oddNames = fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', '', 'a\0b', 're');

/** Frames with one field missing, replaced or added. */
export function nearly(frames: fc.Arbitrary<object>): fc.Arbitrary<object> {
  return fc
    .tuple(frames, fc.nat(), fc.constantFrom('drop', 'replace', 'add'), oddNames, junk)
    .map(([frame, at, how, odd, value]) => {
      const entries = Object.entries(frame);
      const index = at % Math.max(1, entries.length);
      const [name = odd] = entries[index] ?? [];
      if (how === 'drop') entries.splice(index, 1);
      // As entries, because an assignment to __proto__ makes no field.
      else entries.push([how === 'replace' ? name : odd, value]);
      return Object.fromEntries(entries);
    });
}

/** Objects that have little to do with any schema. */
export const strangers: fc.Arbitrary<object> = fc.oneof(
  fc.dictionary(fc.oneof(oddNames, fc.constantFrom('type', 'id')), junk, { maxKeys: 5 }),
  fc.object({ maxDepth: 4 }),
);
