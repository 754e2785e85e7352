/** Schema validators, compiled on first use: compiling all of them would add 13 ms to the start. */
import type { TSchema } from '@sinclair/typebox';
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';

/** @returns looks up the validator of a frame type; undefined for an unknown type */
export function schemaChecks(
  schemas: Readonly<Record<string, TSchema>>,
): (type: string) => TypeCheck<TSchema> | undefined {
  const compiled = new Map<string, TypeCheck<TSchema>>();
  return (type) => {
    const known = compiled.get(type);
    const schema = Object.hasOwn(schemas, type) ? schemas[type] : undefined;
    if (known !== undefined || schema === undefined) return known;
    const check = TypeCompiler.Compile(schema);
    compiled.set(type, check);
    return check;
  };
}
