import fc from 'fast-check';
import t from 'tap';
import { compileSchema, type Schema, type Static, schemaChecks, Type } from '../../lib/protocol/schema.js';
import { nearly, strangers, valuesOf } from '../support/frame-arbitraries.js';

const closed = { additionalProperties: false } as const;
const open = { additionalProperties: true } as const;
const others = [undefined, null, true, 0, 1.5, Number.NaN, 'x', [], {}, Number.POSITIVE_INFINITY];

t.test('each kind of schema allows its values and no others', (t) => {
  const cases: readonly [schema: Schema, allowed: readonly unknown[], refused: readonly unknown[]][] = [
    [Type.Boolean(), [true, false], others.filter((value) => value !== true)],
    [Type.Integer(), [0, -1, 2 ** 53], others.filter((value) => value !== 0)],
    [Type.Integer({ minimum: 1, maximum: 3 }), [1, 2, 3], [0, 4, '2', 1.5]],
    [Type.Number(), [0, 1.5, -1e308], [Number.NaN, Number.POSITIVE_INFINITY, '1', null]],
    [Type.Number({ minimum: 0.5 }), [0.5, 7], [0.4]],
    [Type.String(), ['', 'x', '\ud800'], others.filter((value) => value !== 'x')],
    [Type.String({ minLength: 1, maxLength: 2 }), ['a', 'ab'], ['', 'abc', ['a']]],
    [Type.String({ pattern: '^[/a"\'`\\\\]+$' }), ['/a"', "\\'`"], ['', 'b', '/\n']],
    [Type.Literal('a"\'\\\u2028'), ['a"\'\\\u2028'], others],
    [Type.Literal(true), [true], [false, 1, 'true']],
    [Type.Union([Type.Literal('a'), Type.Integer()]), ['a', 1], ['b', 1.5, null]],
    [
      Type.Array(Type.Integer(), { minItems: 1, maxItems: 2 }),
      [[1], [1, 2]],
      [[], [1, 2, 3], ['1'], { 0: 1, length: 1 }],
    ],
    [Type.Array(Type.Array(Type.String())), [[], [[]], [['a'], ['b', 'c']]], [['a'], [[1]], [[[]]]]],
    [
      Type.Record(Type.Integer()),
      [{}, { a: 1, '': 2 }, JSON.parse('{"__proto__":1}')],
      [{ a: '1' }, { 'a\nb': 1 }, [1], null],
    ],
  ];
  for (const [schema, allowed, refused] of cases) {
    const check = compileSchema(schema);
    t.same([...new Set(allowed.map(check))], [true], `${schema.type}: allowed`);
    t.same([...new Set(refused.map(check))], [false], `${schema.type}: refused`);
  }
  t.end();
});

t.test('an object has its fields, and others only if it is open', (t) => {
  const fields = {
    a: Type.Integer(),
    b: Type.Optional(Type.String()),
    in: Type.Optional(Type.Object({ 'x-y': Type.Boolean() }, closed)),
  };
  const [strict, lax] = [closed, open].map((openness) => compileSchema(Type.Object(fields, openness)));
  for (const value of [{ a: 1 }, { a: 1, b: 'x' }, { b: 'x', a: 1, in: { 'x-y': true } }]) {
    t.equal(strict?.(value), true, JSON.stringify(value));
    t.equal(lax?.(value), true, JSON.stringify(value));
  }
  for (const value of [
    {},
    { b: 'x' },
    { a: '1' },
    { a: 1, b: null },
    { a: 1, in: { 'x-y': true, z: 1 } },
    [1],
    null,
  ]) {
    t.equal(strict?.(value), false, JSON.stringify(value));
    t.equal(lax?.(value), false, JSON.stringify(value));
  }
  for (const extra of ['c', '', '__proto__', 'constructor', 'toString']) {
    const value: unknown = JSON.parse(`{"a":1,"${extra}":1}`);
    t.equal(strict?.(value), false, `closed, with ${extra}`);
    t.equal(lax?.(value), true, `open, with ${extra}`);
  }
  t.end();
});

t.test('a schema is JSON Schema, and has the type of its values', (t) => {
  const schema = Type.Object(
    {
      name: Type.String({ description: 'who' }),
      role: Type.Optional(Type.Union([Type.Literal('owner'), Type.Literal('member')])),
    },
    closed,
  );
  const value: Static<typeof schema> = { name: 'ana', role: 'owner' };
  t.equal(compileSchema(schema)(value), true);
  // @ts-expect-error: not one of the roles
  const wrong: Static<typeof schema> = { name: 'ana', role: 'admin' };
  t.equal(compileSchema(schema)(wrong), false);
  t.same(JSON.parse(JSON.stringify(schema)), {
    type: 'object',
    properties: {
      name: { type: 'string', description: 'who' },
      role: {
        anyOf: [
          { type: 'string', const: 'owner' },
          { type: 'string', const: 'member' },
        ],
      },
    },
    required: ['name'],
    additionalProperties: false,
  });
  t.end();
});

t.test('what a schema allows passes, and a check never throws', (t) => {
  const schema = Type.Object(
    {
      seq: Type.Integer({ minimum: 0, maximum: 9 }),
      marks: Type.Array(Type.Array(Type.Integer({ minimum: 0 }), { minItems: 2, maxItems: 2 })),
      rooms: Type.Optional(Type.Record(Type.Integer())),
    },
    open,
  );
  const check = compileSchema(schema);
  const frames = valuesOf(schema, { room: fc.constantFrom('lobby', 'dev') }) as fc.Arbitrary<object>;
  fc.assert(fc.property(frames, check));
  fc.assert(fc.property(fc.oneof(nearly(frames), strangers), (frame) => typeof check(frame) === 'boolean'));
  t.end();
});

t.test('a check is found by its own name only, and compiled once', (t) => {
  const checkOf = schemaChecks({ a: Type.Boolean() });
  t.equal(checkOf('a'), checkOf('a'));
  t.equal(checkOf('a')?.(true), true);
  for (const name of ['', 'b', '__proto__', 'constructor', 'toString'])
    t.equal(checkOf(name), undefined, name);
  t.throws(() => compileSchema({ type: 'null' }), RangeError);
  t.end();
});
